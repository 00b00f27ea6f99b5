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

  /// The encoder's features (already in the state's concatenations) and the saliency -> `state.logits`.
  package func forward(
    _ state: DecoderState<Element>, encoder: EncoderState<Element>, saliency: FeatureMap<Element>,
    dropout: DropoutPlan, on workers: Workers
  ) {
    var below = encoder.features[blocks.count]
    for (i, stage) in stages.enumerated() {
      let joined = state.joined[i]
      below.upsample(into: joined.slice(0, stage.below), on: workers)
      if stage.bridge > 0 {
        joined.resample(encoder.input, intoChannel: stage.below + stage.skip)
        joined.resample(saliency, intoChannel: stage.below + stage.skip + 1)
      }
      blocks[i].forward(
        joined, state.blocks[i], dropout: dropout[number(ofStage: i)], into: state.outputs[i],
        on: workers)
      below = state.outputs[i]
    }
    below.project(weights: weight, bias: bias, into: state.logits, on: workers)
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
    _ state: DecoderState<Element>, dropout: DropoutPlan, scratch: GradientScratch<Element>,
    gradient: NetworkGradient<Element>, on workers: Workers
  ) {
    state.outputs[blocks.count - 1].projectGradient(
      scratch.logits, weights: weight, weightGradient: gradient.direct["decoder.conv_last.weight"],
      biasGradient: gradient.direct["decoder.conv_last.bias"], into: scratch.blocks[0].output, on: workers
    )
    for (i, stage) in stages.enumerated().reversed() {
      let work = scratch.blocks[stage.level]
      blocks[i].backward(
        state.joined[i], state.blocks[i], dropout: dropout[number(ofStage: i)], outputGradient: work.output,
        scratch: work.inner, gradient: gradient.decoder[i], inputGradient: scratch.joined[i], on: workers)
      scratch.joined[i].slice(0, stage.below).upsampleGradient(
        into: i == 0 ? scratch.lastFeature : scratch.blocks[stage.level + 1].output, on: workers)
    }
  }
}

/// The decoder's activations for one image.
public final class DecoderState<Element: Scalar>: Sendable {
  /// Each stage's input: [below | skip | bridge], where the encoder writes its features directly.
  let joined: [FeatureMap<Element>]
  let blocks: [BlockState<Element>]
  let outputs: [FeatureMap<Element>]
  let logits: FeatureMap<Element>

  private let stages: [Architecture.Stage]

  init(size: Int, of architecture: Architecture = Architecture()) {
    stages = architecture.stages
    func map(_ stage: Architecture.Stage, _ channels: Int) -> FeatureMap<Element> {
      FeatureMap(height: size >> stage.level, width: size >> stage.level, channels: channels)
    }
    joined = stages.map { map($0, $0.inputs) }
    blocks = stages.map {
      BlockState(height: size >> $0.level, width: size >> $0.level, outputs: $0.outputs)
    }
    outputs = stages.map { map($0, $0.outputs) }
    logits = FeatureMap(height: size, width: size, channels: 1)
  }

  /// The places of the encoder's features, block 1 first.
  var skips: [FeatureMap<Element>] {
    zip(joined, stages).reversed().map { $0.slice($1.below, $1.skip) }
  }
}
