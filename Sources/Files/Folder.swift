package import FoundationEssentials
import Glibc
package import SystemPackage

/// Folders that we own.
package enum Folder {
  /// Creates a folder and those above it, readable by owner and group only: results name patients. What is new is on
  /// the disk with its name when this returns.
  package static func create(_ folder: FilePath) throws(WriteFailure) {
    guard try createUnsynced(folder) else { return }
    do throws(WriteFailure) { try sync(holding: folder) } catch {
      // Else the next try would find it and take it for durable.
      _ = unsafe folder.withPlatformString { unsafe rmdir($0) }
      throw error
    }
  }

  /// The same where the caller syncs the folder that holds it, if it is new: those above that one are on the disk.
  /// - Returns: whether it is new.
  package static func createUnsynced(_ folder: FilePath) throws(WriteFailure) -> Bool {
    var code = make(folder)
    if code == ENOENT {
      try create(folder.removingLastComponent())
      code = make(folder)
    }
    switch code {
    case 0: return true
    case EEXIST: return false
    default: throw WriteFailure(path: folder.text, action: "create", code: code)
    }
  }

  package static func create(_ url: URL) throws(WriteFailure) { try create(FilePath(of: url)) }

  /// Makes the names in the folder that holds `path` durable. File systems that can't (some network mounts), and
  /// folders that we may write but not read, are left to their own.
  package static func sync(holding path: FilePath) throws(WriteFailure) {
    let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
    let parent = path.removingLastComponent()
    let holder = parent.isEmpty ? "." : parent
    let descriptor = unsafe holder.withPlatformString { unsafe open($0, flags) }
    guard descriptor >= 0 else {
      if errno == EACCES { return }
      throw WriteFailure(path: holder.text, action: "open", code: errno)
    }
    defer { close(descriptor) }
    guard fsync(descriptor) != 0, ![EINVAL, ENOTSUP].contains(errno) else { return }
    throw WriteFailure(path: holder.text, action: "sync", code: errno)
  }

  package static func sync(holding url: URL) throws(WriteFailure) { try sync(holding: FilePath(of: url)) }

  /// 0, `EEXIST` where the folder is there already, or `errno`.
  private static func make(_ folder: FilePath) -> Int32 {
    let code = unsafe folder.withPlatformString { unsafe mkdir($0, 0o750) == 0 ? 0 : errno }
    guard code == EEXIST else { return code }
    guard let status = folder.status(followingLink: true) else { return errno }
    return status.st_mode & S_IFMT == S_IFDIR ? EEXIST : ENOTDIR
  }
}
