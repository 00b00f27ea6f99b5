import CSystemCalls
import Glibc
package import SystemPackage

/// Many files of one folder, made durable together.
///
/// One fsync(2) for each costs a commit of the file system's journal for each. For more than a few, the file system is
/// synced once, which covers data, sizes and names, and then every file is asked whether its own data reached the disk:
/// what failed, or was somebody else's failure, is told by each file's fsync(2).
package enum SyncedFiles {
  /// So many are synced one by one: a sync of everything may wait for other programs' data, too.
  private static let few = 4

  /// Syncs the files under `names` and the folder itself. A file that may not be read is covered by the folder's file
  /// system alone.
  /// - Throws: ``WriteFailure`` that names the file or the folder.
  package static func sync(_ names: [FilePath.Component], in folder: OpenFolder) throws(WriteFailure) {
    let isTogether = names.count > few && syncFileSystem(of: folder)
    for name in names {
      let file = folder.open(name, O_RDONLY | O_NONBLOCK)
      guard file >= 0 else { continue }
      defer { close(file) }
      if isTogether && system_await_written(file) == 0 { continue }
      guard fsync(file) == 0 else {
        throw WriteFailure(path: folder.path.appending(name).text, action: "sync", code: errno)
      }
    }
    let code = folder.sync()
    guard code == 0 else { throw WriteFailure(path: folder.path.text, action: "sync", code: code) }
  }

  /// False where it failed, for whatever reason.
  private static func syncFileSystem(of folder: OpenFolder) -> Bool {
    // A descriptor that is only a path can't be synced.
    let listing = unsafe openat(folder.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard listing >= 0 else { return false }
    defer { close(listing) }
    return system_sync_file_system(listing) == 0
  }
}
