internal import NeuralNetworks
package import Tensors

/// One image through encoder, saliency, bridge and decoder.
package final class SegmentationState<Element: Scalar>: Sendable {
  package let encoder: EncoderState<Element>
  /// The pass without dropout that the saliency is taken from. Without dropout it is the encoder's own.
  let clean: EncoderState<Element>
  package let decoder: DecoderState<Element>
  package let saliency: FeatureMap<Element>

  /// - Parameters:
  ///   - dropout: whether passes may drop anything.
  ///   - other: a state whose memory serves for the pass without dropout, which is only needed on the way forward.
  ///   - scratch: where no gradients will be asked for, memory that serves for the decoder.
  package init(
    size: Int, of architecture: Architecture = Architecture(), dropout: Bool,
    borrowing other: SegmentationState? = nil, inferringIn scratch: GradientScratch<Element>? = nil
  ) {
    decoder = DecoderState(size: size, of: architecture, in: scratch)
    encoder = EncoderState(size: size, of: architecture, keepsFeatures: dropout)
    clean =
      dropout
      ? EncoderState(size: size, of: architecture, sharing: encoder, borrowing: other?.clean) : encoder
    saliency = FeatureMap(height: size, width: size, channels: 1)
  }

  package var logits: [Element] { decoder.logits.plane() }

  /// Image [size * size] -> mask logits [size * size].
  package func forward(
    _ network: MultiMixNetwork<Element>, _ image: [Element], _ dropout: DropoutPlan,
    _ scratch: GradientScratch<Element>, _ workers: Workers
  ) -> [Element] {
    // Where nothing is dropped, one pass of the encoder is both.
    let clean = dropout.isNone ? encoder : self.clean
    encoder.input.setPlane(0, image)
    if network.bridgesSaliency {
      let scores = network.encoder.forward(clean, dropout: .none, on: workers)
      network.computeSaliency(clean, scores: scores, scratch: scratch, into: saliency, on: workers)
    } else {
      saliency.fill(eachPixel: [0])
    }
    if !(network.bridgesSaliency && dropout.isNone) {
      _ = network.encoder.forward(
        encoder, dropout: dropout, sharesFirstBlock: network.bridgesSaliency && clean !== encoder,
        on: workers)
    }
    network.decoder.forward(decoder, encoder: encoder, saliency: saliency, dropout: dropout, on: workers)
    return logits
  }

  /// Image [size * size] -> class scores [2] and their saliency [size * size], without a decoder.
  func finding(
    _ reader: ImageEncoder<Element>, _ image: [Element], _ scratch: GradientScratch<Element>,
    _ workers: Workers
  ) -> (scores: [Element], saliency: [Element]) {
    clean.input.setPlane(0, image)
    let scores = reader.forward(clean, dropout: .none, on: workers)
    reader.computeSaliency(clean, scores: scores, scratch: scratch, into: saliency, on: workers)
    return (scores, saliency.plane())
  }

  /// Adds the weight gradients of a loss with gradient `logits` by the mask logits.
  func backward(
    _ network: MultiMixNetwork<Element>, _ logits: [Element], _ dropout: DropoutPlan,
    _ scratch: GradientScratch<Element>, _ gradient: NetworkGradient<Element>, _ workers: Workers
  ) {
    scratch.logits.setPlane(0, logits)
    network.decoder.backward(
      decoder, encoder: encoder, dropout: dropout, scratch: scratch, gradient: gradient, on: workers)
    network.encoder.backward(
      encoder, dropout: dropout, scores: [0, 0], skips: scratch.skips, lastFeature: scratch.lastFeature,
      scratch: scratch, gradient: gradient, inputGradient: nil, on: workers)
  }
}
