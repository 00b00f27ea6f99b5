package import Files
import Glibc
package import SystemPackage

extension Move {
  /// Puts a file back into the inbox under the name that it had there or, if that is taken, one beside it.
  ///
  /// Senders may have put a link, or a file, where one of its folders was. Nothing of ours leaves through a link: then
  /// the file goes into the inbox itself.
  package static func back(_ file: FilePath, to path: FilePath, in inbox: FilePath) throws(WriteFailure) {
    let place = hasOwnFolders(path, in: inbox) ? path : FilePath(root: nil, path.components.suffix(1))
    var destination = inbox.pushing(place)
    while try Move.file(from: file, to: destination) == .destinationTaken {
      destination = try DestinationPath(look: DestinationPath.look).free(destination)
    }
  }

  /// Whether what lies above `path` below the inbox is folders, as far as it is there.
  private static func hasOwnFolders(_ path: FilePath, in inbox: FilePath) -> Bool {
    var folder = inbox
    for name in path.removingLastComponent().components {
      guard name.kind == .regular else { return false }
      folder.append(name)
      guard let status = folder.status(followingLink: false) else { return true }
      guard status.st_mode & S_IFMT == S_IFDIR else { return false }
    }
    return true
  }
}
