/// How often something was tried.
package struct Tries: Sendable, Hashable {
  /// Attempts begun.
  package var attempts: Int
  /// Workers that died of it on its own.
  package var crashes: Int

  package init(attempts: Int = 0, crashes: Int = 0) {
    self.attempts = attempts
    self.crashes = crashes
  }

  var withAttempt: Tries { Tries(attempts: attempts + 1, crashes: crashes) }
  var withCrash: Tries { Tries(attempts: attempts, crashes: crashes + 1) }
}

/// Exponential back-off with a cap: `first`, 2·`first`, 4·`first` ... `longest`.
package struct BackOff: Sendable, Hashable {
  /// Wait after the first failure.
  package var first: Duration
  /// The cap.
  package var longest: Duration
  /// After so many attempts a person has to decide; nil: never.
  package var limit: Int?

  package init(first: Duration, longest: Duration, limit: Int?) {
    self.first = first
    self.longest = longest
    self.limit = limit
  }

  /// The wait behind the `attempts`-th failure; nil when that was the last.
  package func wait(after attempts: Int, from now: Timestamp) -> Wait? {
    if isOver(after: attempts) { return nil }
    var length = min(first, longest)
    for _ in 1..<max(attempts, 1) where length < longest { length = min(length * 2, longest) }
    return Wait(from: now, lasting: length)
  }

  /// Whether the `attempts`-th failure was the last.
  package func isOver(after attempts: Int) -> Bool { limit.map { attempts >= $0 } ?? false }
}
