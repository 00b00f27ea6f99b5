package import Ledger

/// Compares the clock with one that nobody sets. Pure.
///
/// A clock that was set forward makes everything look old; nothing is deleted by it until it has gone steadily for a
/// while, which leaves time to set it right.
package struct ClockWatch: Sendable {
  /// Between two looks: NTP slews by less, and leap seconds are fewer.
  private static let tolerance = Duration.seconds(30)

  private var last: (time: Timestamp, steady: ContinuousClock.Instant)
  private var steadySince: ContinuousClock.Instant

  package init(at time: Timestamp, _ steady: ContinuousClock.Instant) {
    last = (time, steady)
    steadySince = steady
  }

  /// Looks once more.
  /// - Returns: by how much the clock was set since the last look; nil when it went as it should.
  package mutating func look(at time: Timestamp, _ steady: ContinuousClock.Instant) -> Duration? {
    let shown = Duration.milliseconds(time.milliseconds - last.time.milliseconds)
    let step = shown - last.steady.duration(to: steady)
    last = (time, steady)
    guard step > Self.tolerance || step < .zero - Self.tolerance else { return nil }
    steadySince = steady
    return step
  }

  /// Whether it has gone steadily for so long.
  package func isSteady(for length: Duration) -> Bool { steadySince.duration(to: last.steady) >= length }
}
