public import Tensors

/// The network's building block: twice (convolution 3x3, instance norm, leaky ReLU 0.2), then dropout.
/// Parameters `<name>.0.weight`, `.0.bias`, `.3.weight`, `.3.bias`, as in PyTorch's `Sequential`.
public struct ConvolutionBlock<Element: Scalar>: Sendable {
  public let name: String
  public let inputs, outputs: Int
  let first: ConvolutionLayer<Element>
  let second: ConvolutionLayer<Element>

  public static var slope: Double { 0.2 }

  public static func declare(_ name: String, inputs: Int, outputs: Int, in layout: inout ParameterLayout) {
    layout.add("\(name).0.weight", [outputs, inputs, 3, 3])
    layout.add("\(name).0.bias", [outputs])
    layout.add("\(name).3.weight", [outputs, outputs, 3, 3])
    layout.add("\(name).3.bias", [outputs])
  }

  /// - Parameter goesBackward: whether gradients will be asked for.
  public init(
    _ name: String, inputs: Int, outputs: Int, parameters: Parameters<Element>, goesBackward: Bool = true
  ) {
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    first = ConvolutionLayer(
      "\(name).0", inputs: inputs, outputs: outputs, parameters: parameters, goesBackward: goesBackward)
    second = ConvolutionLayer(
      "\(name).3", inputs: outputs, outputs: outputs, parameters: parameters, goesBackward: goesBackward)
  }

  /// Names of the parameters whose gradient is added up directly: the weights of a convolution of a plane.
  public var directParameters: [String] {
    [first, second].filter(\.isOfPlane).map { $0.name + ".weight" }
  }

  /// After the parameters changed.
  public func refresh(on workers: Workers) {
    first.refresh(on: workers)
    second.refresh(on: workers)
  }

  /// x [h, w, inputs] -> the state's convolutions, which one of the two below makes an output of. The activations
  /// between them are never written: the second convolution normalises what it reads.
  public func convolve(_ x: ConvolutionInput<Element>, _ state: BlockState<Element>, on workers: Workers) {
    first.forward(x, into: state.y1, statistics: state.statistics1, on: workers)
    second.forward(state.between, into: state.y2, statistics: state.statistics2, on: workers)
  }

  /// The state's convolutions -> output [h, w, outputs]; again with another dropout where one likes.
  public func activate(
    _ state: BlockState<Element>, dropout: Dropout, into output: FeatureMap<Element>, on workers: Workers
  ) {
    state.y2.normalize(state.statistics2, slope: Self.slope, dropout: dropout, into: output, on: workers)
  }

  /// The same and its 2x2 maximum, or that alone.
  public func activate(
    _ state: BlockState<Element>, dropout: Dropout, into output: FeatureMap<Element>?,
    pooled: FeatureMap<Element>, choice: PoolingChoice, on workers: Workers
  ) {
    state.y2.normalizePool(
      state.statistics2, slope: Self.slope, dropout: dropout, into: output, pooled: pooled, choice: choice,
      on: workers)
  }

  /// - Parameters:
  ///   - x: what `convolve` read.
  ///   - outputGradient: [h, w, outputs]; overwritten.
  ///   - scratch: [h, w, outputs]; overwritten.
  ///   - gradient: where the weights' gradients are added, or nil where only the input's is wanted.
  ///   - inputGradient: [h, w, inputs], or nil where nothing below needs it.
  public func backward(
    _ x: ConvolutionInput<Element>, _ state: BlockState<Element>, dropout: Dropout,
    outputGradient: FeatureMap<Element>, scratch: FeatureMap<Element>, gradient: BlockGradient<Element>?,
    inputGradient: FeatureMap<Element>?, on workers: Workers
  ) {
    state.y2.normalizeGradient(
      state.statistics2, slope: Self.slope, dropout: dropout, gradient: outputGradient, on: workers)
    convolveBackward(
      x, state, outputGradient, scratch: scratch, gradient: gradient, inputGradient: inputGradient,
      on: workers)
  }

  /// The same where nothing but a 2x2 maximum was made of the block's output, without dropout.
  /// - Parameters:
  ///   - pooled: that maximum, [h / 2, w / 2, outputs], and where it was found.
  ///   - pooledGradient: its gradient.
  ///   - scratches: [h, w, outputs] each; overwritten.
  public func backward(
    _ x: ConvolutionInput<Element>, _ state: BlockState<Element>, pooled: FeatureMap<Element>,
    choice: PoolingChoice, pooledGradient: FeatureMap<Element>,
    scratches: (FeatureMap<Element>, FeatureMap<Element>), gradient: BlockGradient<Element>?,
    inputGradient: FeatureMap<Element>?, on workers: Workers
  ) {
    state.y2.normalizePoolGradient(
      state.statistics2, slope: Self.slope, pooled: pooled, choice: choice, gradient: pooledGradient,
      into: scratches.0, on: workers)
    convolveBackward(
      x, state, scratches.0, scratch: scratches.1, gradient: gradient, inputGradient: inputGradient,
      on: workers)
  }

