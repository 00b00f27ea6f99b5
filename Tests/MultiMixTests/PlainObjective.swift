import Foundation
import MultiMix
import NeuralNetworks
import Tensors
import TestSupport

/// The objective as the paper states it, value only: every stream through the network by itself, with two images in
/// each, and the dropout seeds that `TrainingStep` documents.
final class PlainObjective {
  /// Of the consistency term.
  enum Variant: CaseIterable {
    case kl, weakToStrong, meanTeacher
  }

  let objective: Objective
  let batch: Batch<Double>
  let teacher: MultiMixNetwork<Double>?
  /// Of the four segmentation images that have a gradient, for the formula weights.
  private let saliencies: [FeatureMap<Double>]
  /// What the teacher says of the weak views, which stays as it is while the weights move.
  private let answers: [[Double]]
  private let workers = Workers(count: 1)
  private let state = SegmentationState<Double>(size: GradientTests.size, dropout: true)

  init(_ variant: Variant = .kl) {
    var objective = Objective()
    // Small terms made large enough for the differences to see.
    objective.consistency = 2
    objective.pseudoLabel = 1.5
    objective.maskCrossEntropy = variant == .weakToStrong ? 0.7 : 0
    if variant != .kl {
      objective.consistencyKind = .weakToStrong
      objective.maskConfidence = 0.6
    }
    self.objective = objective
    var batch = Batch<Double>(size: GradientTests.size)
    batch.segmentation = (0..<2).map { n in (Self.image(n), Self.image(n + 20).map { $0 > 0.5 ? 1 : 0 }) }
    batch.segmentationUnlabelled = [Self.image(2), Self.image(3)]
    if variant != .kl {
      batch.segmentationStrong = batch.segmentationUnlabelled.map { $0.map { 0.9 - 0.7 * $0 * $0 } }
    }
    batch.classification = [(Self.image(4), 0), (Self.image(5), 1)]
    batch.unlabelled = [(Self.image(Self.weak.0), Self.image(8)), (Self.image(Self.weak.1), Self.image(9))]
    self.batch = batch
    let network = MultiMixNetwork<Double>(Goldens.formulaWeights())
    network.refresh(on: workers)
    saliencies =
      (batch.segmentation.map(\.image)
      + (variant == .kl ? batch.segmentationUnlabelled : batch.segmentationStrong)).map {
        Self.saliency(of: $0, network)
      }
    let teacher = variant == .meanTeacher ? Self.otherNetwork() : nil
    answers = variant == .kl ? [] : batch.segmentationUnlabelled.map { Self.answer(teacher ?? network, $0) }
    self.teacher = teacher
  }

  private static func saliency(of image: [Double], _ network: MultiMixNetwork<Double>) -> FeatureMap<Double> {
    let saliency = FeatureMap<Double>(height: GradientTests.size, width: GradientTests.size, channels: 1)
    let clean = EncoderState<Double>(size: GradientTests.size)
    clean.input.setPlane(0, image)
    let scores = network.encoder.forward(clean, dropout: .none, on: Workers(count: 1))
    network.computeSaliency(
      clean, scores: scores, scratch: GradientScratch(size: GradientTests.size, decoder: false),
      into: saliency, on: Workers(count: 1))
    return saliency
  }

  /// Mask logits without dropout.
  private static func answer(_ network: MultiMixNetwork<Double>, _ image: [Double]) -> [Double] {
    let state = SegmentationState<Double>(size: GradientTests.size, dropout: false)
    state.encoder.input.setPlane(0, image)
    _ = network.encoder.forward(state.encoder, dropout: .none, on: Workers(count: 1))
    network.decoder.forward(
      state.decoder, encoder: state.encoder, saliency: saliency(of: image, network), dropout: .none,
      on: Workers(count: 1))
    return state.logits
  }

  private static func otherNetwork() -> MultiMixNetwork<Double> {
    let weights: Parameters<Double> = Goldens.formulaWeights()
    let last = weights["decoder.conv_last.weight"]
    for i in 0..<last.count { last[i] = -1.5 * last[i] }
    let network = MultiMixNetwork(weights)
    network.refresh(on: Workers(count: 1))
    return network
  }

  /// Weak views on either side of tau.
  static let weak = (6, 41)

  /// Waves and noise, 0 ... 1.
  static func image(_ n: Int) -> [Double] {
    (0..<GradientTests.size * GradientTests.size).map { i in
      let (y, x) = (Double(i / GradientTests.size) / 32, Double(i % GradientTests.size) / 32)
      let wave = sin(Double(n % 5 + 2) * x + Double(n)) * cos(Double(n % 7 + 1) * y - Double(n))
      let noise = Double(Goldens.lowbias32(UInt32(i + 1024 * n))) / 4_294_967_296
      return Double(Float(0.5 + 0.35 * wave + 0.1 * (noise - 0.5)))
    }
  }

  func value(_ weights: Parameters<Double>) -> Double {
    let network = MultiMixNetwork(weights)
    network.refresh(on: workers)
    func plan(_ image: Int) -> DropoutPlan {
      DropoutPlan(rate: objective.dropout, seed: GradientTests.seed &+ 64 &* UInt32(image))
    }
    func scores(_ image: [Double], _ number: Int) -> [Double] {
      state.encoder.input.setPlane(0, image)
      return network.encoder.forward(state.encoder, dropout: plan(number), on: workers)
    }
    func logits(_ image: [Double], _ number: Int) -> [Double] {
      _ = scores(image, number)
      network.decoder.forward(
        state.decoder, encoder: state.encoder, saliency: saliencies[number], dropout: plan(number),
        on: workers)
      return state.logits
    }
    var total = 0.0
    for n in 0..<2 {
      let p = logits(batch.segmentation[n].image, n)
      total += objective.segmentation * diceLoss(p, target: batch.segmentation[n].mask).value / 2
      for (p, target) in zip(sigmoid(p), batch.segmentation[n].mask) {
        total -= objective.maskCrossEntropy * log(target > 0.5 ? p : 1 - p) / Double(2 * 1024)
      }
      if objective.consistencyKind == .weakToStrong {
        let q = sigmoid(logits(batch.segmentationStrong[n], 2 + n))
        for (answer, q) in zip(sigmoid(answers[n]), q) where max(answer, 1 - answer) >= 0.6 {
          total -= objective.consistency * log(answer > 0.5 ? q : 1 - q) / Double(2 * answers[n].count)
        }
      } else {
        let q = logits(batch.segmentationUnlabelled[n], 2 + n)
        total += objective.consistency * bernoulliKL(p, q).value / 2
      }
      let c = batch.classification[n]
      total += crossEntropy(scores(c.image, 4 + n), label: c.label).value / 2
      let weak = softmax(scores(batch.unlabelled[n].weak, 6 + n))
      let strong = scores(batch.unlabelled[n].strong, 8 + n)
      if weak.max()! >= objective.tau {
        total += objective.pseudoLabel * crossEntropy(strong, label: weak[0] > weak[1] ? 0 : 1).value / 2
      }
    }
    return total
  }
}
