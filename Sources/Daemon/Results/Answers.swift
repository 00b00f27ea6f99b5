import Analysis

/// Images that workers answered for and that aren't published yet: several together, for syncs and commits cost as much
/// for one as for all. Pure.
struct Answers: Sendable {
  struct Answer: Sendable {
    let job: ClaimedFile
    /// Its `outputs` are names in the staging folder.
    var row: ReportRow
    let detail: String
    let trace: ReadingTrace
  }

  private var waiting: [Answer] = []
  private var since: ContinuousClock.Instant?
  /// So many are published together.
  static let most = 32
  /// None waits longer for others.
  static let longest = Duration.milliseconds(1500)
  /// With so many nobody may go on before they are published.
  private static let bound = 2 * most

  var count: Int { waiting.count }
  var isFull: Bool { waiting.count >= Self.bound }

  mutating func add(_ answer: Answer, at now: ContinuousClock.Instant) {
    waiting.append(answer)
    since = since ?? now
  }

  /// Whether there are some, and they needn't wait for others.
  /// - Parameter hasLast: whether no other is in hand.
  func areDue(hasLast: Bool, at now: ContinuousClock.Instant) -> Bool {
    guard let since else { return false }
    return hasLast || waiting.count >= Self.most || since.duration(to: now) >= Self.longest
  }

  /// The next that are published together; none when there are none.
  mutating func draw(at now: ContinuousClock.Instant) -> [Answer] {
    let drawn = Array(waiting.prefix(Self.most))
    waiting.removeFirst(drawn.count)
    since = waiting.isEmpty ? nil : now
    return drawn
  }

  /// Nothing comes of them.
  mutating func drop() { self = Answers() }
}
