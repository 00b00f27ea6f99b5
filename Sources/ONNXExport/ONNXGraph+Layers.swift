/// The network's layers and their input gradients as ONNX's forward operators. Maps are [N, channels, height,
/// width].
extension ONNXGraph {
  // MARK: 3x3 convolution, stride 1, padding 1, without bias

  /// - Parameter weight: [outputs, inputs, 3, 3].
  package mutating func convolution(_ x: Value, weight: Value) -> Value {
    apply(
      "Conv", x, weight, attributes: ["kernel_shape": .integers([3, 3]), "pads": .integers([1, 1, 1, 1])])
  }

  /// dy -> dx: a convolution again, inputs and outputs exchanged and the filters turned by 180 degrees, which a
  /// runtime does once, when it loads the graph. (ConvTranspose is the operator for it, but OpenVINO 2026 computes
  /// it wrongly where it shares its weights with Conv.)
  package mutating func convolutionInputGradient(_ dy: Value, weight: Value) -> Value {
    let exchanged = apply("Transpose", weight, attributes: ["perm": .integers([1, 0, 2, 3])])
    return convolution(dy, weight: reversed(exchanged, axes: [2, 3]))
  }

  /// The elements along these axes from the last to the first.
  package mutating func reversed(_ x: Value, axes: [Int]) -> Value {
    let last = list(axes.map { _ in -1 })
    let beforeFirst = list(axes.map { _ in Int(Int32.min) })
    return apply("Slice", x, last, beforeFirst, list(axes), last)
  }

  // MARK: instance norm

  /// x = (y - mean) / deviation, by channel.
  package struct Normalized: Sendable {
    package let x: Value
    /// sqrt(variance + 1e-5): [N, channels, 1, 1].
    package let deviation: Value
  }

  package mutating func instanceNorm(_ y: Value) -> Normalized {
    let centred = apply("Sub", y, channelMean(y))
    let variance = channelMean(apply("Mul", centred, centred))
    let deviation = apply("Sqrt", apply("Add", variance, scalar(Float(1e-5))))
    return Normalized(x: apply("Div", centred, deviation), deviation: deviation)
  }

  /// dy = (dx - mean(dx) - x mean(dx x)) / deviation.
  package mutating func instanceNormGradient(_ dx: Value, _ normalized: Normalized) -> Value {
    let alongX = apply("Mul", normalized.x, channelMean(apply("Mul", dx, normalized.x)))
    let across = apply("Sub", apply("Sub", dx, channelMean(dx)), alongX)
    return apply("Div", across, normalized.deviation)
  }

  private mutating func channelMean(_ x: Value) -> Value {
    apply("ReduceMean", x, attributes: ["axes": .integers([2, 3]), "keepdims": .integer(1)])
  }

  // MARK: leaky ReLU

  /// x where x > 0, else slope x.
  package mutating func leakyReLU(_ x: Value, slope: Float) -> Value {
    apply("LeakyRelu", x, attributes: ["alpha": .float(slope)])
  }

  /// dx = da where x > 0, else slope da.
  package mutating func leakyReLUGradient(_ da: Value, of x: Value, slope: Float) -> Value {
    apply("Where", apply("Greater", x, scalar(Float(0))), da, apply("Mul", da, scalar(slope)))
  }

  // MARK: 2x2 maximum, stride 2

  package mutating func maxPool(_ x: Value) -> Value {
    apply("MaxPool", x, attributes: ["kernel_shape": .integers([2, 2]), "strides": .integers([2, 2])])
  }

  /// dx: dy where the maximum came from, zero elsewhere. The first of equals gets all, in the order (0, 0), (0, 1),
  /// (1, 0), (1, 1): ArgMax promises the first, which MaxPool's own indices do not.
  /// - Parameters:
  ///   - dy: [N, channels, side, side], or broadcast to it.
  ///   - x: what was pooled: [N, channels, 2 side, 2 side].
  package mutating func maxPoolGradient(_ dy: Value, of x: Value, channels: Int, side: Int) -> Value {
    // [N, 4, channels, side, side]: each square's pixels along an axis of their own.
    let squares = apply(
      "Reshape", apply("SpaceToDepth", x, attributes: ["blocksize": .integer(2)]),
      list([-1, 4, channels, side, side]))
    let choice = apply(
      "ArgMax", squares,
      attributes: ["axis": .integer(1), "keepdims": .integer(1), "select_last_index": .integer(0)])
    let places = constant("places of a square", [4, 1, 1, 1], .int64([0, 1, 2, 3]))
    let dSquares = apply(
      "Where", apply("Equal", choice, places), apply("Unsqueeze", dy, list([1])), scalar(Float(0)))
    return apply(
      "DepthToSpace", apply("Reshape", dSquares, list([-1, 4 * channels, side, side])),
      attributes: ["blocksize": .integer(2)])
  }

  // MARK: bilinear interpolation, corners aligned

  package mutating func resize(_ x: Value, by factor: Float) -> Value {
    apply(
      "Resize", x, .none, constant("scale by \(factor)", [4], .float32([1, 1, factor, factor])),
      attributes: ["mode": .text("linear"), "coordinate_transformation_mode": .text("align_corners")])
  }
}
