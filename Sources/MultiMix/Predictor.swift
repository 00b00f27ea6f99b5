public import Foundation
internal import NeuralNetworks
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

  /// sigmoid of the mask logits.
  public var lungProbability: [Float] { sigmoid(maskLogits) }

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

/// A model laid out for inference: the activations' memory is allocated here, once.
public final class Predictor: Sendable {
  public let metadata: ModelMetadata
  /// Of the model file; empty for a model that was not read from one.
  public let sha256: String
  private let network: MultiMix<Float>
  private let workers: Workers
  private let state: SegmentationState<Float>
  private let scratch: GradientScratch<Float>

  public convenience init(modelAt url: URL, threads: Int) throws(ModelError) {
    self.init(try Model(readingFrom: url), threads: threads)
  }

  public init(_ model: Model, threads: Int) {
    metadata = model.metadata
    sha256 = model.sha256 ?? ""
    network = MultiMix(model.parameters)
    workers = Workers(count: threads)
    state = SegmentationState(size: model.metadata.inputSize, dropout: false)
    scratch = GradientScratch(size: model.metadata.inputSize, decoder: false)
    network.refresh(on: workers)
  }

  /// - Parameter input: [size * size], 0 ... 1. One call at a time.
  public func predict(_ input: [Float]) -> Prediction {
    let mask = state.forward(network, input, .none, Objective(), scratch, workers)
    let scores = state.encoder.scores
    return Prediction(
      classLogits: scores, maskLogits: mask, saliency: state.saliency.plane(),
      pneumoniaProbability: metadata.pneumoniaProbability(ofLogit: metadata.pneumoniaLogit(ofScores: scores)))
  }
}
