import Synchronization

/// Counts wrong tokens, so that nobody tries them by the thousand.
package final class SignInAttempts: Sendable {
  private let failures = Mutex((minute: Int64(0), count: 0))
  package static let mostPerMinute = 10

  package init() {}

  /// Whether a token may be tried now, in seconds since 1970.
  package func mayTry(at now: Int64) -> Bool {
    failures.withLock { failures in failures.minute != now / 60 || failures.count < Self.mostPerMinute }
  }

  package func failed(at now: Int64) {
    failures.withLock { failures in
      if failures.minute != now / 60 { failures = (now / 60, 0) }
      failures.count += 1
    }
  }
}
