public import NeuralNetworks
public import Tensors

/// MultiMix (Haque et al. 2021, arXiv 2110.13185): one encoder for pneumonia classification and lung
/// segmentation, and a decoder that sees the classifier's saliency through a bridge. 1,965,155 parameters in the
/// paper's form; input [1, size, size], size a multiple of the architecture's stride (32).
public struct MultiMixNetwork<Element: Scalar>: Sendable {
  public let architecture: Architecture
  public let parameters: Parameters<Element>
  /// Whether the decoder sees the saliency; without it the bridge's second channel is zero.
  public let bridgesSaliency: Bool
  package let encoder: ImageEncoder<Element>
  package let decoder: MaskDecoder<Element>

  /// - Parameters:
  ///   - parameters: of the architecture's layout.
  ///   - isTrained: whether the decoder's gradients will be asked for: their filters take a quarter of all.
  public init(
    _ parameters: Parameters<Element>, _ architecture: Architecture = Architecture(),
    bridgesSaliency: Bool = true, isTrained: Bool = true
  ) {
    precondition(parameters.layout == architecture.layout)
    self.architecture = architecture
    self.parameters = parameters
    self.bridgesSaliency = bridgesSaliency
    encoder = ImageEncoder(parameters, architecture)
    decoder = MaskDecoder(parameters, architecture, goesBackward: isTrained)
  }

  /// Prepares the convolutions' filters; to be called after the parameters changed.
  public func refresh(on workers: Workers) {
    encoder.refresh(on: workers)
    for block in decoder.blocks { block.refresh(on: workers) }
  }

  /// The absolute gradient of the largest class score by the image, into `saliency` (a plane).
  /// - Parameter state: holds a forward pass without dropout.
  package func computeSaliency(
    _ state: EncoderState<Element>, scores: [Element], scratch: GradientScratch<Element>,
    into saliency: FeatureMap<Element>, on workers: Workers
  ) {
    encoder.computeSaliency(state, scores: scores, scratch: scratch, into: saliency, on: workers)
  }
}
