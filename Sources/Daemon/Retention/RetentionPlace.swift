package import Ledger

/// How far sources were deleted, so that a pass looks at what has become old since the last one. Pure.
///
/// Once a day everything is looked at: what isn't delivered stays behind, and so does a file with known bytes that came
/// again.
package struct RetentionPlace: Sendable, Equatable {
  private var mark: PrunableInstance.Mark?
  /// When the last look at everything was.
  private var wholeAt: Timestamp?
  private static let day: Int64 = 86_400_000

  package init() {}

  /// Behind what a pass begins; nil: at the oldest.
  package func sources(at now: Timestamp) -> PrunableInstance.Mark? {
    guard let wholeAt, (0..<Self.day).contains(now.milliseconds - wholeAt.milliseconds) else { return nil }
    return mark
  }

  /// A pass came to its end there.
  package mutating func sourcesAreGone(to end: PrunableInstance.Mark?, at now: Timestamp) {
    if sources(at: now) == nil { wholeAt = now }
    mark = end
  }
}
