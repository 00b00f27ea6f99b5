package import FoundationEssentials
import Glibc

/// Folders that we own.
package enum Folder {
  /// Creates a folder and those above it, readable by owner and group only: results name patients.
  package static func create(_ url: URL) throws(WriteFailure) {
    if unsafe mkdir(url.path, 0o750) == 0 || errno == EEXIST && isFolder(url.path) { return }
    guard errno == ENOENT else { throw WriteFailure(path: url.path, action: "create", code: errno) }
    try create(url.deletingLastPathComponent())
    guard unsafe mkdir(url.path, 0o750) == 0 || errno == EEXIST && isFolder(url.path) else {
      throw WriteFailure(path: url.path, action: "create", code: errno)
    }
  }

  /// Makes the names in the folder that holds `url` durable. File systems that can't (some network mounts)
  /// are left to their own.
  package static func sync(holding url: URL) {
    let descriptor = unsafe open(url.deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = fsync(descriptor)
    close(descriptor)
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    let isThere = unsafe stat(path, &status) == 0
    if isThere && status.st_mode & S_IFMT == S_IFDIR { return true }
    errno = isThere ? ENOTDIR : errno
    return false
  }
}
