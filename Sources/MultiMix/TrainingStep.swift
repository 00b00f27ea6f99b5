internal import Dispatch
public import NeuralNetworks
public import Tensors

/// One step's loss and gradient. The batch's items are dealt to a fixed number of lanes, one by one; each lane adds
/// its items' gradients in order, and the lanes' sums are joined in a binary tree (``LaneShare``). Which float is
/// added to which therefore depends on the batch and the number of lanes alone: results are bit-identical for any
/// number of threads, and of processes that share the lanes out by an exchange.
///
/// Threads take lanes, the first (which have the longest items) first; where there are more threads than lanes, the
/// rest works inside the lanes. Memory: for each thread that takes lanes what ``LaneRunner`` says, and as many
/// gradients (7.9 MB at the paper's widths) as ``LaneTree`` says.
public final class TrainingStep<Element: Scalar>: Sendable {
  public let network: MultiMixNetwork<Element>
  public let size: Int
  public let lanes: Int
  private let runners: [LaneRunner<Element>]
  private let memory: GradientMemory<Element>
  /// For what is shared out by loop instead of by image.
  private let team: Workers
  private let teacher: MultiMixNetwork<Element>?
  private let exchange: any LaneExchange

  /// By default; enough for as many threads, or processes together, and few enough to cost nothing.
  public static var defaultLanes: Int { 16 }

  /// - Parameters:
  ///   - teacher: which network answers for the weak view in the weak-to-strong term; nil takes `network`.
  ///   - lanes: a power of two.
  ///   - exchange: where the other lanes are, if not all are computed here.
  public init(
    _ network: MultiMixNetwork<Element>, teacher: MultiMixNetwork<Element>? = nil, size: Int, threads: Int,
    lanes: Int = TrainingStep.defaultLanes, exchange: any LaneExchange = OneProcess()
  ) {
    precondition(network.architecture.takes(size: size))
    precondition(lanes > 0 && lanes & (lanes - 1) == 0 && exchange.share.count <= lanes)
    self.network = network
    self.teacher = teacher
    self.size = size
    self.lanes = lanes
    self.exchange = exchange
    memory = GradientMemory(network.parameters.layout)
    let count = max(1, min(threads, lanes / exchange.share.count))
    runners = (0..<count).map { i in
      LaneRunner(
        network, teacher: teacher, size: size,
        workers: max(1, threads / count + (i < threads % count ? 1 : 0)))
    }
    team = Workers(count: threads)
  }

  /// Sets `gradient` to the objective's gradient and returns the loss.
  /// - Parameters:
  ///   - thresholds: what the weak view's probability must reach, by class; nil takes the objective's tau.
  ///   - seed: of the step's dropout masks. Images are numbered through the streams in the order labelled,
  ///     unlabelled, classification, weak, strong; image n's pass has seed + 64 n.
  ///   - isCancelled: asked between images.
  /// - Throws: `CancellationError` where this process or another was told to stop, and what the exchange throws; then
  ///   `gradient` is as it was.
  public func run(
    _ batch: Batch<Element>, objective: Objective, thresholds: AdaptiveThresholds? = nil, seed: UInt32,
    gradient: Parameters<Element>, isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws -> LossValues {
    let kind = objective.activeConsistency
    precondition(batch.size == size)
    precondition(
      kind != .weakToStrong || batch.segmentationStrong.count == batch.segmentationUnlabelled.count)
    network.refresh(on: team)
    if kind == .weakToStrong { teacher?.refresh(on: team) }
    let equation = BatchObjective(objective, batch, thresholds: thresholds)
    let work = StepWork(
      batch: batch, items: batch.items, objective: equation, seed: seed, lanes: lanes,
      isCancelled: isCancelled)
    let tree = LaneTree(exchange.share, lanes: lanes, memory: memory)
    DispatchQueue.concurrentPerform(iterations: runners.count) { [runners] in runners[$0].run(work, tree) }
    let whole = try exchange.joined(tree.sum)
    defer { recycle(whole) }
    guard !whole.isCancelled else { throw CancellationError() }
    gradient.memory.fill(0)
    if let sum = whole.gradient { gradient.takeUp(sum) }
    var terms = whole.terms
    terms.total = equation.total(terms)
    return terms
  }

  private func recycle(_ sum: LaneSum<Element>) {
    guard let gradient = sum.gradient else { return }
    if sum.isCancelled { gradient.memory.fill(0) }
    memory.giveBack(gradient)
  }
}
