internal import CKernels

/// A 3x3 convolution's weights in the Winograd domain: for the forward pass and, where somebody goes backward,
/// transposed and rotated, for the input gradient. Refreshed whenever the weights change.
public final class ConvolutionFilter<Element: Scalar>: Sendable {
  public let inputs, outputs: Int
  let forward: Memory<Element>
  let transposed: Memory<Element>?

  /// - Parameter goesBackward: whether anybody will ask for an input gradient.
  public init(inputs: Int, outputs: Int, goesBackward: Bool = true) {
    self.inputs = inputs
    self.outputs = outputs
    let count = Self.elements(inputs, outputs)
    forward = Memory(count: count)
    transposed = goesBackward ? Memory(count: count) : nil
  }

  /// Elements of a filter, or of its gradient, in the Winograd domain.
  static func elements(_ inputs: Int, _ outputs: Int) -> Int {
    unsafe Element.kernels.table.pointee.filter_elements(Int32(inputs), Int32(outputs))
  }

  /// - Parameter weights: [outputs, inputs, 3, 3].
  public func refresh(from weights: MemorySlice<Element>, on workers: Workers) {
    precondition(weights.count == outputs * inputs * 9)
    let table = unsafe Element.kernels.table
    unsafe table.pointee.transform_filter(
      workers.team, weights.base, Int32(outputs), Int32(inputs), 0, forward.base)
    guard let transposed else { return }
    unsafe table.pointee.transform_filter(
      workers.team, weights.base, Int32(outputs), Int32(inputs), 1, transposed.base)
  }
}

/// The sum over images of a convolution's weight gradient, in the Winograd domain.
public final class ConvolutionFilterGradient<Element: Scalar>: @unchecked Sendable {
  // Invariant: used by one thread at a time, as the memory is.
  public let inputs, outputs: Int
  let sum: Memory<Element>
  /// Whether nothing was added yet: then the memory may hold anything.
  public private(set) var isZero = true

  public init(inputs: Int, outputs: Int) {
    self.inputs = inputs
    self.outputs = outputs
    sum = Memory(count: ConvolutionFilter<Element>.elements(inputs, outputs))
  }

  /// Adds the gradient to `weights` [outputs, inputs, 3, 3] and starts again from zero.
  public func finish(into weights: MemorySlice<Element>, on workers: Workers) {
    precondition(weights.count == outputs * inputs * 9)
    guard !isZero else { return }
    unsafe Element.kernels.table.pointee.finish_filter_gradient(
      workers.team, sum.base, Int32(outputs), Int32(inputs), weights.base)
    isZero = true
  }

  func add(_ x: ck_input, _ dy: ck_map, on workers: Workers) {
    unsafe Element.kernels.table.pointee.accumulate_filter_gradient(
      workers.team, x, dy, isZero ? 1 : 0, sum.base)
    isZero = false
  }
}

/// Mean and 1/sqrt(variance + 1e-5) of each channel of one image.
public final class InstanceStatistics<Element: Scalar>: Sendable {
  let mean, rstd: Memory<Element>
  public init(channels: Int) {
    mean = Memory(count: FeatureMap<Element>.padded(channels))
    rstd = Memory(count: FeatureMap<Element>.padded(channels))
  }
}

extension FeatureMap {
  /// y = x * filter + bias (3x3, stride 1, padding 1), and the statistics of y for the instance norm that
  /// follows.
  public func convolve(
    _ filter: ConvolutionFilter<Element>, bias: MemorySlice<Element>?, into y: FeatureMap,
    statistics: InstanceStatistics<Element>?, on workers: Workers
  ) {
    ConvolutionInput(self).convolve(filter, bias: bias, into: y, statistics: statistics, on: workers)
  }

