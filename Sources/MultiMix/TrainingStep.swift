internal import Dispatch
public import NeuralNetworks
public import Tensors

/// The images of one step. Every image is [size, size], row by row. Streams may be empty, and differ in
/// length except where one pairs them: unlabelled segmentation images with labelled ones, weak with strong.
public struct Batch<Element: Scalar>: Sendable {
  public var size: Int
  public var segmentation: [(image: [Element], mask: [Element])] = []
  public var segmentationUnlabelled: [[Element]] = []
  /// Of each unlabelled segmentation image, the same pixels seen otherwise; only for the weak-to-strong term.
  public var segmentationStrong: [[Element]] = []
  public var classification: [(image: [Element], label: Int)] = []
  /// Two views of the same unlabelled image each.
  public var unlabelled: [(weak: [Element], strong: [Element])] = []

  public init(size: Int) { self.size = size }
}

/// One step's loss and gradient. The images of a batch are independent up to their losses, so each thread
/// takes whole images through the network, forward and backward, and the threads' gradients are added in
/// order: results are bit-identical for a given seed and number of threads.
public final class TrainingStep<Element: Scalar>: Sendable {
  public let network: MultiMix<Element>
  public let size: Int
  private let threads: [TrainingThread<Element>]
  /// For what is shared out by loop instead of by image.
  private let team: Workers
  private let teacher: MultiMix<Element>?

  /// - Parameter teacher: which network answers for the weak view in the weak-to-strong term; nil takes `network`.
  public init(_ network: MultiMix<Element>, teacher: MultiMix<Element>? = nil, size: Int, threads: Int) {
    precondition(size % 32 == 0)
    self.network = network
    self.teacher = teacher
    self.size = size
    self.threads = (0..<max(1, threads)).map { _ in TrainingThread(network, teacher: teacher, size: size) }
    team = Workers(count: threads)
  }

  /// Sets `gradient` to the objective's gradient and returns the loss.
  /// - Parameters:
  ///   - thresholds: what the weak view's probability must reach, by class; nil takes the objective's tau.
  ///   - seed: of the step's dropout masks. Images are numbered through the streams in the order labelled,
  ///     unlabelled, classification, weak, strong; image n's pass has seed + 64 n.
  public func run(
    _ batch: Batch<Element>, objective: Objective, thresholds: AdaptiveThresholds? = nil, seed: UInt32,
    gradient: Parameters<Element>
  ) -> LossTerms {
    precondition(batch.size == size)
    precondition(
      !objective.isWeakToStrong || batch.segmentationStrong.count == batch.segmentationUnlabelled.count)
    network.refresh(on: team)
    if objective.isWeakToStrong { teacher?.refresh(on: team) }
    let items = Self.items(batch)
    let count = threads.count
    let results = threads.map { _ in ThreadResult() }
    DispatchQueue.concurrentPerform(iterations: count) { [threads] t in
      results[t].terms = stride(from: t, to: items.count, by: count).map {
        threads[t].run(items[$0], of: batch, objective: objective, thresholds: thresholds, seed: seed)
      }
      threads[t].gradient.finish(on: threads[t].workers)
    }
    moveGradients(to: gradient)
    var sum = LossTerms()
    for i in items.indices { sum += results[i % count].terms[i / count] }
    return sum
  }

  /// Sets `sum` to the threads' gradients, added in the threads' order, and starts them again from zero. Cut by
  /// parameters, so that it takes no longer with more threads.
  private func moveGradients(to sum: Parameters<Element>) {
    let count = sum.layout.count
    let length = 32_768
    DispatchQueue.concurrentPerform(iterations: (count + length - 1) / length) { [threads] chunk in
      let range = chunk * length..<min(count, (chunk + 1) * length)
      sum.memory.withElements(range) { total in
        for (t, thread) in threads.enumerated() {
          thread.gradient.parameters.memory.withElements(range) { own in
            Self.move(&own, to: &total, isFirst: t == 0)
          }
        }
      }
    }
  }

  @specialized(where Element == Float)
  private static func move(
    _ own: inout MutableSpan<Element>, to total: inout MutableSpan<Element>, isFirst: Bool
  ) {
    // Known before the loops, so that they are vectorised.
    precondition(own.count == total.count)
    if isFirst { for i in total.indices { total[i] = 0 } }
    for i in total.indices {
      total[i] += own[i]
      own[i] = 0
    }
  }

  /// Units of work, the longest first.
  enum Item {
    case segmentation(labelled: Int?, unlabelled: Int?)
    case classification(Int)
    case unlabelled(Int)
  }

