internal import NeuralNetworks
public import Tensors

/// The decoder: at each stage the features below, bilinearly doubled, beside the encoder's features of the
/// same size (and, at the first, the bridge: image and saliency at its size), through a block; then 1x1 to one
/// logit per pixel.
public struct MaskDecoder<Element: Scalar>: Sendable {
  let stages: [Architecture.Stage]
  let blocks: [ConvolutionBlock<Element>]
  let weight, bias: MemorySlice<Element>

  /// - Parameter goesBackward: whether gradients will be asked for.
  init(_ parameters: Parameters<Element>, _ architecture: Architecture, goesBackward: Bool) {
    stages = architecture.stages
    blocks = stages.map {
      ConvolutionBlock(
        $0.name, inputs: $0.inputs, outputs: $0.outputs, parameters: parameters, goesBackward: goesBackward)
    }
    weight = parameters["decoder.conv_last.weight"]
    bias = parameters["decoder.conv_last.bias"]
  }

  /// The number of a stage's block among the network's, which its dropout goes by.
  private func number(ofStage i: Int) -> Int { blocks.count + 1 + i }

  /// The encoder's features and the saliency -> `state.logits`.
  package func forward(
    _ state: DecoderState<Element>, encoder: EncoderState<Element>, saliency: FeatureMap<Element>,
    dropout: DropoutPlan, on workers: Workers
  ) {
    precondition(dropout.isNone || encoder.features.allSatisfy { $0 != nil })
    if let bridge = state.bridge {
      bridge.resample(encoder.input, intoChannel: 0)
      bridge.resample(saliency, intoChannel: 1)
    }
    for i in stages.indices {
      blocks[i].convolve(input(i, state, encoder), state.blocks[i], on: workers)
      blocks[i].activate(
        state.blocks[i], dropout: dropout[number(ofStage: i)], into: state.outputs[i], on: workers)
    }
    state.outputs[blocks.count - 1].project(weights: weight, bias: bias, into: state.logits, on: workers)
  }

  /// What a stage's block reads: [below | skip | bridge].
  private func input(_ i: Int, _ state: DecoderState<Element>, _ encoder: EncoderState<Element>)
    -> ConvolutionInput<Element>
  {
    let skip = encoder.skip(stages[i].level)
    let below = i == 0 ? encoder.deepest : state.outputs[i - 1]
    let parts = [.upsampled(below, height: skip.height, width: skip.width), skip]
    guard stages[i].bridge > 0, let bridge = state.bridge else { return .joined(parts) }
    return .joined(parts + [ConvolutionInput(bridge)])
  }

  /// What another last layer makes of the features behind the logits, one value per pixel.
  func answer(
    _ state: DecoderState<Element>, weight: MemorySlice<Element>, bias: MemorySlice<Element>,
    on workers: Workers
  ) -> [Element] {
    let features = state.outputs[blocks.count - 1]
    let answer = FeatureMap<Element>(height: features.height, width: features.width, channels: 1)
    features.project(weights: weight, bias: bias, into: answer, on: workers)
    return answer.plane()
  }

  /// From the gradient of the logits in `scratch.logits` to those of the weights; the gradients of the
  /// encoder's features lie in `scratch.skips` and `scratch.lastFeature` afterwards.
  func backward(
    _ state: DecoderState<Element>, encoder: EncoderState<Element>, dropout: DropoutPlan,
    scratch: GradientScratch<Element>, gradient: NetworkGradient<Element>, on workers: Workers
  ) {
    state.outputs[blocks.count - 1].projectGradient(
      scratch.logits, weights: weight, weightGradient: gradient.direct["decoder.conv_last.weight"],
      biasGradient: gradient.direct["decoder.conv_last.bias"], into: scratch.blocks[0].output, on: workers
    )
    for (i, stage) in stages.enumerated().reversed() {
      let work = scratch.blocks[stage.level]
      blocks[i].backward(
        input(i, state, encoder), state.blocks[i], dropout: dropout[number(ofStage: i)],
        outputGradient: work.output, scratch: work.inner, gradient: gradient.decoder[i],
        inputGradient: scratch.joined[i], on: workers)
      scratch.joined[i].slice(0, stage.below).upsampleGradient(
        into: i == 0 ? scratch.lastFeature : scratch.blocks[stage.level + 1].output, on: workers)
    }
  }
}

/// The decoder's activations for one image.
public final class DecoderState<Element: Scalar>: Sendable {
  /// Image and saliency at the first stage's size.
  let bridge: FeatureMap<Element>?
  let blocks: [BlockState<Element>]
  let outputs: [FeatureMap<Element>]
  let logits: FeatureMap<Element>

  /// - Parameter scratch: whose memory serves for all but the logits, where no gradients of this state will be asked
  ///   for and the scratch isn't used until its outputs were.
  init(
    size: Int, of architecture: Architecture = Architecture(), in scratch: GradientScratch<Element>? = nil
  ) {
    func map(_ stage: Architecture.Stage, _ channels: Int) -> FeatureMap<Element> {
      FeatureMap(height: size >> stage.level, width: size >> stage.level, channels: channels)
    }
    let stages = architecture.stages
    bridge = stages.first { $0.bridge > 0 }.map { map($0, FeatureMap<Element>.padded($0.bridge)) }
    if let scratch {
      blocks = stages.map { BlockState(scratch.blocks[$0.level].inner, scratch.blocks[$0.level].output) }
      // Normalised in place.
      outputs = stages.map { scratch.blocks[$0.level].output }
    } else {
      blocks = stages.map { BlockState(map($0, $0.outputs), map($0, $0.outputs)) }
      outputs = stages.map { map($0, $0.outputs) }
    }
    logits = FeatureMap(height: size, width: size, channels: 1)
  }
}
