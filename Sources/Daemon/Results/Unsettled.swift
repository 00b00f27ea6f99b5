import SystemPackage

/// Images that the ledger has, whose sources aren't home yet and whose rows the report hasn't. Pure.
struct Unsettled: Sendable, Equatable {
  /// Where the sources go.
  var homes: Set<FilePath> = []
  private var count = 0
  private var since: ContinuousClock.Instant?
  /// So many are seen to together, and none waits longer.
  private static let (most, longest) = (64, Duration.seconds(2))

  /// One more is done.
  mutating func add(at now: ContinuousClock.Instant) {
    count += 1
    since = since ?? now
  }

  /// Whether there are some, and they needn't wait for others.
  func areDue(atOnce: Bool, at now: ContinuousClock.Instant) -> Bool {
    guard let since else { return false }
    return atOnce || count >= Self.most || since.duration(to: now) >= Self.longest
  }
}
