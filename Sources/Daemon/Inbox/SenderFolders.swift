package import Files
import Glibc
package import SystemPackage

/// The folders that senders make in the inbox, reached from the inbox through no link. The last one is kept open, for
/// files come sorted by their paths.
package struct SenderFolders: Sendable {
  package let inbox: OpenFolder
  private var last: OpenFolder?
  private var lastPath: FilePath?

  /// - Throws: ``WriteFailure`` when the inbox itself can't be opened.
  package init(_ inbox: FilePath) throws(WriteFailure) {
    guard let opened = OpenFolder(inbox) else {
      throw WriteFailure(path: inbox.text, action: "open", code: errno)
    }
    self.inbox = opened
  }

  /// The folder at a path relative to the inbox; nil, and `errno`, when it isn't there or only through a link.
  package mutating func folder(_ path: FilePath) -> OpenFolder? {
    if path == lastPath, let last { return last }
    lastPath = path
    last = inbox.folder(path)
    return last
  }

  /// The place of a file at a path relative to the inbox.
  package mutating func place(_ path: FilePath) -> Move.Place? {
    guard let name = path.lastComponent, let folder = folder(path.removingLastComponent()) else {
      return nil
    }
    return Move.Place(folder, name)
  }
}

extension Move.Place {
  /// What lies there, links not followed.
  var status: Glibc.stat? { folder.status(name) }

  /// Whether it is the very file that had this stamp.
  func isFile(like stamp: FileStamp) -> Bool {
    guard let status, status.st_mode & S_IFMT == S_IFREG else { return false }
    return FileStamp(status) == stamp
  }

  /// Whether the file could be renamed out of its folder.
  var canBeMoved: Bool {
    guard folder.may(W_OK | X_OK) else { return false }
    guard let above = folder.status, above.st_mode & S_ISVTX != 0 else { return true }
    // In a folder with the sticky bit only the owner of the file or of the folder may.
    guard let file = status else { return true }
    let user = geteuid()
    return user == 0 || user == above.st_uid || user == file.st_uid
  }
}
