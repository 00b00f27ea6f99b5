internal import NeuralNetworks
internal import Synchronization
internal import Tensors

/// Deals one step's lanes to threads and joins their sums two by two, in a tree that is the same whatever the threads:
/// a sum waits until its sibling is there. A lane's partner is half of all lanes away and lanes are taken in order; a
/// lane whose partner waits is finished right into the partner's gradient. So at most half as many gradients as there
/// are lanes, and one for each thread, are alive at a time.
final class LaneTree<Element: Scalar>: Sendable {
  private struct State {
    var next: Int
    var waiting: [LaneShare: LaneSum<Element>] = [:]
  }

  private let lanes: Int
  private let root: LaneShare
  private let memory: GradientMemory<Element>
  private let state: Mutex<State>

  /// - Parameter root: the subtree to compute.
  init(_ root: LaneShare, lanes: Int, memory: GradientMemory<Element>) {
    self.lanes = lanes
    self.root = root
    self.memory = memory
    state = Mutex(State(next: root.index))
  }

  /// A lane that nobody has taken yet; nil when all are.
  func next() -> Int? {
    state.withLock { state in
      guard state.next < lanes else { return nil }
      defer { state.next += root.count }
      return state.next
    }
  }

  /// Takes what a lane comes to, and joins all that can be joined with it.
  /// - Parameters:
  ///   - sum: still without the gradient.
  ///   - finish: adds the lane's gradient to what it is given; nil where the lane had nothing to do.
  func add(_ sum: LaneSum<Element>, of lane: Int, finish: ((Parameters<Element>) -> Void)?) {
    var sum = sum
    var share = LaneShare(lane, of: lanes)
    guard let finish else { return join(sum, of: share) }
    if let other = takeSibling(of: share), let parent = share.parent {
      // The partner's gradient takes this one up on its way; sums of two don't depend on which comes first.
      let gradient = other.gradient ?? memory.take()
      finish(gradient)
      var rest = other
      rest.gradient = nil
      sum = joined(sum, rest, at: share)
      sum.gradient = gradient
      share = parent
    } else {
      let gradient = memory.take()
      finish(gradient)
      sum.gradient = gradient
    }
    join(sum, of: share)
  }

  /// Joins upwards from `share` until a sibling isn't there yet.
  private func join(_ sum: LaneSum<Element>, of share: LaneShare) {
    var (sum, share) = (sum, share)
    while let other = leave(sum, of: share), let parent = share.parent {
      sum = joined(sum, other, at: share)
      share = parent
    }
  }

  /// Takes away the sibling's sum, or leaves this one to wait for it.
  private func leave(_ sum: LaneSum<Element>, of share: LaneShare) -> LaneSum<Element>? {
    state.withLock { state in
      if share != root, let sibling = share.sibling, let other = state.waiting.removeValue(forKey: sibling) {
        return other
      }
      state.waiting[share] = sum
      return nil
    }
  }

  private func takeSibling(of share: LaneShare) -> LaneSum<Element>? {
    guard share != root, let sibling = share.sibling else { return nil }
    return state.withLock { $0.waiting.removeValue(forKey: sibling) }
  }

  private func joined(_ sum: LaneSum<Element>, _ other: LaneSum<Element>, at share: LaneShare)
    -> LaneSum<Element>
  {
    var first = share.isFirstHalf ? sum : other
    if let free = first.takeUp(share.isFirstHalf ? other : sum) { memory.giveBack(free) }
    return first
  }

  /// After all lanes: their sum.
  var sum: LaneSum<Element> { state.withLock { $0.waiting[root] ?? LaneSum() } }
}

/// Memory for partial gradients, as much as was ever needed at a time, all zeros while nobody has it.
final class GradientMemory<Element: Scalar>: Sendable {
  private struct State {
    var free: [Parameters<Element>] = []
    /// How many are out.
    var lent = 0
  }

  private let layout: ParameterLayout
  private let state = Mutex(State())

  init(_ layout: ParameterLayout) { self.layout = layout }

  func take() -> Parameters<Element> {
    state.withLock { state in
      state.lent += 1
      return state.free.popLast()
    } ?? Parameters(layout)
  }

  /// - Parameter gradient: zeros. One that came from another process, in the place of none of these, isn't kept.
  func giveBack(_ gradient: Parameters<Element>) {
    state.withLock { state in
      guard state.lent > 0 else { return }
      state.lent -= 1
      state.free.append(gradient)
    }
  }
}
