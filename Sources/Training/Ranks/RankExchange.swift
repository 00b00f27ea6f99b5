internal import MultiMix
internal import NeuralNetworks
internal import Synchronization
internal import Tensors

/// Joins the lanes of a step over ranks: rank `r` of `n` computes the share `r` of `n`, takes up the sum of rank
/// `r + m` for each `m` = n/2, n/4 ... 1 above it, or sends its own to rank `r - m` and waits for the whole, which
/// travels back on the same way. Every rank but the first sends one sum and gets one whole; gradient, terms and
/// whether somebody was told to stop are one message.
struct RankExchange: LaneExchange {
  let group: any RankGroup
  let layout: ParameterLayout
  private let spare = SpareGradient()

  init(group: any RankGroup, layout: ParameterLayout) { (self.group, self.layout) = (group, layout) }

  var share: LaneShare { LaneShare(group.rank, of: group.count) }

  func joined<Element: Scalar>(_ own: LaneSum<Element>) throws -> LaneSum<Element> {
    var sum = own
    var node = share
    // Whose sums were taken up, and who wait for the whole.
    var below: [Int] = []
    while let sibling = node.sibling, let parent = node.parent {
      if node.isFirstHalf {
        if let free = sum.takeUp(try receive(from: sibling.index, into: spare.taken())) { spare.keep(free) }
        below.append(sibling.index)
        node = parent
      } else {
        try group.send(LaneMessage.encoded(sum), to: sibling.index)
        sum = try receive(from: sibling.index, into: own.gradient)
        break
      }
    }
    if !below.isEmpty {
      let message = LaneMessage.encoded(sum)
      for other in below.reversed() { try group.send(message, to: other) }
    }
    return sum
  }

  /// - Parameter memory: for the gradient; nil takes some of its own.
  private func receive<Element: Scalar>(from other: Int, into memory: Parameters<Element>?)
    throws -> LaneSum<Element>
  {
    let message = try group.receive(from: other)
    guard let sum = LaneMessage.decoded(message, layout, into: memory) else {
      throw RankFailure.confused(rank: other)
    }
    return sum
  }
}

/// Memory for the gradient that is received next: made anew in every step, it would cost as much as to fill it.
private final class SpareGradient: Sendable {
  private let memory = Mutex<(any Sendable)?>(nil)

  /// - Returns: nil where there is none.
  func taken<Element: Scalar>() -> Parameters<Element>? {
    memory.withLock { memory in
      defer { memory = nil }
      return memory as? Parameters<Element>
    }
  }

  func keep<Element: Scalar>(_ gradient: Parameters<Element>) { memory.withLock { $0 = gradient } }
}
