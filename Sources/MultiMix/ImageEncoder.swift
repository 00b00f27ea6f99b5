internal import NeuralNetworks
public import Tensors

/// The encoder: blocks of the architecture's widths, 2x2 max-pool after each; the class scores are a linear layer on
/// the global average of the last pooled block.
public struct ImageEncoder<Element: Scalar>: Sendable {
  let blocks: [ConvolutionBlock<Element>]
  let head: Linear<Element>

  /// - Parameter parameters: with those of an encoder of that architecture among them.
  init(_ parameters: Parameters<Element>, _ architecture: Architecture) {
    blocks = architecture.widths.enumerated().map { level, width in
      ConvolutionBlock(
        Architecture.encoderBlock(level), inputs: architecture.inputs(ofBlock: level), outputs: width,
        parameters: parameters)
    }
    head = Linear(weights: parameters["encoder.fc.weight"], bias: parameters["encoder.fc.bias"])
  }

  /// The image in `state.input` -> class scores [2] and the features of every block.
  /// - Parameter sharesFirstBlock: the state's first block (shared with another state) already holds this
  ///   image's convolutions; only its dropout differs.
  package func forward(
    _ state: EncoderState<Element>, dropout: DropoutPlan, sharesFirstBlock: Bool = false, on workers: Workers
  ) -> [Element] {
    var x = state.input
    for (i, block) in blocks.enumerated() {
      if i == 0 && sharesFirstBlock {
        block.activate(state.blocks[i], dropout: dropout[i], into: state.features[i], on: workers)
      } else {
        block.forward(x, state.blocks[i], dropout: dropout[i], into: state.features[i], on: workers)
      }
      state.features[i].maxPool(into: state.pooled[i], choice: state.choices[i], on: workers)
      x = state.pooled[i]
    }
    state.average = x.channelMeans()
    state.scores = head.forward(state.average)
    return state.scores
  }

  /// Prepares the convolutions' filters; to be called after the parameters changed.
  func refresh(on workers: Workers) {
    for block in blocks { block.refresh(on: workers) }
  }

  /// The absolute gradient of the largest class score by the image, into `saliency` (a plane).
  /// - Parameter state: holds a forward pass without dropout.
  package func computeSaliency(
    _ state: EncoderState<Element>, scores: [Element], scratch: GradientScratch<Element>,
    into saliency: FeatureMap<Element>, on workers: Workers
  ) {
    var largest = 0
    for k in scores.indices where scores[k] > scores[largest] { largest = k }
    backward(
      state, dropout: .none, scores: scores.indices.map { $0 == largest ? 1 : 0 }, skips: nil,
      lastFeature: nil, scratch: scratch, gradient: nil, inputGradient: saliency, on: workers)
    saliency.formMagnitude()
  }

  /// - Parameters:
  ///   - scores: the gradient of the class scores [2].
  ///   - skips: the gradients of all but the last blocks' features by the decoder.
  ///   - gradient: where weight gradients are added, or nil.
  ///   - inputGradient: where the image's gradient goes, or nil.
  func backward(
    _ state: EncoderState<Element>, dropout: DropoutPlan, scores: [Element], skips: [FeatureMap<Element>]?,
    lastFeature: FeatureMap<Element>?, scratch: GradientScratch<Element>, gradient: NetworkGradient<Element>?,
    inputGradient: FeatureMap<Element>?, on workers: Workers
  ) {
    let last = blocks.count - 1
    let pixels = Element(state.pooled[last].height * state.pooled[last].width)
    scratch.pooled[last].fill(eachPixel: head.inputGradient(scores).map { $0 / pixels })
    gradient?.addLinear(scores: scores, average: state.average)
    for i in blocks.indices.reversed() {
      scratch.pooled[i].maxPoolGradient(
        choice: state.choices[i], adding: i == last ? lastFeature : skips?[i], into: scratch.blocks[i].output,
        on: workers)
      blocks[i].backward(
        i == 0 ? state.input : state.pooled[i - 1], state.blocks[i], dropout: dropout[i],
        outputGradient: scratch.blocks[i].output, scratch: scratch.blocks[i].inner,
        gradient: gradient?.encoder[i],
        inputGradient: i == 0 ? inputGradient : scratch.pooled[i - 1], on: workers)
    }
  }
}

/// The encoder's activations for one image.
public final class EncoderState<Element: Scalar>: @unchecked Sendable {
  // Invariant: used by one thread at a time, with the worker that owns it.
  package let input: FeatureMap<Element>
  let blocks: [BlockState<Element>]
  let features, pooled: [FeatureMap<Element>]
  let choices: [PoolingChoice]
  var average: [Element] = []
  var scores: [Element] = []

  /// - Parameters:
  ///   - skips: where all but the last blocks' features go (slices of the decoder's concatenations), or nil for
  ///     maps of their own.
  ///   - first: another state of the same image, whose input and first block are shared.
  ///   - borrowed: a state whose memory serves for the rest, since the two are never needed at a time.
  package init(
    size: Int, of architecture: Architecture = Architecture(), skips: [FeatureMap<Element>]? = nil,
    sharing first: EncoderState? = nil, borrowing borrowed: EncoderState? = nil
  ) {
    let widths = architecture.widths
    let sizes = widths.indices.map { size >> $0 }
    input = first?.input ?? FeatureMap(height: size, width: size, channels: 1)
    blocks = widths.indices.map { i in
      (i == 0 ? first?.blocks[0] : borrowed?.blocks[i])
        ?? BlockState(height: sizes[i], width: sizes[i], outputs: widths[i])
    }
    features =
      borrowed?.features
      ?? widths.indices.map { i in
        i < widths.count - 1 && skips != nil
          ? skips![i] : FeatureMap(height: sizes[i], width: sizes[i], channels: widths[i])
      }
    pooled =
      borrowed?.pooled
      ?? widths.indices.map {
        FeatureMap(height: sizes[$0] / 2, width: sizes[$0] / 2, channels: widths[$0])
      }
    choices =
      borrowed?.choices
      ?? widths.indices.map {
        PoolingChoice(height: sizes[$0] / 2, width: sizes[$0] / 2, channels: widths[$0])
      }
  }
}
