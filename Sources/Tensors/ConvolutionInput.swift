internal import CKernels

/// What a 3x3 convolution reads: up to three maps beside one another, each as it is, normalised, or interpolated. The
/// kernels make the values where they need them, in the first-level cache, so that none of these is ever written as a
/// map.
public struct ConvolutionInput<Element: Scalar>: Sendable {
  struct Part: Sendable {
    let map: FeatureMap<Element>
    var statistics: InstanceStatistics<Element>?
    var slope = 1.0
  }
  let parts: [Part]
  public let height, width: Int
  public var channels: Int { parts.reduce(0) { $0 + $1.map.channels } }

  private init(_ parts: [Part], height: Int, width: Int) {
    precondition((1...Int(CK_MOST_PARTS)).contains(parts.count))
    self.parts = parts
    self.height = height
    self.width = width
  }

  /// A map as it is.
  public init(_ map: FeatureMap<Element>) {
    self.init([Part(map: map)], height: map.height, width: map.width)
  }

  /// leakyReLU(instanceNorm(map)).
  public static func normalized(
    _ map: FeatureMap<Element>, _ statistics: InstanceStatistics<Element>, slope: Double
  ) -> ConvolutionInput {
    precondition(statistics.mean.count == map.channels)
    return ConvolutionInput(
      [Part(map: map, statistics: statistics, slope: slope)], height: map.height, width: map.width)
  }

  /// A map interpolated bilinearly, corners aligned, to a size that isn't smaller.
  public static func upsampled(_ map: FeatureMap<Element>, height: Int, width: Int) -> ConvolutionInput {
    precondition(height >= map.height && width >= map.width)
    return ConvolutionInput([Part(map: map)], height: height, width: width)
  }

  /// The channels of one behind those of the other.
  public static func joined(_ inputs: [ConvolutionInput]) -> ConvolutionInput {
    let (height, width) = (inputs[0].height, inputs[0].width)
    precondition(inputs.allSatisfy { $0.height == height && $0.width == width })
    return ConvolutionInput(inputs.flatMap(\.parts), height: height, width: width)
  }

  /// The one map that it is, if it is one as it is.
  var plain: FeatureMap<Element>? {
    guard parts.count == 1, let part = parts.first, part.statistics == nil else { return nil }
    return part.map.height == height && part.map.width == width ? part.map : nil
  }

  /// As the kernels take it. Valid while the maps live, which `self` sees to.
  var c: ck_input {
    func part(_ i: Int) -> ck_part {
      guard i < parts.count else { return unsafe ck_part() }
      let part = parts[i]
      return unsafe ck_part(
        map: part.map.c, mean: part.statistics?.mean.base, rstd: part.statistics?.rstd.base, slope: part.slope
      )
    }
    return unsafe ck_input(count: Int32(parts.count), parts: (part(0), part(1), part(2)))
  }
}

extension ConvolutionInput {
  /// y = x * filter + bias (3x3, stride 1, padding 1), and the statistics of y for the instance norm that
  /// follows.
  public func convolve(
    _ filter: ConvolutionFilter<Element>, bias: MemorySlice<Element>? = nil, into y: FeatureMap<Element>,
    statistics: InstanceStatistics<Element>?, on workers: Workers
  ) {
    precondition(channels == FeatureMap<Element>.padded(filter.inputs))
    precondition(y.channels == FeatureMap<Element>.padded(filter.outputs))
    precondition(height == y.height && width == y.width)
    precondition(bias == nil || bias?.count == y.channels, "a bias for every channel, padded ones too")
    precondition(statistics == nil || statistics?.mean.count == y.channels)
    unsafe Element.kernels.table.pointee.convolve(
      workers.team, c, filter.forward.base, bias?.base,
      y.c, statistics?.mean.base, statistics?.rstd.base)
  }

  /// The matrix products of ``convolve(_:bias:into:statistics:on:)`` alone, on made-up values: for measuring.
  package func products(
    _ filter: ConvolutionFilter<Element>, likeInto y: FeatureMap<Element>, on workers: Workers
  ) {
    precondition(channels == FeatureMap<Element>.padded(filter.inputs))
    precondition(y.channels == FeatureMap<Element>.padded(filter.outputs))
    unsafe Element.kernels.table.pointee.products(workers.team, c, filter.forward.base, y.c)
  }

  /// Adds the gradient of a convolution's weights; this is what it read, `dy` its output's gradient.
  public func accumulateFilterGradient(
    _ dy: FeatureMap<Element>, into gradient: ConvolutionFilterGradient<Element>, on workers: Workers
  ) {
    precondition(channels == FeatureMap<Element>.padded(gradient.inputs))
    precondition(dy.channels == FeatureMap<Element>.padded(gradient.outputs))
    precondition(height == dy.height && width == dy.width)
    unsafe gradient.add(c, dy.c, on: workers)
  }

  /// The first layer's: this is a plane.
  public func convolvePlane(
    weights: MemorySlice<Element>, into y: FeatureMap<Element>, statistics: InstanceStatistics<Element>?,
    on workers: Workers
  ) {
    plane.convolvePlane(weights: weights, bias: nil, into: y, statistics: statistics, on: workers)
  }

  /// Adds the gradient of the first layer's weights; this is the plane.
  public func accumulatePlaneFilterGradient(
    _ dy: FeatureMap<Element>, into gradient: MemorySlice<Element>, on workers: Workers
  ) {
    plane.accumulatePlaneFilterGradient(dy, into: gradient, on: workers)
  }

  private var plane: FeatureMap<Element> {
    guard let plain else { preconditionFailure("the first layer reads a plane") }
    return plain
  }
}
