/// The last hour, sampled every ten seconds. Pure.
package struct StatusHistory: Sendable {
  package static let interval = Duration.seconds(10)
  private static let length = 360

  private var queue: [Double?] = []
  /// Images that had ended by then, since the start.
  private var ended: [Int?] = []
  private var last: ContinuousClock.Instant?

  package init() {}

  /// Takes note; whatever comes within ten seconds of the last sample counts for nothing, and what was missed is unknown.
  /// - Parameter queued: nil where nobody could tell.
  package mutating func note(queued: Int?, ended count: Int, at now: ContinuousClock.Instant) {
    if let last {
      let steps = Int(last.duration(to: now) / Self.interval)
      guard steps > 0 else { return }
      for _ in 1..<min(steps, Self.length) { add(nil, nil) }
      self.last = last + Self.interval * steps
    } else {
      last = now
    }
    add(queued.map(Double.init), count)
  }

  private mutating func add(_ queued: Double?, _ count: Int?) {
    queue.append(queued)
    ended.append(count)
    if queue.count > Self.length {
      queue.removeFirst()
      ended.removeFirst()
    }
  }

  /// Files that waited, for each sample of the last hour; nil where nothing is known.
  package var queued: [Double?] { Array(repeating: nil, count: Self.length - queue.count) + queue }

  /// Images a minute, over the minute before each sample.
  package var perMinute: [Double?] {
    let rates = ended.indices.map { index -> Double? in
      guard index > 0, let now = ended[index] else { return nil }
      let first = max(0, index - 6)
      guard let before = ended[first] else { return nil }
      return Double(now - before) * 6 / Double(index - first)
    }
    return Array(repeating: nil, count: Self.length - rates.count) + rates
  }
}
