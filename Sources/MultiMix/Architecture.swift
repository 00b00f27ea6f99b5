public import NeuralNetworks

/// The form of a MultiMix network: all that the names and shapes of its parameters follow from, and the side of the
/// images that it reads. By default the paper's. A model file carries it.
public struct Architecture: Sendable, Equatable {
  /// Channels of the encoder's blocks. The first works at the image's own size, each further one at half the size
  /// of the one before; the decoder climbs back through the same widths.
  public var widths: [Int]
  /// Height and width in pixels that images are resized to. Training may show smaller ones.
  public var inputSize: Int

  public static let paperWidths = [16, 32, 64, 128, 256]
  /// Scores of the class head.
  public static let classes = 2

  public init(widths: [Int] = Self.paperWidths, inputSize: Int = 256) {
    self.widths = widths
    self.inputSize = inputSize
  }

  /// The side of an image must be a multiple of it: every block's features are pooled by two.
  public var stride: Int { 1 << widths.count }

  /// Whether images of this side in pixels can go through.
  public func takes(size: Int) -> Bool { size >= stride && size % stride == 0 }

  /// What is wrong with it, in a line; nil where a network of this form can be built.
  public var problem: String? {
    if !(2...8).contains(widths.count) { return "\(widths.count) widths: from 2 to 8" }
    if widths.contains(where: { $0 < 16 || $0 > 1024 || $0 % 16 != 0 }) {
      return "widths \(widths): multiples of 16, of which two neighbours come to at most 1024"
    }
    if let stage = stages.first(where: { $0.inputs > 1024 }) {
      return "widths \(widths): \(stage.name) would take \(stage.inputs) channels, more than 1024"
    }
    return takes(size: inputSize) && inputSize <= 4096
      ? nil : "input size \(inputSize): a multiple of \(stride) up to 4096"
  }

  /// A stage of the decoder: features from below, doubled, beside the encoder's of the same size and the bridge.
  public struct Stage: Sendable, Equatable {
    /// Of its block's parameters.
    public let name: String
    /// The encoder's block (from 0) of the same size; the stage works on images halved so many times.
    public let level: Int
    /// Channels from below, from the encoder, from the bridge, and out.
    public let below, skip, bridge, outputs: Int
    public var inputs: Int { below + skip + bridge }
  }

  /// From the deepest. The bridge (image and saliency) joins the first.
  public var stages: [Stage] {
    widths.indices.dropLast().reversed().map { level in
      Stage(
        name: "decoder.dconv_up\(level + 1)", level: level, below: widths[level + 1], skip: widths[level],
        bridge: level == widths.count - 2 ? 2 : 0, outputs: widths[level])
    }
  }

  /// What the parameters of the encoder's block `level` (from 0) are called.
  public static func encoderBlock(_ level: Int) -> String { "encoder.dconv_down\(level + 1)" }

  /// Channels that the encoder's block `level` takes.
  func inputs(ofBlock level: Int) -> Int { level == 0 ? 1 : widths[level - 1] }

  /// What the names of a second encoder begin with, which reads the lungs alone: see ``Model/reader``.
  static let readerPrefix = "lungs."

  /// Names and shapes of that encoder.
  public var readerLayout: ParameterLayout {
    var reader = ParameterLayout()
    for entry in layout.entries where entry.name.hasPrefix("encoder.") {
      reader.add(Self.readerPrefix + entry.name, entry.shape)
    }
    return reader
  }

  /// What the names of a second last layer begin with, which draws lung fields as they are seen: see
  /// ``Model/visibleLungs``.
  static let visiblePrefix = "decoder.conv_last_visible."

  /// Names and shapes of that layer.
  public var visibleLayout: ParameterLayout {
    var layout = ParameterLayout()
    layout.add(Self.visiblePrefix + "weight", [1, widths[0], 1, 1])
    layout.add(Self.visiblePrefix + "bias", [1])
    return layout
  }

  /// Names and shapes as in the published PyTorch module's `state_dict`.
  public var layout: ParameterLayout {
    var layout = ParameterLayout()
    for (level, width) in widths.enumerated() {
      ConvolutionBlock<Float>.declare(
        Self.encoderBlock(level), inputs: inputs(ofBlock: level), outputs: width, in: &layout)
    }
    layout.add("encoder.fc.weight", [Self.classes, widths[widths.count - 1]])
    layout.add("encoder.fc.bias", [Self.classes])
    for stage in stages {
      ConvolutionBlock<Float>.declare(stage.name, inputs: stage.inputs, outputs: stage.outputs, in: &layout)
    }
    layout.add("decoder.conv_last.weight", [1, widths[0], 1, 1])
    layout.add("decoder.conv_last.bias", [1])
    return layout
  }
}