  private static func items(_ batch: Batch<Element>) -> [Item] {
    let labelled = batch.segmentation.count
    let unlabelled = batch.segmentationUnlabelled.count
    return (0..<max(labelled, unlabelled)).map {
      .segmentation(labelled: $0 < labelled ? $0 : nil, unlabelled: $0 < unlabelled ? $0 : nil)
    } + batch.unlabelled.indices.map { .unlabelled($0) }
      + batch.classification.indices.map { .classification($0) }
  }

  private final class ThreadResult: @unchecked Sendable {
    // Invariant: written by one iteration, read after all have ended.
    var terms: [LossTerms] = []
  }
}

/// What one thread needs: activations of one image of each kind, and its sum of gradients.
final class TrainingThread<Element: Scalar>: Sendable {
  let network: MultiMix<Element>
  let teacher: MultiMix<Element>?
  let workers = Workers(count: 1)
  let labelled, unlabelled: SegmentationState<Element>
  let classified: EncoderState<Element>
  let scratch: GradientScratch<Element>
  let gradient: NetworkGradient<Element>

  init(_ network: MultiMix<Element>, teacher: MultiMix<Element>?, size: Int) {
    self.network = network
    self.teacher = teacher
    labelled = SegmentationState(size: size, dropout: true)
    unlabelled = SegmentationState(size: size, dropout: true)
    classified = EncoderState(size: size)
    scratch = GradientScratch(size: size, decoder: true)
    gradient = NetworkGradient(network)
  }

  func run(
    _ item: TrainingStep<Element>.Item, of batch: Batch<Element>, objective: Objective,
    thresholds: AdaptiveThresholds?, seed: UInt32
  ) -> LossTerms {
    func plan(_ image: Int) -> DropoutPlan {
      DropoutPlan(rate: objective.dropout, seed: seed &+ 64 &* UInt32(truncatingIfNeeded: image))
    }
    let firstUnlabelled = batch.segmentation.count
    let firstClassified = firstUnlabelled + batch.segmentationUnlabelled.count
    let firstWeak = firstClassified + batch.classification.count
    let firstStrong = firstWeak + batch.unlabelled.count
    switch item {
    case .segmentation(let l, let u):
      return segment(
        batch, l, u, objective, l.map { plan($0) } ?? .none, u.map { plan(firstUnlabelled + $0) } ?? .none)
    case .classification(let i): return classify(batch, i, objective, plan(firstClassified + i))
    case .unlabelled(let i):
      return followPseudoLabel(
        batch, i, objective, thresholds?.values ?? SIMD2(repeating: objective.tau), plan(firstWeak + i),
        plan(firstStrong + i))
    }
  }

  private func segment(
    _ batch: Batch<Element>, _ l: Int?, _ u: Int?, _ objective: Objective, _ plan: DropoutPlan,
    _ unlabelledPlan: DropoutPlan
  ) -> LossTerms {
    var terms = LossTerms()
    var gradient = [Element](repeating: 0, count: batch.size * batch.size)
    var unlabelledGradient = gradient
    if let l {
      let (image, mask) = batch.segmentation[l]
      let logits = labelled.forward(network, image, plan, objective, scratch, workers)
      let n = Double(batch.segmentation.count)
      let dice = diceLoss(logits, target: mask)
      let share = objective.segmentation / n
      terms.segmentation = dice.value / n
      terms.total = dice.value * share
      gradient = dice.gradient.map { $0 * Element(share) }
      if objective.maskCrossEntropy > 0 {
        let loss = binaryCrossEntropy(logits, target: mask)
        let share = objective.maskCrossEntropy / n
        terms.maskCrossEntropy = loss.value / n
        terms.total += loss.value * share
        for i in gradient.indices { gradient[i] += loss.gradient[i] * Element(share) }
      }
    }
    // The KL term needs both members of a pair; the forward pass of the unlabelled one is of no other use to it.
    guard objective.consistency > 0, objective.consistencyKind == .bernoulliKL, l != nil, let u else {
      if l != nil { labelled.backward(network, gradient, plan, scratch, self.gradient, workers) }
      if objective.isWeakToStrong, let u { terms += followWeakView(batch, u, objective, unlabelledPlan) }
      return terms
    }
    let q = unlabelled.forward(
      network, batch.segmentationUnlabelled[u], unlabelledPlan, objective, scratch, workers)
    let pairs = Double(min(batch.segmentation.count, batch.segmentationUnlabelled.count))
    let consistency = bernoulliKL(labelled.logits, q)
    let share = Element(objective.consistency / pairs)
    terms.consistency = consistency.value / pairs
    terms.total += consistency.value * objective.consistency / pairs
    for i in gradient.indices {
      gradient[i] += consistency.pGradient[i] * share
      unlabelledGradient[i] = consistency.qGradient[i] * share
    }
    labelled.backward(network, gradient, plan, scratch, self.gradient, workers)
    unlabelled.backward(network, unlabelledGradient, unlabelledPlan, scratch, self.gradient, workers)
    return terms
  }

