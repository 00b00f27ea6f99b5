import Tensors
import TestSupport
import Testing

/// Instance-norm statistics where the mean is large beside the deviation.
extension KernelChecks {
  /// A mean of 100 deviations, another one in each channel, after both kinds of convolution. What is compared with
  /// float64 is the map as it was stored: the convolutions' own rounding isn't the statistics'.
  func largeMean(_ size: Size) {
    var samples = Samples(31)
    let deviation = (1 / 3.0).squareRoot()
    // The identity, through Winograd's transforms.
    var x = samples.map(size, 16)
    for i in x.values.indices {
      let mean = (100 + Double(i % 16)) * deviation
      x.values[i] = Double(Float(i % 2 == 0 ? x.values[i] + mean : x.values[i] - mean))
    }
    let (map, statistics) = identity(x)
    expectNormal(map, statistics, "mean 100 deviations at \(size)")

    // The plane, times a weight for each channel.
    var plane = samples.map(size, 1)
    plane.values = plane.values.map { Double(Float($0 + 100 * deviation)) }
    let y = FeatureMap<Element>(height: size.height, width: size.width, channels: 16)
    let planeStatistics = InstanceStatistics<Element>(channels: 16)
    var weights = [Double](repeating: 0, count: 16 * 9)
    for c in 0..<16 { weights[c * 9 + 4] = (Double(c) - 8.5) / 4 }
    FeatureMap<Element>(plane).convolvePlane(
      weights: MemorySlice(weights), bias: nil, into: y, statistics: planeStatistics, on: workers)
    expectNormal(y, planeStatistics, "mean 100 deviations of a plane at \(size)")
  }

  /// An even map leaves a convolution even, but for its border: all of the deviation is there.
  func evenMap(_ size: Size) {
    var samples = Samples(32)
    let input = Reference.Map<Double>(
      height: size.height, width: size.width, channels: 1,
      values: Array(repeating: 0.5, count: size.height * size.width))
    let y = FeatureMap<Element>(height: size.height, width: size.width, channels: 16)
    let statistics = InstanceStatistics<Element>(channels: 16)
    FeatureMap<Element>(input).convolvePlane(
      weights: MemorySlice(samples.values(16 * 9)), bias: nil, into: y, statistics: statistics, on: workers)
    expectNormal(y, statistics, "even plane of \(size)")

    let wide = Reference.Map<Double>(
      height: size.height, width: size.width, channels: 16,
      values: Array(repeating: 0.5, count: size.height * size.width * 16))
    let filter = ConvolutionFilter<Element>(inputs: 16, outputs: 16)
    filter.refresh(from: MemorySlice(samples.values(16 * 16 * 9)), on: workers)
    FeatureMap<Element>(wide).convolve(filter, bias: nil, into: y, statistics: statistics, on: workers)
    expectNormal(y, statistics, "even map of \(size)")
  }

  /// Normalised by its statistics, a map is what the reference in float64 makes of the same values.
  private func expectNormal(
    _ map: FeatureMap<Element>, _ statistics: InstanceStatistics<Element>, _ name: String
  ) {
    let normal = FeatureMap<Element>(height: map.height, width: map.width, channels: map.channels)
    map.normalize(statistics, slope: 1, dropout: .none, into: normal, on: workers)
    // About the middle pixel: the reference's plain sums would themselves lose digits to a large mean.
    var stored = map.reference(map.channels)
    let middle = (map.height / 2 * map.width + map.width / 2) * map.channels
    let pivots = Array(stored.values[middle..<middle + map.channels])
    for i in stored.values.indices { stored.values[i] -= pivots[i % map.channels] }
    let expected = Reference.normalize(
      stored, slope: 1, factors: Array(repeating: 1, count: stored.values.count))
    let error = relativeError(normal.reference(map.channels).values, expected.values)
    #expect(error < bounds.output, "\(Element.kernels.name) \(Element.self) \(name): \(error)")
  }

  /// More channels than the network has: nothing is read or written past the end of an array.
  func manyChannels() {
    convolution(1040, 16, Size(5, 6), seed: 41)
    convolution(16, 1040, Size(5, 6), seed: 42)
    var samples = Samples(43)
    let dy = samples.map(Size(2, 3), 1040)
    let gradient = FeatureMap<Element>(dy)
    let choice = PoolingChoice(height: 2, width: 3, channels: 1040)
    let dx = FeatureMap<Element>(height: 5, width: 6, channels: 1040)
    gradient.maxPoolGradient(choice: choice, adding: nil, into: dx, on: workers)
    let expected = Reference.maxPoolGradient(
      dy, choice: Array(repeating: 0, count: dy.values.count),
      skip: Reference.Map(height: 5, width: 6, channels: 1040))
    #expect(
      dx.reference(1040) == expected, "\(Element.kernels.name) \(Element.self) pooling of 1040 channels")
  }
}

/// The weight gradients of the network's largest maps: sums over 65,536 pixels and a batch of ten images, in
/// float32 beside float64. Activations aren't centred, which makes the sums larger.
func checkLargeWeightGradients() {
  var samples = Samples(33)
  let size = Size(256, 256)
  let dy = samples.map(size, 16)
  var image = samples.map(size, 1)
  image.values = image.values.map { abs($0) }
  for inputs in [1, 16, 48] {
    let x: Reference.Map<Double>
    if inputs == 1 {
      x = image
    } else {
      var map = samples.map(size, inputs)
      map.values = map.values.map { max($0, Double(Float(0.2 * $0))) }
      x = map
    }
    let exact = weightGradient(Double.self, x, dy, images: 1)
    let single = weightGradient(Float.self, x, dy, images: 10)
    let error = relativeError(single.map { $0 / 10 }, exact)
    #expect(
      error < Bounds.of(Float.self).gradient, "\(Float.kernels.name) \(inputs) -> 16 at 256x256: \(error)")
  }
}

private func weightGradient<Element: Scalar>(
  _: Element.Type, _ x: Reference.Map<Double>, _ dy: Reference.Map<Double>, images: Int
) -> [Double] {
  let workers = Workers(count: 2)
  let (inputMap, outputMap) = (FeatureMap<Element>(x), FeatureMap<Element>(dy))
  let dw = MemorySlice<Element>(Array(repeating: 0, count: dy.channels * x.channels * 9))
  if x.channels == 1 {
    for _ in 0..<images { inputMap.accumulatePlaneFilterGradient(outputMap, into: dw, on: workers) }
    return dw.doubles
  }
  let sum = ConvolutionFilterGradient<Element>(inputs: x.channels, outputs: dy.channels)
  for _ in 0..<images { inputMap.accumulateFilterGradient(outputMap, into: sum, on: workers) }
  sum.finish(into: dw, on: workers)
  return dw.doubles
}
