public import Foundation
internal import NeuralNetworks
internal import Synchronization
internal import Tensors

/// What the network says of one image.
public struct Prediction: Sendable {
  /// [2], in the order of the model's class names.
  public let classLogits: [Float]
  /// [size * size], row by row: the logit of "lung" for every pixel.
  public let maskLogits: [Float]
  /// [size * size]: the absolute gradient of the larger class score by the pixel.
  public let saliency: [Float]
  /// The calibrated probability of pneumonia: softmax(logits / temperature).
  public let pneumoniaProbability: Double

  /// sigmoid of the mask logits, without islands and holes: see `LungRegions`.
  public var lungProbability: [Float] {
    LungRegions.mended(sigmoid(maskLogits), side: Int(Double(maskLogits.count).squareRoot()))
  }

  /// Input and outputs as a safetensors file's bytes: `input` [1, 1, size, size], `class_logits` [1, 2],
  /// `mask_logits` and `saliency` [1, 1, size, size].
  public func encoded(input: [Float]) -> Data {
    let side = Int(Double(input.count).squareRoot())
    let plane = [1, 1, side, side]
    return Safetensors(arrays: [
      "input": .init(shape: plane, values: input), "class_logits": .init(shape: [1, 2], values: classLogits),
      "mask_logits": .init(shape: plane, values: maskLogits),
      "saliency": .init(shape: plane, values: saliency),
    ]).encoded()
  }
}

/// A model laid out for inference: the activations' memory is allocated here, once. Calls from several threads
/// wait for one another; what is to run side by side takes a predictor each.
public final class Predictor: Sendable {
  public let metadata: ModelMetadata
  /// Of the model file; empty for a model that was not read from one.
  public let sha256: String
  /// Whether the mirror image is read too.
  public let flips: Bool
  private let network: MultiMixNetwork<Float>
  private let activations: Mutex<Activations>

  private struct Activations {
    let workers: Workers
    let state: SegmentationState<Float>
    let scratch: GradientScratch<Float>
  }

  public convenience init(modelAt url: URL, threads: Int) throws(ModelError) {
    self.init(try Model(readingFrom: url), threads: threads)
  }

  public init(_ model: Model, threads: Int) {
    metadata = model.metadata
    sha256 = model.sha256 ?? ""
    flips = model.metadata.testTimeFlip
    let architecture = model.metadata.architecture
    network = MultiMixNetwork(
      Parameters(model.parameters), architecture, bridgesSaliency: model.metadata.system.bridgesSaliency)
    let size = architecture.inputSize
    let workers = Workers(count: threads)
    network.refresh(on: workers)
    activations = Mutex(
      Activations(
        workers: workers, state: SegmentationState(size: size, of: architecture, dropout: false),
        scratch: GradientScratch(size: size, of: architecture, decoder: false)))
  }

  /// Where the mirror image is read too, class scores, mask logits and saliency are the means over both, the
  /// mirror's planes turned back. Logits rather than probabilities are averaged, so that the temperature and
  /// whatever else takes logits works on the mean as on one answer.
  /// - Parameter input: [size * size], 0 ... 1.
  public func predict(_ input: [Float]) -> Prediction {
    var answer = answer(input)
    if flips {
      let other = self.answer(mirrored(input))
      answer.scores = mean(answer.scores, other.scores)
      answer.mask = mean(answer.mask, mirrored(other.mask))
      answer.saliency = mean(answer.saliency, mirrored(other.saliency))
    }
    return Prediction(
      classLogits: answer.scores, maskLogits: answer.mask, saliency: answer.saliency,
      pneumoniaProbability: metadata.pneumoniaProbability(
        ofLogit: metadata.pneumoniaLogit(ofScores: answer.scores)))
  }

  private func answer(_ input: [Float]) -> (scores: [Float], mask: [Float], saliency: [Float]) {
    activations.withLock { activations in
      let (state, scratch, workers) = (activations.state, activations.scratch, activations.workers)
      let mask = state.forward(network, input, .none, scratch, workers)
      let scores = state.encoder.scores
      if !network.bridgesSaliency {
        // The decoder saw none, but readers of the finding still want to see where it came from.
        network.computeSaliency(
          state.encoder, scores: scores, scratch: scratch, into: state.saliency, on: workers)
      }
      return (scores, mask, state.saliency.plane())
    }
  }

  /// Every row from right to left.
  private func mirrored(_ plane: [Float]) -> [Float] {
    let side = metadata.inputSize
    return stride(from: 0, to: plane.count, by: side).flatMap { plane[$0..<$0 + side].reversed() }
  }

  private func mean(_ a: [Float], _ b: [Float]) -> [Float] { zip(a, b).map { ($0 + $1) / 2 } }
}
