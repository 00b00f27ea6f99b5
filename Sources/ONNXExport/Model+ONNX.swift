public import Foundation
public import MultiMix
internal import NeuralNetworks

extension Model {
  /// The network as an ONNX file's bytes, in float32. N images at once, each by itself:
  ///
  /// | input | | |
  /// |---|---|---|
  /// | `input` | [N, 1, size, size] | 0 ... 1, as `ModelInput` prepares a radiograph |
  ///
  /// | output | | |
  /// |---|---|---|
  /// | `class_logits` | [N, 2] | in the order of the model's class names |
  /// | `mask_logits` | [N, 1, size, size] | of "lung", for every pixel |
  /// | `saliency` | [N, 1, size, size] | absolute gradient of the larger class score by the pixel |
  /// | `pneumonia_probability` | [N] | calibrated: softmax(logits / temperature) |
  ///
  /// A model that draws visible lung fields, too, has `visible_mask_logits` [N, 1, size, size].
  ///
  /// A model whose classifier reads the lungs alone has a second input, `lungs_input`, of the same shape (the lungs'
  /// box, cut out and stretched as `SquareView` does it), which `class_logits` and the probability are of (or the
  /// weighted mean with the whole picture's), and
  /// `lungs_saliency`, on that box, instead of `saliency`.
  ///
  /// Inference runtimes don't differentiate, so the saliency's gradient is written out as forward operations. The
  /// results are those of ``Predictor`` up to rounding, the mirror image included where the model reads it too. The
  /// model's metadata lie in `metadata_props`, the SHA-256 of the file that it was read from among them.
  public func encodedONNX() -> Data {
    var entries = metadata.dictionary
    entries["format"] = nil  // Says of a safetensors file that it is PyTorch's.
    entries["model_sha256"] = sha256
    let side = metadata.inputSize
    return Data(
      onnxGraph.encoded(
        producer: "mmdicom",
        description: """
          \(metadata.name) \(metadata.version), a MultiMix network (arXiv 2110.13185) for chest radiographs. \
          Research use only, not for diagnosis. input: [N, 1, \(side), \(side)], 0 to 1, as mmdicom prepares a \
          radiograph.
          """, metadata: entries))
  }

  package var onnxGraph: ONNXGraph { ONNXNetwork(self).graph }
}

/// A model's network as an ONNX graph.
private struct ONNXNetwork {
  private let model: Model
  private(set) var graph = ONNXGraph(name: "multimix")
  /// Whether the lungs alone are being read.
  private var isReading = false

  private typealias Value = ONNXGraph.Value

  /// Convolution, instance norm and leaky ReLU, as its gradient needs it.
  private struct Layer {
    let weight: Value
    let normalized: ONNXGraph.Normalized
  }

  /// One block of the encoder, as the gradient of its input needs it.
  private struct Block {
    let layers: [Layer]
    let features: Value
    let channels: Int
    /// Height and width of the pooled features.
    let pooledSide: Int
  }

  init(_ model: Model) {
    self.model = model
    let side = model.metadata.inputSize
    let plane: [ONNXGraph.Dimension] = [.batch, .fixed(1), .fixed(side), .fixed(side)]
    let input = graph.addInput("input", plane)
    var answer = answer(input)
    if model.metadata.testTimeFlip {
      let other = self.answer(mirrored(input))
      answer.scores = mean(answer.scores, other.scores)
      answer.mask = mean(answer.mask, mirrored(other.mask))
      if let one = answer.visible, let other = other.visible { answer.visible = mean(one, mirrored(other)) }
      answer.saliency = mean(answer.saliency, mirrored(other.saliency))
    }
    var saliencyName = "saliency"
    if model.metadata.view == .lungs {
      // Where the lungs are is the caller's to find, in `mask_logits`; what they look like closely is in no `input`.
      let close = finding(graph.addInput("lungs_input", plane))
      let weight = Float(model.metadata.lungsWeight)
      answer.scores = graph.apply(
        "Add", graph.apply("Mul", close.scores, graph.scalar(weight)),
        graph.apply("Mul", answer.scores, graph.scalar(1 - weight)))
      answer.saliency = close.saliency
      saliencyName = "lungs_saliency"
    }
    graph.addOutput(answer.scores, as: "class_logits", [.batch, .fixed(Architecture.classes)])
    graph.addOutput(answer.mask, as: "mask_logits", plane)
    if let visible = answer.visible { graph.addOutput(visible, as: "visible_mask_logits", plane) }
    graph.addOutput(answer.saliency, as: saliencyName, plane)
    graph.addOutput(pneumoniaProbability(answer.scores), as: "pneumonia_probability", [.batch])
  }

