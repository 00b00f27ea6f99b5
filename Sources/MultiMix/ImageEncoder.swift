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
    for (i, block) in blocks.enumerated() {
      if i > 0 || !sharesFirstBlock {
        block.convolve(ConvolutionInput(state.read(byBlock: i)), state.blocks[i], on: workers)
      }
      block.activate(
        state.blocks[i], dropout: dropout[i], into: state.features[i], pooled: state.pooled[i],
        choice: state.choices[i], on: workers)
    }
    state.average = state.pooled[blocks.count - 1].channelMeans()
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
      let read = ConvolutionInput(state.read(byBlock: i))
      let below = i == 0 ? inputGradient : scratch.pooled[i - 1]
      let skip = i == last ? lastFeature : skips?[i]
      if skip == nil && dropout[i].isNone {
        blocks[i].backward(
          read, state.blocks[i], pooled: state.pooled[i], choice: state.choices[i],
          pooledGradient: scratch.pooled[i], scratches: (scratch.blocks[i].output, scratch.blocks[i].inner),
          gradient: gradient?.encoder[i], inputGradient: below, on: workers)
        continue
      }
      scratch.pooled[i].maxPoolGradient(
        choice: state.choices[i], adding: skip, into: scratch.blocks[i].output, on: workers)
      blocks[i].backward(
        read, state.blocks[i], dropout: dropout[i], outputGradient: scratch.blocks[i].output,
        scratch: scratch.blocks[i].inner, gradient: gradient?.encoder[i], inputGradient: below, on: workers)
    }
  }
}

/// The encoder's activations for one image.
public final class EncoderState<Element: Scalar>: @unchecked Sendable {
  // Invariant: used by one thread at a time, with the worker that owns it.
  package let input: FeatureMap<Element>
  let blocks: [BlockState<Element>]
  /// The blocks' outputs; nil where nobody but the pooling needs them. The last block's always is there.
  let features: [FeatureMap<Element>?]
  let pooled: [FeatureMap<Element>]
  let choices: [PoolingChoice]
  var average: [Element] = []
  var scores: [Element] = []

  /// - Parameters:
  ///   - keepsFeatures: whether a decoder reads what passes with dropout leave.
  ///   - first: another state of the same image, whose input and first block are shared.
  ///   - borrowed: a state whose memory serves for the rest, since the two are never needed at a time.
  package init(
    size: Int, of architecture: Architecture = Architecture(), keepsFeatures: Bool = false,
    sharing first: EncoderState? = nil, borrowing borrowed: EncoderState? = nil
  ) {
    let widths = architecture.widths
    func map(_ level: Int, halvings: Int) -> FeatureMap<Element> {
      FeatureMap(height: size >> halvings, width: size >> halvings, channels: widths[level])
    }
    input = first?.input ?? FeatureMap(height: size, width: size, channels: 1)
    blocks = widths.indices.map { i in
      (i == 0 ? first?.blocks[0] : borrowed?.blocks[i])
        ?? BlockState(map(i, halvings: i), map(i, halvings: i))
    }
    features = widths.indices.map { i in
      keepsFeatures || i == widths.count - 1 ? borrowed?.features[i] ?? map(i, halvings: i) : nil
    }
    pooled = borrowed?.pooled ?? widths.indices.map { map($0, halvings: $0 + 1) }
    choices =
      borrowed?.choices
      ?? pooled.map { PoolingChoice(height: $0.height, width: $0.width, channels: $0.channels) }
  }

  func read(byBlock i: Int) -> FeatureMap<Element> { i == 0 ? input : pooled[i - 1] }

  /// What a decoder reads of a block: its features, or where they aren't kept what they are without dropout.
  func skip(_ level: Int) -> ConvolutionInput<Element> {
    features[level].map { ConvolutionInput($0) } ?? blocks[level].output
  }

  /// The features behind the last block.
  var deepest: FeatureMap<Element> {
    guard let last = features[blocks.count - 1] else { preconditionFailure("always kept") }
    return last
  }
}
