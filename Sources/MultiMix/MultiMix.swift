public import NeuralNetworks
public import Tensors

/// MultiMix (Haque et al. 2021, arXiv 2110.13185): one encoder for pneumonia classification and lung
/// segmentation, and a decoder that sees the classifier's saliency through a bridge. 1,965,155 parameters;
/// input [1, size, size], size a multiple of 32.
public struct MultiMix<Element: Scalar>: Sendable {
  public let parameters: Parameters<Element>
  package let encoder: Encoder<Element>
  package let decoder: Decoder<Element>

  /// Names and shapes as in the published PyTorch module's `state_dict`.
  public static var layout: ParameterLayout {
    var layout = ParameterLayout()
    Encoder<Element>.declare(in: &layout)
    Decoder<Element>.declare(in: &layout)
    return layout
  }

  public init(_ parameters: Parameters<Element>) {
    precondition(parameters.layout == Self.layout)
    self.parameters = parameters
    encoder = Encoder(parameters)
    decoder = Decoder(parameters)
  }

  /// Prepares the convolutions' filters; to be called after the parameters changed.
  public func refresh(on workers: Workers) {
    for block in encoder.blocks + decoder.blocks { block.refresh(on: workers) }
  }

  /// The absolute gradient of the largest class score by the image, into `saliency` (a plane).
  /// - Parameter state: holds a forward pass without dropout.
  package func computeSaliency(
    _ state: EncoderState<Element>, scores: [Element], scratch: GradientScratch<Element>,
    into saliency: FeatureMap<Element>, on workers: Workers
  ) {
    var largest = 0
    for k in scores.indices where scores[k] > scores[largest] { largest = k }
    encoder.backward(
      state, dropout: .none, scores: scores.indices.map { $0 == largest ? 1 : 0 }, skips: nil,
      lastFeature: nil,
      scratch: scratch, gradient: nil, inputGradient: saliency, on: workers)
    saliency.formMagnitude()
  }
}

/// The dropout of each block of one pass over one image: encoder blocks 0 to 4, decoder blocks 5 to 8.
public struct DropoutPlan: Sendable {
  private let seed: UInt32?
  private let rate: Double

  /// - Parameter seed: of the image's pass; the block's number is added.
  public init(rate: Double, seed: UInt32) {
    self.rate = rate
    self.seed = rate > 0 ? seed : nil
  }

  public static let none = DropoutPlan(rate: 0, seed: 0)

  subscript(block: Int) -> Dropout {
    seed.map { Dropout(rate: rate, seed: $0 &+ UInt32(block)) } ?? .none
  }

  var isNone: Bool { seed == nil }
}

/// Gradients of activations on their way down: needed only during one backward pass, so one set serves
/// every image of a thread.
public final class GradientScratch<Element: Scalar>: Sendable {
  /// By block size, the largest first: the gradient of a block's output and of what lies inside it.
  let levels: [(FeatureMap<Element>, FeatureMap<Element>)]
  let pooled: [FeatureMap<Element>]
  /// By decoder stage, the deepest first. Empty where only the encoder goes backward.
  let joined: [FeatureMap<Element>]
  let lastFeature, logits: FeatureMap<Element>

  package init(size: Int, decoder: Bool) {
    let widths = Encoder<Element>.widths
    let sizes = widths.indices.map { size >> $0 }
    levels = widths.indices.map { i in
      (
        FeatureMap(height: sizes[i], width: sizes[i], channels: widths[i]),
        FeatureMap(height: sizes[i], width: sizes[i], channels: widths[i])
      )
    }
    pooled = widths.indices.map {
      FeatureMap(height: sizes[$0] / 2, width: sizes[$0] / 2, channels: widths[$0])
    }
    joined =
      decoder
      ? Decoder<Element>.stages.enumerated().map { i, stage in
        FeatureMap(height: size >> (3 - i), width: size >> (3 - i), channels: stage.inputs)
      } : []
    let last = decoder ? sizes[4] : 0
    lastFeature = FeatureMap(height: last, width: last, channels: 256)
    logits = FeatureMap(height: decoder ? size : 0, width: decoder ? size : 0, channels: 1)
  }

  /// The gradients of the first four blocks' features, block 1 first.
  var skips: [FeatureMap<Element>] {
    (0..<4).map {
      joined[3 - $0].slice(Decoder<Element>.stages[3 - $0].below, Decoder<Element>.stages[3 - $0].skip)
    }
  }
}

/// The sum of the network's weight gradients over the images that one thread works on.
public final class NetworkGradient<Element: Scalar>: Sendable {
  public let parameters: Parameters<Element>
  let encoder, decoder: [BlockGradient<Element>]

  public init(_ network: MultiMix<Element>) {
    let parameters = Parameters<Element>(network.parameters.layout)
    self.parameters = parameters
    encoder = network.encoder.blocks.map { BlockGradient($0, into: parameters) }
    decoder = network.decoder.blocks.map { BlockGradient($0, into: parameters) }
  }

  func addLinear(scores: [Element], average: [Element]) {
    Linear(weights: parameters["encoder.fc.weight"], bias: parameters["encoder.fc.bias"])
      .add(scores, times: average)
  }

  /// Brings the sums of the batch into `parameters`.
  func finish(on workers: Workers) {
    for block in encoder + decoder { block.finish(on: workers) }
  }
}