  /// What the classifier says of the lungs alone.
  private mutating func finding(_ lungs: Value) -> (scores: Value, saliency: Value) {
    isReading = true
    defer { isReading = false }
    func read(_ images: Value) -> (scores: Value, saliency: Value) {
      let (blocks, scores) = encode(images)
      return (scores, saliency(blocks, scores: scores))
    }
    let one = read(lungs)
    guard model.metadata.testTimeFlip else { return one }
    let other = read(mirrored(lungs))
    return (mean(one.scores, other.scores), mean(one.saliency, mirrored(other.saliency)))
  }

  /// What the network says of each image.
  private mutating func answer(
    _ images: Value
  ) -> (scores: Value, mask: Value, visible: Value?, saliency: Value) {
    let (blocks, scores) = encode(images)
    let saliency = saliency(blocks, scores: scores)
    let features = decode(images, blocks, saliency: saliency)
    let mask = pixelwise(
      features, parameter("decoder.conv_last.weight"), parameter("decoder.conv_last.bias"))
    var visible: Value?
    if model.visibleLungs != nil {
      visible = pixelwise(
        features, parameter("decoder.conv_last_visible.weight"), parameter("decoder.conv_last_visible.bias"))
    }
    return (scores, mask, visible, saliency)
  }

  private mutating func pixelwise(_ features: Value, _ weight: Value, _ bias: Value) -> Value {
    graph.apply("Conv", features, weight, bias, attributes: ["kernel_shape": .integers([1, 1])])
  }

  /// Every row from right to left.
  private mutating func mirrored(_ planes: Value) -> Value { graph.reversed(planes, axes: [3]) }

  private mutating func mean(_ a: Value, _ b: Value) -> Value {
    graph.apply("Div", graph.apply("Add", a, b), graph.scalar(Float(2)))
  }

  /// The model's parameter of that name; the reader's, where it has one and that is at work.
  private mutating func parameter(_ name: String) -> Value {
    if isReading, let reader = model.reader, let entry = reader.layout.entry("lungs." + name) {
      return graph.constant(entry.name, entry.shape, .float32(reader.values(entry.name)))
    }
    if let visible = model.visibleLungs, let entry = visible.layout.entry(name) {
      return graph.constant(entry.name, entry.shape, .float32(visible.values(entry.name)))
    }
    let shape = model.parameters.layout.entry(name)?.shape ?? []
    return graph.constant(name, shape, .float32(model.parameters.values(name)))
  }

  // MARK: blocks

  private var slope: Float { Float(ConvolutionBlock<Float>.slope) }

  /// The convolutions' biases are left out: the instance norm behind each takes them out again, and what isn't
  /// added isn't rounded.
  private mutating func block(_ input: Value, _ name: String) -> (features: Value, layers: [Layer]) {
    var x = input
    var layers: [Layer] = []
    for place in [0, 3] {
      let weight = parameter("\(name).\(place).weight")
      let normalized = graph.instanceNorm(graph.convolution(x, weight: weight))
      layers.append(Layer(weight: weight, normalized: normalized))
      x = graph.leakyReLU(normalized.x, slope: slope)
    }
    return (x, layers)
  }

