public import Tensors

/// Gradients of activations on their way down: needed only during one backward pass, so one set serves
/// every image of a thread.
public final class GradientScratch<Element: Scalar>: Sendable {
  /// What the backward pass of a block works in.
  struct Block: Sendable {
    /// The gradient of its output, and of the activations between its convolutions.
    let output, inner: FeatureMap<Element>

    init(side: Int, channels: Int) {
      output = FeatureMap(height: side, width: side, channels: channels)
      inner = FeatureMap(height: side, width: side, channels: channels)
    }
  }

  /// By size, the largest first: encoder and decoder take turns.
  let blocks: [Block]
  /// The gradients of the encoder's pooled features.
  let pooled: [FeatureMap<Element>]
  /// By decoder stage, the deepest first. Empty where only the encoder goes backward.
  let joined: [FeatureMap<Element>]
  let lastFeature, logits: FeatureMap<Element>
  private let stages: [Architecture.Stage]

  package init(size: Int, of architecture: Architecture = Architecture(), decoder: Bool) {
    let widths = architecture.widths
    stages = architecture.stages
    blocks = widths.indices.map { Block(side: size >> $0, channels: widths[$0]) }
    pooled = widths.indices.map {
      FeatureMap(height: size >> ($0 + 1), width: size >> ($0 + 1), channels: widths[$0])
    }
    joined =
      decoder
      ? stages.map { FeatureMap(height: size >> $0.level, width: size >> $0.level, channels: $0.inputs) } : []
    let last = decoder ? size >> (widths.count - 1) : 0
    lastFeature = FeatureMap(height: last, width: last, channels: widths[widths.count - 1])
    logits = FeatureMap(height: decoder ? size : 0, width: decoder ? size : 0, channels: 1)
  }

  /// The gradients by the decoder of the features that it sees beside those from below, block 1 first.
  var skips: [FeatureMap<Element>] {
    zip(joined, stages).reversed().map { $0.slice($1.below, $1.skip) }
  }
}
