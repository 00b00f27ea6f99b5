internal import NeuralNetworks
public import Tensors

/// The decoder: at each stage the features below, bilinearly doubled, beside the encoder's features of the
/// same size (and, at the first, the bridge: image and saliency at 1/8), through a block; then 1x1 to one
/// logit per pixel.
public struct Decoder<Element: Scalar>: Sendable {
  /// Stages from the deepest: name, channels from below, from the encoder, from the bridge, out.
  struct Stage: Sendable {
    let name: String
    let below, skip, bridge, outputs: Int
    var inputs: Int { below + skip + bridge }
  }
  static var stages: [Stage] {
    [
      Stage(name: "decoder.dconv_up4", below: 256, skip: 128, bridge: 2, outputs: 128),
      Stage(name: "decoder.dconv_up3", below: 128, skip: 64, bridge: 0, outputs: 64),
      Stage(name: "decoder.dconv_up2", below: 64, skip: 32, bridge: 0, outputs: 32),
      Stage(name: "decoder.dconv_up1", below: 32, skip: 16, bridge: 0, outputs: 16),
    ]
  }

  let blocks: [ConvolutionBlock<Element>]
  let weight, bias: MemorySlice<Element>

  static func declare(in layout: inout ParameterLayout) {
    for stage in stages {
      ConvolutionBlock<Element>.declare(
        stage.name, inputs: stage.inputs, outputs: stage.outputs, in: &layout)
    }
    layout.add("decoder.conv_last.weight", [1, 16, 1, 1])
    layout.add("decoder.conv_last.bias", [1])
  }

  init(_ parameters: Parameters<Element>) {
    blocks = Self.stages.map {
      ConvolutionBlock($0.name, inputs: $0.inputs, outputs: $0.outputs, parameters: parameters)
    }
    weight = parameters["decoder.conv_last.weight"]
    bias = parameters["decoder.conv_last.bias"]
  }

  /// The encoder's features (already in the state's concatenations) and the saliency -> `state.logits`.
  package func forward(
    _ state: DecoderState<Element>, encoder: EncoderState<Element>, saliency: FeatureMap<Element>,
    dropout: DropoutPlan, on workers: Workers
  ) {
    var below = encoder.features[4]
    for (i, stage) in Self.stages.enumerated() {
      let joined = state.joined[i]
      below.upsample(into: joined.slice(0, stage.below), on: workers)
      if stage.bridge > 0 {
        joined.resample(encoder.input, intoChannel: stage.below + stage.skip)
        joined.resample(saliency, intoChannel: stage.below + stage.skip + 1)
      }
      blocks[i].forward(joined, state.blocks[i], dropout: dropout[5 + i], into: state.outputs[i], on: workers)
      below = state.outputs[i]
    }
    below.project(weights: weight, bias: bias, into: state.logits, on: workers)
  }

  /// From the gradient of the logits in `scratch.logits` to those of the weights; the gradients of the
  /// encoder's features lie in `scratch.skips` and `scratch.lastFeature` afterwards.
  func backward(
    _ state: DecoderState<Element>, dropout: DropoutPlan, scratch: GradientScratch<Element>,
    gradient: NetworkGradient<Element>, on workers: Workers
  ) {
    state.outputs[3].projectGradient(
      scratch.logits, weights: weight, weightGradient: gradient.parameters["decoder.conv_last.weight"],
      biasGradient: gradient.parameters["decoder.conv_last.bias"], into: scratch.levels[0].0, on: workers)
    for (i, stage) in Self.stages.enumerated().reversed() {
      let level = 3 - i
      blocks[i].backward(
        state.joined[i], state.blocks[i], dropout: dropout[5 + i], outputGradient: scratch.levels[level].0,
        scratch: scratch.levels[level].1, gradient: gradient.decoder[i], inputGradient: scratch.joined[i],
        on: workers)
      scratch.joined[i].slice(0, stage.below).upsampleGradient(
        into: i == 0 ? scratch.lastFeature : scratch.levels[level + 1].0, on: workers)
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

  init(size: Int) {
    let stages = Decoder<Element>.stages
    let sizes = stages.indices.map { size >> (3 - $0) }
    joined = stages.indices.map {
      FeatureMap(height: sizes[$0], width: sizes[$0], channels: stages[$0].inputs)
    }
    blocks = stages.indices.map {
      BlockState(height: sizes[$0], width: sizes[$0], outputs: stages[$0].outputs)
    }
    outputs = stages.indices.map {
      FeatureMap(height: sizes[$0], width: sizes[$0], channels: stages[$0].outputs)
    }
    logits = FeatureMap(height: size, width: size, channels: 1)
  }

  /// The places of the encoder's features, block 1 first.
  var skips: [FeatureMap<Element>] {
    (0..<4).map {
      joined[3 - $0].slice(Decoder<Element>.stages[3 - $0].below, Decoder<Element>.stages[3 - $0].skip)
    }
  }
}
