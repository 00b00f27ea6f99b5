internal import NeuralNetworks
internal import Tensors

/// What is the same for every lane of a step.
struct StepWork<Element: Scalar>: Sendable {
  let batch: Batch<Element>
  let items: [BatchItem]
  let objective: BatchObjective
  let seed: UInt32
  let lanes: Int
  let isCancelled: @Sendable () -> Bool

  /// The dropout of the pass over an image.
  func dropout(_ number: Int) -> DropoutPlan {
    DropoutPlan(rate: objective.dropout, seed: seed &+ 64 &* UInt32(truncatingIfNeeded: number))
  }
}

/// Takes a lane's images through the network, forward and backward, one after another. What a thread needs for it is
/// allocated once: activations of one image of each kind, and one set of gradient sums. At 256 pixels and the paper's
/// widths that is about 195 MB.
final class LaneRunner<Element: Scalar>: Sendable {
  let network: MultiMixNetwork<Element>
  let teacher: MultiMixNetwork<Element>?
  let workers: Workers
  let labelled, unlabelled: SegmentationState<Element>
  let scratch: GradientScratch<Element>
  let gradient: NetworkGradient<Element>

  /// - Parameter workers: threads that share each image's loops.
  init(
    _ network: MultiMixNetwork<Element>, teacher: MultiMixNetwork<Element>?, size: Int, workers: Int
  ) {
    self.network = network
    self.teacher = teacher
    self.workers = Workers(count: workers)
    labelled = SegmentationState(size: size, of: network.architecture, dropout: true)
    unlabelled = SegmentationState(
      size: size, of: network.architecture, dropout: true, borrowing: labelled)
    scratch = GradientScratch(size: size, of: network.architecture, decoder: true)
    gradient = NetworkGradient(network)
  }

  /// Images that are only classified have no segmentation at the same time.
  private var classified: EncoderState<Element> { labelled.clean }

  /// Takes lane after lane of the step: every item whose number leaves the remainder `lane`, in order.
  func run(_ work: StepWork<Element>, _ tree: LaneTree<Element>) {
    while let lane = tree.next() {
      var sum = LaneSum<Element>()
      for i in stride(from: lane, to: work.items.count, by: work.lanes) {
        sum.isCancelled = sum.isCancelled || work.isCancelled()
        if sum.isCancelled { break }
        switch work.items[i] {
        case .segmentation(let l, let u): segment(l, u, work, &sum.terms)
        case .classification(let i): classify(i, work, &sum.terms)
        case .unlabelled(let i): followPseudoLabel(i, work, &sum.terms)
        }
      }
      let isEmpty = lane >= work.items.count
      tree.add(sum, of: lane, finish: isEmpty ? nil : { self.gradient.finish(into: $0, on: self.workers) })
    }
  }

  private func segment(
    _ l: Int?, _ u: Int?, _ work: StepWork<Element>, _ means: inout LossValues
  ) {
    let (batch, objective) = (work.batch, work.objective)
    if let l {
      let (image, mask) = batch.segmentation[l]
      let dropout = work.dropout(batch.numberOfLabelled(l))
      let p = labelled.forward(network, image, dropout, scratch, workers)
      var pGradient = objective.mask(p, target: mask, &means)
      // The KL term needs both members of a pair; the forward pass of the other is of no other use to it.
      if objective.kind == .bernoulliKL, let u {
        let otherDropout = work.dropout(batch.numberOfUnlabelled(u))
        let other = batch.segmentationUnlabelled[u]
        let q = unlabelled.forward(network, other, otherDropout, scratch, workers)
        let pair = objective.agreement(p, q, adding: pGradient, &means)
        pGradient = pair.p
        unlabelled.backward(network, pair.q, otherDropout, scratch, gradient, workers)
      }
      labelled.backward(network, pGradient, dropout, scratch, gradient, workers)
    }
    if objective.kind == .weakToStrong, let u { followWeakView(u, work, &means) }
  }

  private func classify(
    _ i: Int, _ work: StepWork<Element>, _ means: inout LossValues
  ) {
    let (image, label) = work.batch.classification[i]
    let dropout = work.dropout(work.batch.numberOfClassified(i))
    let scores = score(image, dropout)
    backward(work.objective.finding(scores, label: label, &means), dropout)
  }

  private func followPseudoLabel(
    _ i: Int, _ work: StepWork<Element>, _ means: inout LossValues
  ) {
    let (weak, strong) = work.batch.unlabelled[i]
    let weakScores = score(weak, work.dropout(work.batch.numberOfWeak(i)))
    guard let label = work.objective.pseudoLabel(weakScores, &means) else { return }
    let dropout = work.dropout(work.batch.numberOfStrong(i))
    let scores = score(strong, dropout)
    backward(work.objective.strongView(scores, pseudoLabel: label, &means), dropout)
  }

  private func score(_ image: [Element], _ dropout: DropoutPlan) -> [Element] {
    classified.input.setPlane(0, image)
    return network.encoder.forward(classified, dropout: dropout, on: workers)
  }

  /// Of an image that was just scored.
  private func backward(
    _ scores: [Element], _ dropout: DropoutPlan
  ) {
    network.encoder.backward(
      classified, dropout: dropout, scores: scores, skips: nil, lastFeature: nil, scratch: scratch,
      gradient: gradient, inputGradient: nil, on: workers)
  }
}
