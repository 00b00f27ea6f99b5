import Analysis
package import Files
package import FoundationEssentials
import Glibc

/// Holds a folder for this process alone, until the value goes away or the process ends, however it ends.
package struct FolderLock: ~Copyable, Sendable {
  private let descriptor: Int32
  /// F_OFD_SETLK of the kernel's interface; glibc shows it to GNU sources only.
  private static let setOpenFileLock: Int32 = 37
  /// F_OFD_GETLK.
  private static let testOpenFileLock: Int32 = 36

  /// Name of the lock file in the folder.
  package static let fileName = ".mmdicom.lock"

  /// Locks `folder`.
  /// - Parameter isShared: others may lock it alike; then it is only held against who wants it for himself.
  /// - Throws: ``WriteFailure`` when another process holds it, or the folder can't be written.
  package init(_ folder: URL, isShared: Bool = false) throws(WriteFailure) {
    let path = folder.appending(path: Self.fileName).path
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw WriteFailure(path: folder.path, action: "lock", code: errno) }
    // A record lock of the open file description: unlike flock, NFS carries it to the server.
    var request = Glibc.flock()
    request.l_type = Int16(isShared ? F_RDLCK : F_WRLCK)
    request.l_whence = Int16(SEEK_SET)
    guard unsafe fcntl(descriptor, Self.setOpenFileLock, &request) == 0 else {
      let code = errno
      close(descriptor)
      guard code == EAGAIN || code == EACCES else {
        throw WriteFailure(path: folder.path, action: "lock", code: code)
      }
      throw WriteFailure(path: folder.path, message: "in use by another mmdicom; it works on one at a time")
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Whether a process holds `folder`; nothing is made or locked. Nil where that can't be told.
  static func isHeld(_ folder: URL) -> Bool? {
    let descriptor = unsafe open(folder.appending(path: fileName).path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return errno == ENOENT ? false : nil }
    defer { close(descriptor) }
    var request = Glibc.flock()
    request.l_type = Int16(F_WRLCK)
    request.l_whence = Int16(SEEK_SET)
    guard unsafe fcntl(descriptor, testOpenFileLock, &request) == 0 else { return nil }
    return request.l_type != Int16(F_UNLCK)
  }

  /// What time it is by the clock of the folder's file system, nanoseconds since 1970: on a network mount
  /// the server's clock, which its files' times follow.
  package func fileSystemTime() -> Int? {
    guard futimens(descriptor, nil) == 0 else { return nil }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return nil }
    return status.st_mtim.nanoseconds
  }
}

/// A reference to a lock, for where a noncopyable value can't go.
final class HeldFolder: Sendable {
  private let lock: FolderLock

  init(_ lock: consuming FolderLock) { self.lock = lock }
}

/// The locks of all the daemon's folders.
package final class FolderLocks: Sendable {
  private let inbox: FolderLock
  private let others: [HeldFolder]

  init(_ folders: InboxFolders) throws(WriteFailure) {
    let isShared = folders.host != nil
    inbox = try FolderLock(folders.inbox, isShared: isShared)
    // Two of them may be the same folder, which can be locked only once.
    var paths: Set<String> = []
    var others: [HeldFolder] = []
    for folder in [folders.outbox, folders.done, folders.rejected, folders.ledger]
    where paths.insert(folder.standardizedFileURL.path).inserted {
      others.append(HeldFolder(try FolderLock(folder, isShared: isShared)))
    }
    // Of one name there is one.
    if isShared { others.append(HeldFolder(try FolderLock(folders.own))) }
    self.others = others
  }

  /// The present time of the inbox's file system; see ``FolderLock/fileSystemTime()``.
  package var inboxTime: Int? { inbox.fileSystemTime() }
}
