import Glibc
import Synchronization
import SystemPackage

/// The end of a pipe by which a process is asked. Few requests are open at a time, and a pipe holds more of them than
/// that: writing waits for nobody, as a rule.
final class RequestPipe: Sendable {
  private let end: Mutex<FileDescriptor?>
  private static let patience = Duration.seconds(60)

  init(_ end: FileDescriptor) {
    let flags = fcntl(end.rawValue, F_GETFL)
    _ = fcntl(end.rawValue, F_SETFL, flags | O_NONBLOCK)
    self.end = Mutex(end)
  }

  deinit { close() }

  /// - Throws: where nobody reads any more.
  func send(_ line: [UInt8]) async throws {
    var rest = line[...]
    let end = ContinuousClock.now + Self.patience
    while !rest.isEmpty {
      let sent = try write(rest)
      rest = rest.dropFirst(sent)
      guard sent == 0 else { continue }
      // It is full: whoever reads is busy, or hangs.
      guard .now < end else { throw Errno.timedOut }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  private func write(_ bytes: ArraySlice<UInt8>) throws -> Int {
    try end.withLock { end in
      guard let end else { throw Errno.brokenPipe }
      do { return try unsafe bytes.withUnsafeBytes { try unsafe end.write($0) } } catch Errno.wouldBlock {
        return 0
      }
    }
  }

  func close() {
    end.withLock { end in
      try? end?.close()
      end = nil
    }
  }
}
