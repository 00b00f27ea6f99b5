import Files
import FoundationEssentials
import Glibc

/// Keeps the daemon and `mmdicom report` from writing at the same time, for as long as the value lives.
struct ReportLock: ~Copyable {
  private let descriptor: Int32
  /// F_OFD_SETLKW of the kernel's interface; glibc shows it to GNU sources only.
  private static let waitForOpenFileLock: Int32 = 38

  init(_ url: URL) throws(WriteFailure) {
    let descriptor = unsafe open(url.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw WriteFailure(path: url.path, action: "open", code: errno) }
    var request = Glibc.flock()
    request.l_type = Int16(F_WRLCK)
    request.l_whence = Int16(SEEK_SET)
    while unsafe fcntl(descriptor, Self.waitForOpenFileLock, &request) != 0 {
      guard errno == EINTR else {
        let code = errno
        close(descriptor)
        throw WriteFailure(path: url.path, action: "lock", code: code)
      }
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }
}