  /// The gradient of a convolution's input, where this map is the gradient of its output.
  /// - Parameter filter: one that goes backward.
  public func convolveInputGradient(
    _ filter: ConvolutionFilter<Element>, into dx: FeatureMap, on workers: Workers
  ) {
    guard let transposed = filter.transposed else { preconditionFailure("this filter doesn't go backward") }
    precondition(channels == Self.padded(filter.outputs) && dx.channels == Self.padded(filter.inputs))
    precondition(height == dx.height && width == dx.width)
    unsafe Element.kernels.table.pointee.convolve(
      workers.team, ConvolutionInput(self).c, transposed.base, nil, dx.c, nil, nil)
  }

  /// Adds the gradient of a convolution's weights; this map is its input, `dy` its output's gradient.
  public func accumulateFilterGradient(
    _ dy: FeatureMap, into gradient: ConvolutionFilterGradient<Element>, on workers: Workers
  ) {
    ConvolutionInput(self).accumulateFilterGradient(dy, into: gradient, on: workers)
  }

  /// The first layer: a plane by weights [outputs, 1, 3, 3] .
  public func convolvePlane(
    weights: MemorySlice<Element>, bias: MemorySlice<Element>?,
    into y: FeatureMap, statistics: InstanceStatistics<Element>?, on workers: Workers
  ) {
    precondition(channels == 1 && stride == 1 && height == y.height && width == y.width)
    precondition(y.hasWholeVectors && weights.count == 9 * y.channels)
    precondition(bias == nil || bias?.count == y.channels)
    precondition(statistics == nil || statistics?.mean.count == y.channels)
    unsafe Element.kernels.table.pointee.convolve_plane(
      workers.team, c, weights.base,
      bias?.base, y.c, statistics?.mean.base,
      statistics?.rstd.base)
  }

  /// The gradient of the plane, where this map is the gradient of the first layer's output.
  public func convolvePlaneInputGradient(
    weights: MemorySlice<Element>, into dx: FeatureMap, on workers: Workers
  ) {
    precondition(dx.channels == 1 && dx.stride == 1 && height == dx.height && width == dx.width)
    precondition(hasWholeVectors && weights.count == 9 * channels)
    unsafe Element.kernels.table.pointee.plane_input_gradient(
      workers.team, c, weights.base, dx.c)
  }

  /// Adds the gradient of the first layer's weights; this map is the plane.
  public func accumulatePlaneFilterGradient(
    _ dy: FeatureMap, into gradient: MemorySlice<Element>, on workers: Workers
  ) {
    precondition(channels == 1 && stride == 1 && height == dy.height && width == dy.width)
    precondition(dy.hasWholeVectors && gradient.count == 9 * dy.channels)
    unsafe Element.kernels.table.pointee.plane_filter_gradient(
      workers.team, c, dy.c, gradient.base)
  }

  /// The last layer, a 1x1 convolution to one channel: y (a plane) = x . weights + bias.
  public func project(
    weights: MemorySlice<Element>, bias: MemorySlice<Element>,
    into y: FeatureMap, on workers: Workers
  ) {
    precondition(y.channels == 1 && y.stride == 1 && height == y.height && width == y.width)
    precondition(hasWholeVectors && weights.count == channels && bias.count == 1)
    unsafe Element.kernels.table.pointee.project(
      workers.team, c, weights.base, bias.base, y.c)
  }

  /// Its gradients; this map is the layer's input. The weights' and bias' are added to what is there.
  public func projectGradient(
    _ dy: FeatureMap, weights: MemorySlice<Element>,
    weightGradient: MemorySlice<Element>, biasGradient: MemorySlice<Element>,
    into dx: FeatureMap, on workers: Workers
  ) {
    precondition(dy.channels == 1 && dy.stride == 1 && channels == dx.channels)
    precondition(height == dx.height && width == dx.width && height == dy.height && width == dy.width)
    precondition(hasWholeVectors && weights.count == channels)
    precondition(weightGradient.count == channels && biasGradient.count == 1)
    unsafe Element.kernels.table.pointee.project_gradient(
      workers.team, c, weights.base, dy.c,
      weightGradient.base, biasGradient.base, dx.c)
  }
}