  private func classify(_ batch: Batch<Element>, _ i: Int, _ objective: Objective, _ plan: DropoutPlan)
    -> LossTerms
  {
    let n = Double(batch.classification.count)
    classified.input.setPlane(0, batch.classification[i].image)
    let scores = network.encoder.forward(classified, dropout: plan, on: workers)
    let loss = crossEntropy(scores, label: batch.classification[i].label)
    backwardScores(loss.gradient, objective.classification / n, plan)
    var terms = LossTerms()
    terms.classification = loss.value / n
    terms.total = objective.classification * loss.value / n
    return terms
  }

  private func followPseudoLabel(
    _ batch: Batch<Element>, _ i: Int, _ objective: Objective, _ thresholds: SIMD2<Double>,
    _ weakPlan: DropoutPlan, _ plan: DropoutPlan
  ) -> LossTerms {
    var terms = LossTerms()
    let n = Double(batch.unlabelled.count)
    classified.input.setPlane(0, batch.unlabelled[i].weak)
    let weak = softmax(network.encoder.forward(classified, dropout: weakPlan, on: workers))
    terms.weakProbabilities = SIMD2(Double(weak[0]), Double(weak[1])) / n
    terms.weakConfidence = terms.weakProbabilities.max()
    guard let label = pseudoLabel(weak, thresholds: [thresholds[0], thresholds[1]]) else { return terms }
    classified.input.setPlane(0, batch.unlabelled[i].strong)
    let loss = crossEntropy(network.encoder.forward(classified, dropout: plan, on: workers), label: label)
    backwardScores(loss.gradient, objective.pseudoLabel / n, plan)
    terms.confident = 1 / n
    terms.pseudoLabel = loss.value / n
    terms.total = objective.pseudoLabel * loss.value / n
    return terms
  }

  private func backwardScores(_ scores: [Element], _ weight: Double, _ plan: DropoutPlan) {
    network.encoder.backward(
      classified, dropout: plan, scores: scores.map { $0 * Element(weight) }, skips: nil, lastFeature: nil,
      scratch: scratch, gradient: gradient, inputGradient: nil, on: workers)
  }
}

/// One image through encoder, saliency, bridge and decoder.
package final class SegmentationState<Element: Scalar>: Sendable {
  package let encoder: EncoderState<Element>
  /// The pass without dropout that the saliency is taken from. Without dropout it is the encoder's own.
  let clean: EncoderState<Element>
  package let decoder: DecoderState<Element>
  package let saliency: FeatureMap<Element>

  package init(size: Int, dropout: Bool) {
    decoder = DecoderState(size: size)
    encoder = EncoderState(size: size, skips: decoder.skips)
    clean = dropout ? EncoderState(size: size, sharing: encoder) : encoder
    saliency = FeatureMap(height: size, width: size, channels: 1)
  }

  package var logits: [Element] { decoder.logits.plane() }

  /// Image [size * size] -> mask logits [size * size].
  package func forward(
    _ network: MultiMix<Element>, _ image: [Element], _ dropout: DropoutPlan, _ objective: Objective,
    _ scratch: GradientScratch<Element>, _ workers: Workers
  ) -> [Element] {
    // Where nothing is dropped, one pass of the encoder is both.
    let clean = dropout.isNone ? encoder : self.clean
    encoder.input.setPlane(0, image)
    if objective.saliencyBridge {
      let scores = network.encoder.forward(clean, dropout: .none, on: workers)
      network.computeSaliency(clean, scores: scores, scratch: scratch, into: saliency, on: workers)
    } else {
      saliency.fill(eachPixel: [0])
    }
    if !(objective.saliencyBridge && dropout.isNone) {
      _ = network.encoder.forward(
        encoder, dropout: dropout, sharesFirstBlock: objective.saliencyBridge && clean !== encoder,
        on: workers)
    }
    network.decoder.forward(decoder, encoder: encoder, saliency: saliency, dropout: dropout, on: workers)
    return logits
  }

  /// Adds the weight gradients of a loss with gradient `logits` by the mask logits.
  func backward(
    _ network: MultiMix<Element>, _ logits: [Element], _ dropout: DropoutPlan,
    _ scratch: GradientScratch<Element>, _ gradient: NetworkGradient<Element>, _ workers: Workers
  ) {
    scratch.logits.setPlane(0, logits)
    network.decoder.backward(decoder, dropout: dropout, scratch: scratch, gradient: gradient, on: workers)
    network.encoder.backward(
      encoder, dropout: dropout, scores: [0, 0], skips: scratch.skips, lastFeature: scratch.lastFeature,
      scratch: scratch, gradient: gradient, inputGradient: nil, on: workers)
  }
}
