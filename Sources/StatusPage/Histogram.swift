/// How often something took how long, in seconds, by bounds that reach from a result's publication to a day's backlog.
public struct Histogram: Sendable, Equatable {
  /// Upper bounds, inclusive, in seconds.
  public static let bounds: [Double] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 86400,
  ]

  private var counts = [Int](repeating: 0, count: bounds.count)
  public private(set) var count = 0
  /// Of all that was observed, in seconds.
  public private(set) var sum = 0.0

  public init() {}

  /// Takes note of a duration; one that isn't a number counts for nothing.
  public mutating func observe(_ seconds: Double) {
    guard seconds.isFinite else { return }
    // A clock that was set back.
    let seconds = max(0, seconds)
    count += 1
    sum += seconds
    if let index = Self.bounds.firstIndex(where: { seconds <= $0 }) { counts[index] += 1 }
  }

  /// How many took no longer than each bound.
  public var cumulative: [Int] {
    var sum = 0
    return counts.map { count in
      sum += count
      return sum
    }
  }
}
