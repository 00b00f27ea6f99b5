/// One of several tasks that run an experiment together, in a folder that all of them see: it begins with its share of
/// the cells, and goes on with whatever the others haven't begun, or have left lying.
public struct ExperimentShare: Sendable, Equatable {
  /// From 1.
  public let number, count: Int
  /// How long another task may be silent before its cell is taken over.
  public let lease: Duration

  /// - Parameter text: `K/N`.
  public init?(_ text: String, lease: Duration) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let number = parts[0], let count = parts[1], (1...10_000).contains(count),
      (1...count).contains(number)
    else { return nil }
    (self.number, self.count, self.lease) = (number, count, lease)
  }

  /// The cells in the order in which this task tries them.
  package func order<Cell>(_ cells: [Cell]) -> [Cell] {
    let own = cells.indices.filter { $0 % count == number - 1 }
    // Behind its own, from there on, so that not all tasks try the same one next.
    let others = cells.indices.filter { $0 % count != number - 1 }
    let start = others.firstIndex { $0 >= number } ?? 0
    return (own + others[start...] + others[..<start]).map { cells[$0] }
  }
}
