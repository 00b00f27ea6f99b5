package import FoundationEssentials
import Glibc
package import SystemPackage

/// Folders that we own.
package enum Folder {
  /// Creates a folder and those above it, readable by owner and group only: results name patients.
  package static func create(_ folder: FilePath) throws(WriteFailure) {
    let code = make(folder)
    if code == 0 { return }
    guard code == ENOENT else { throw WriteFailure(path: folder.text, action: "create", code: code) }
    try create(folder.removingLastComponent())
    let again = make(folder)
    guard again == 0 else { throw WriteFailure(path: folder.text, action: "create", code: again) }
  }

  package static func create(_ url: URL) throws(WriteFailure) { try create(FilePath(of: url)) }

  /// Makes the names in the folder that holds `path` durable. File systems that can't (some network mounts)
  /// are left to their own.
  package static func sync(holding path: FilePath) {
    let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
    let holder = path.removingLastComponent()
    let descriptor = unsafe (holder.isEmpty ? "." : holder).withPlatformString { unsafe open($0, flags) }
    guard descriptor >= 0 else { return }
    _ = fsync(descriptor)
    close(descriptor)
  }

  package static func sync(holding url: URL) { sync(holding: FilePath(of: url)) }

  /// 0, also where the folder is there already, or `errno`.
  private static func make(_ folder: FilePath) -> Int32 {
    let code = unsafe folder.withPlatformString { unsafe mkdir($0, 0o750) == 0 ? 0 : errno }
    guard code == EEXIST else { return code }
    guard let status = folder.status(followingLink: true) else { return errno }
    return status.st_mode & S_IFMT == S_IFDIR ? 0 : ENOTDIR
  }
}
