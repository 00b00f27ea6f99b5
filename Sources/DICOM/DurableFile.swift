import FoundationEssentials
import Glibc

/// A file that appears under its name only when it is complete and on the disk.
enum DurableFile {
  struct Failure: Error {
    /// `errno`.
    let code: Int32
    var description: String { unsafe String(cString: strerror(code)) }
  }

  /// Writes `bytes` under a hidden temporary name in the same folder, syncs them, renames, and syncs the folder.
  static func write(_ bytes: [UInt8], to url: URL) throws(Failure) {
    let folder = url.deletingLastPathComponent().path
    // Hidden, so that nothing that watches the folder takes it for a result; not for everybody, as it may name a
    // patient.
    let temporary = folder + "/.mmdicom-\(UInt64.random(in: 0 ... .max)).tmp"
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw Failure(code: errno) }
    var code = writeAll(bytes, to: descriptor)
    if code == 0, fsync(descriptor) != 0 { code = errno }
    if close(descriptor) != 0, code == 0 { code = errno }
    if code == 0, unsafe rename(temporary, url.path) != 0 { code = errno }
    guard code == 0 else {
      unsafe unlink(temporary)
      throw Failure(code: code)
    }
    let parent = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    // Some network file systems can't sync a folder.
    if parent >= 0 { fsync(parent) }
    close(parent)
  }

  /// 0, or `errno`.
  private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes[written...].withUnsafeBytes { buffer in
        unsafe Glibc.write(descriptor, buffer.baseAddress!, buffer.count)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return errno }
      written += count
    }
    return 0
  }
}