  /// - Parameter dy: the gradient of the second convolution.
  private func convolveBackward(
    _ x: ConvolutionInput<Element>, _ state: BlockState<Element>, _ dy: FeatureMap<Element>,
    scratch: FeatureMap<Element>, gradient: BlockGradient<Element>?, inputGradient: FeatureMap<Element>?,
    on workers: Workers
  ) {
    second.backward(
      state.between, outputGradient: dy, gradient: gradient?.second, inputGradient: scratch, on: workers)
    state.y1.normalizeGradient(
      state.statistics1, slope: Self.slope, dropout: .none, gradient: scratch, on: workers)
    first.backward(
      x, outputGradient: scratch, gradient: gradient?.first, inputGradient: inputGradient, on: workers)
  }
}

/// What a block keeps of one image for its backward pass.
public final class BlockState<Element: Scalar>: Sendable {
  /// Outputs of the convolutions.
  let y1, y2: FeatureMap<Element>
  let statistics1, statistics2: InstanceStatistics<Element>

  public convenience init(height: Int, width: Int, outputs: Int) {
    self.init(
      FeatureMap(height: height, width: width, channels: outputs),
      FeatureMap(height: height, width: width, channels: outputs))
  }

  /// In maps of somebody else, [h, w, outputs] each.
  public init(_ y1: FeatureMap<Element>, _ y2: FeatureMap<Element>) {
    self.y1 = y1
    self.y2 = y2
    statistics1 = InstanceStatistics(channels: y1.channels)
    statistics2 = InstanceStatistics(channels: y2.channels)
  }

  /// What the second convolution reads.
  var between: ConvolutionInput<Element> {
    .normalized(y1, statistics1, slope: ConvolutionBlock<Element>.slope)
  }

  /// The block's output without dropout, for a convolution to read.
  public var output: ConvolutionInput<Element> {
    .normalized(y2, statistics2, slope: ConvolutionBlock<Element>.slope)
  }
}

/// Sums of a block's weight gradients over several images. Those of planes go straight to a place of their own; the
/// others gather in the Winograd domain.
public struct BlockGradient<Element: Scalar>: Sendable {
  let first, second: LayerGradient<Element>

  /// - Parameter direct: has the parameters that ``ConvolutionBlock/directParameters`` names.
  public init(_ block: ConvolutionBlock<Element>, direct: Parameters<Element>) {
    first = LayerGradient(block.first, direct: direct)
    second = LayerGradient(block.second, direct: direct)
  }

  /// Adds the sums to the parameters' gradient, but for the direct ones, and starts them again from zero.
  public func finish(into gradient: Parameters<Element>, on workers: Workers) {
    first.finish(into: gradient, on: workers)
    second.finish(into: gradient, on: workers)
  }
}

/// A 3x3 convolution and its parameters. Its bias stands before an instance norm, which takes it out again, so it
/// isn't added, and its gradient, which is exactly zero, isn't computed: in a constant map a bias would leave
/// nothing but its rounding errors, made larger by the norm.
struct ConvolutionLayer<Element: Scalar>: Sendable {
  let name: String
  let weight: MemorySlice<Element>
  let inputs, outputs: Int
  /// Nil for a plane as input.
  let filter: ConvolutionFilter<Element>?

  init(_ name: String, inputs: Int, outputs: Int, parameters: Parameters<Element>, goesBackward: Bool) {
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    weight = parameters[name + ".weight"]
    filter =
      inputs == 1 ? nil : ConvolutionFilter(inputs: inputs, outputs: outputs, goesBackward: goesBackward)
  }

  var isOfPlane: Bool { filter == nil }

  func refresh(on workers: Workers) { filter?.refresh(from: weight, on: workers) }

  func forward(
    _ x: ConvolutionInput<Element>, into y: FeatureMap<Element>, statistics: InstanceStatistics<Element>,
    on workers: Workers
  ) {
    if let filter {
      x.convolve(filter, into: y, statistics: statistics, on: workers)
    } else {
      x.convolvePlane(weights: weight, into: y, statistics: statistics, on: workers)
    }
  }

  func backward(
    _ x: ConvolutionInput<Element>, outputGradient dy: FeatureMap<Element>, gradient: LayerGradient<Element>?,
    inputGradient dx: FeatureMap<Element>?, on workers: Workers
  ) {
    gradient?.accumulate(x, dy, on: workers)
    guard let dx else { return }
    if let filter {
      dy.convolveInputGradient(filter, into: dx, on: workers)
    } else {
      dy.convolvePlaneInputGradient(weights: weight, into: dx, on: workers)
    }
  }
}

/// The sum of one convolution's weight gradient.
struct LayerGradient<Element: Scalar>: Sendable {
  private enum Sum: Sendable {
    case winograd(ConvolutionFilterGradient<Element>)
    case plane(MemorySlice<Element>)
  }
  private let weight: String
  private let sum: Sum

  init(_ layer: ConvolutionLayer<Element>, direct: Parameters<Element>) {
    weight = layer.name + ".weight"
    sum =
      layer.isOfPlane
      ? .plane(direct[weight])
      : .winograd(ConvolutionFilterGradient(inputs: layer.inputs, outputs: layer.outputs))
  }

  func accumulate(_ x: ConvolutionInput<Element>, _ dy: FeatureMap<Element>, on workers: Workers) {
    switch sum {
    case .winograd(let sum): x.accumulateFilterGradient(dy, into: sum, on: workers)
    case .plane(let sum): x.accumulatePlaneFilterGradient(dy, into: sum, on: workers)
    }
  }

  func finish(into gradient: Parameters<Element>, on workers: Workers) {
    if case .winograd(let sum) = sum { sum.finish(into: gradient[weight], on: workers) }
  }
}
