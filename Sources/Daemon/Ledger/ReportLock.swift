import Files
package import FoundationEssentials
import Glibc

/// Keeps the daemon and `mmdicom report` from writing at the same time, for as long as the value lives.
package struct ReportLock: ~Copyable, Sendable {
  private let descriptor: Int32
  /// F_OFD_SETLK of the kernel's interface; glibc shows it to GNU sources only.
  private static let setOpenFileLock: Int32 = 37
  /// Writing a report takes seconds at most.
  package static let patience = Duration.seconds(60)

  private init(_ url: URL) throws(WriteFailure) {
    descriptor = unsafe open(url.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw WriteFailure(path: url.path, action: "open", code: errno) }
  }

  /// Asks again and again rather than wait in the kernel: no thread is held up, and the wait has an end.
  /// - Returns: nil where somebody else has it for longer than that.
  package static func taken(_ url: URL, within patience: Duration) async throws -> ReportLock? {
    let lock = try ReportLock(url)
    let end = ContinuousClock.now + patience
    while true {
      let code = lock.take()
      if code == 0 { return lock }
      guard [EAGAIN, EACCES, EINTR].contains(code) else {
        throw WriteFailure(path: url.path, action: "lock", code: code)
      }
      guard .now < end else { return nil }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// 0 or errno.
  private func take() -> Int32 {
    var request = Glibc.flock()
    request.l_type = Int16(F_WRLCK)
    request.l_whence = Int16(SEEK_SET)
    return unsafe fcntl(descriptor, Self.setOpenFileLock, &request) == 0 ? 0 : errno
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}
