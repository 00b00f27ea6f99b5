package import FoundationEssentials
import Glibc

/// Files that are either there whole or not at all, also after a power cut.
package enum DurableFile {
  /// Writes `bytes` under a temporary name beside `url`, syncs them, and renames.
  package static func write(_ bytes: [UInt8], to url: URL) throws(WriteFailure) {
    let temporary = url.deletingLastPathComponent().path + "/." + url.lastPathComponent + ".part"
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw WriteFailure(path: url.path, action: "create", code: errno) }
    let code = writeAndSync(bytes, to: descriptor)
    close(descriptor)
    guard code == 0 else {
      unsafe unlink(temporary)
      throw WriteFailure(path: url.path, action: "write", code: code)
    }
    guard unsafe rename(temporary, url.path) == 0 else {
      let code = errno
      unsafe unlink(temporary)
      throw WriteFailure(path: url.path, action: "rename", code: code)
    }
    syncFolder(of: url)
  }

  /// Makes the names in the folder that holds `url` durable. File systems that can't (some network mounts)
  /// are left to their own.
  package static func syncFolder(of url: URL) {
    let descriptor = unsafe open(url.deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = fsync(descriptor)
    close(descriptor)
  }

  /// Creates a folder and those above it, readable by owner and group only: results name patients.
  package static func createFolder(_ url: URL) throws(WriteFailure) {
    if unsafe mkdir(url.path, 0o750) == 0 || errno == EEXIST && isFolder(url.path) { return }
    guard errno == ENOENT else { throw WriteFailure(path: url.path, action: "create", code: errno) }
    try createFolder(url.deletingLastPathComponent())
    guard unsafe mkdir(url.path, 0o750) == 0 || errno == EEXIST && isFolder(url.path) else {
      throw WriteFailure(path: url.path, action: "create", code: errno)
    }
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    let isThere = unsafe stat(path, &status) == 0
    if isThere && status.st_mode & S_IFMT == S_IFDIR { return true }
    errno = isThere ? ENOTDIR : errno
    return false
  }

  /// 0, or `errno`.
  private static func writeAndSync(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes[written...].withUnsafeBytes { buffer in
        unsafe Glibc.write(descriptor, buffer.baseAddress!, buffer.count)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return errno }
      written += count
    }
    return fsync(descriptor) == 0 ? 0 : errno
  }
}
