import Synchronization

/// Counts wrong tokens, so that nobody tries them by the thousand.
final class SignInAttempts: Sendable {
  private let failures = Mutex((minute: Int64(0), count: 0))
  static let mostPerMinute = 10

  /// Whether a token may be tried now, in seconds since 1970.
  func mayTry(at now: Int64) -> Bool {
    failures.withLock { failures in failures.minute != now / 60 || failures.count < Self.mostPerMinute }
  }

  func failed(at now: Int64) {
    failures.withLock { failures in
      if failures.minute != now / 60 { failures = (now / 60, 0) }
      failures.count += 1
    }
  }
}