  /// The gradient of a block's features -> that of its input.
  private mutating func blockInputGradient(_ featureGradient: Value, _ layers: [Layer]) -> Value {
    var gradient = featureGradient
    for layer in layers.reversed() {
      gradient = graph.leakyReLUGradient(gradient, of: layer.normalized.x, slope: slope)
      gradient = graph.instanceNormGradient(gradient, layer.normalized)
      gradient = graph.convolutionInputGradient(gradient, weight: layer.weight)
    }
    return gradient
  }

  // MARK: encoder and saliency

  private mutating func encode(_ input: Value) -> (blocks: [Block], scores: Value) {
    var x = input
    var blocks: [Block] = []
    for (i, channels) in model.metadata.architecture.widths.enumerated() {
      let (features, layers) = block(x, Architecture.encoderBlock(i))
      blocks.append(
        Block(
          layers: layers, features: features, channels: channels,
          pooledSide: model.metadata.inputSize >> (i + 1)))
      x = graph.maxPool(features)
    }
    let average = graph.apply("Flatten", graph.apply("GlobalAveragePool", x))
    let scores = graph.apply(
      "Gemm", average, parameter("encoder.fc.weight"), parameter("encoder.fc.bias"),
      attributes: ["transB": .integer(1)])
    return (blocks, scores)
  }

  /// The gradient of a score by the average of the last pooled features is that score's row of weights; each of
  /// the pixels has an equal share in it.
  private mutating func saliency(_ blocks: [Block], scores: Value) -> Value {
    let largest = graph.apply("ArgMax", scores, attributes: ["axis": .integer(1), "keepdims": .integer(0)])
    let row = graph.apply(
      "Gather", parameter("encoder.fc.weight"), largest, attributes: ["axis": .integer(0)])
    let pixels = blocks.last.map { $0.pooledSide * $0.pooledSide } ?? 1
    var gradient = graph.apply(
      "Unsqueeze", graph.apply("Div", row, graph.scalar(Float(pixels))), graph.list([2, 3]))
    for block in blocks.reversed() {
      gradient = graph.maxPoolGradient(
        gradient, of: block.features, channels: block.channels, side: block.pooledSide)
      gradient = blockInputGradient(gradient, block.layers)
    }
    return graph.apply("Abs", gradient)
  }

  private mutating func pneumoniaProbability(_ scores: Value) -> Value {
    let cooled = graph.apply("Div", scores, graph.scalar(Float(model.metadata.temperature)))
    let probabilities = graph.apply("Softmax", cooled, attributes: ["axis": .integer(1)])
    return graph.apply(
      "Gather", probabilities, graph.scalar(model.metadata.pneumoniaIndex), attributes: ["axis": .integer(1)])
  }

  // MARK: decoder

  /// The last stage's features.
  private mutating func decode(_ input: Value, _ blocks: [Block], saliency: Value) -> Value {
    var below = blocks[blocks.count - 1].features
    for (i, stage) in model.metadata.architecture.stages.enumerated() {
      let doubled = graph.resize(below, by: 2)
      let skip = blocks[blocks.count - 2 - i].features
      let joined =
        stage.bridge > 0
        ? graph.apply(
          "Concat", doubled, skip, bridge(input, saliency, level: stage.level),
          attributes: ["axis": .integer(1)])
        : graph.apply("Concat", doubled, skip, attributes: ["axis": .integer(1)])
      below = block(joined, stage.name).features
    }
    return below
  }

  /// Image and saliency, halved `level` times. A system without the saliency bridge has zeros in its place.
  private mutating func bridge(_ input: Value, _ saliency: Value, level: Int) -> Value {
    let second =
      model.metadata.system.bridgesSaliency ? saliency : graph.apply("Mul", input, graph.scalar(Float(0)))
    return graph.resize(
      graph.apply("Concat", input, second, attributes: ["axis": .integer(1)]), by: 1 / Float(1 << level))
  }
}
