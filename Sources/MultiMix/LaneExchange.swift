public import NeuralNetworks
public import Tensors

/// How the lanes of a step come together where they lie in several processes. Which lanes a process computes, and in
/// which order sums are added, follows from its share alone, so the result is the same to the last bit however many
/// processes there are.
public protocol LaneExchange: Sendable {
  /// The subtree of lanes that is computed here.
  var share: LaneShare { get }

  /// Joins this process's sum with those of the others and returns the whole, which every process gets alike: for each
  /// level of the tree from the deepest, the share `s` of `2 n` takes over that of `s + n` with
  /// ``LaneSum/takeUp(_:)``, until share 0 of 1 is left. Called once in every step, by all processes.
  /// - Throws: where the others can't be reached. The step is lost then.
  func joined<Element: Scalar>(_ own: LaneSum<Element>) throws -> LaneSum<Element>
}

/// All lanes in one process: there is nothing to exchange.
public struct OneProcess: LaneExchange {
  public init() {}
  public var share: LaneShare { .whole }
  public func joined<Element: Scalar>(_ own: LaneSum<Element>) -> LaneSum<Element> { own }
}

/// A subtree of the lanes: those whose number leaves the remainder `index` when divided by `count`. A node's children
/// halve it: `index` and `index + count` of `2 count`. Long items, which have the lowest numbers, are so spread evenly
/// over subtrees of the same size.
public struct LaneShare: Sendable, Hashable {
  public let index, count: Int

  /// - Parameter count: a power of two, at most the number of lanes.
  public init(_ index: Int, of count: Int) {
    precondition(count > 0 && count & (count - 1) == 0 && (0..<count).contains(index))
    self.index = index
    self.count = count
  }

  public static let whole = LaneShare(0, of: 1)

  /// What it is half of; nil for the whole.
  public var parent: LaneShare? { count > 1 ? LaneShare(index % (count / 2), of: count / 2) : nil }

  /// The other half of its parent.
  public var sibling: LaneShare? {
    count > 1 ? LaneShare((index + count / 2) % count, of: count) : nil
  }

  /// Whether its sum takes up its sibling's, rather than the other way round.
  public var isFirstHalf: Bool { index < (count + 1) / 2 }

  /// Its lanes, in order.
  public func lanes(of lanes: Int) -> StrideTo<Int> { stride(from: index, to: lanes, by: count) }
}

/// What the lanes of a subtree come to in one step.
public struct LaneSum<Element: Scalar>: Sendable {
  /// The gradient; nil where none of them had anything to do, which is as good as zeros.
  public var gradient: Parameters<Element>?
  /// The terms' means over the batch, as far as they come from these lanes; the total isn't in it yet. What isn't
  /// finite stays so through all sums.
  public var terms = LossValues()
  /// Whether one of them was told to stop: then the step doesn't count, anywhere.
  public var isCancelled = false

  public init() {}

  /// Adds the sum of the second half of a node to that of its first half.
  /// - Returns: the memory of the other's gradient, zero again, where it isn't needed any more.
  public mutating func takeUp(_ other: LaneSum) -> Parameters<Element>? {
    terms += other.terms
    isCancelled = isCancelled || other.isCancelled
    guard let added = other.gradient else { return nil }
    guard let gradient else {
      gradient = added
      return nil
    }
    gradient.takeUp(added)
    return added
  }
}
