import Tensors
import TestSupport
import Testing

/// What the kernels make on the way in and out of a convolution, against the plain reference of each step.
extension KernelChecks {
  /// A convolution of a normalised map, and its weight gradient; channels that aren't a whole number of groups.
  func normalizedInput(_ size: Size) {
    var samples = Samples(61)
    let name = "\(Element.kernels.name) \(Element.self) normalised input at \(size)"
    let (map, statistics) = identity(samples.map(size, 48))
    let read = Reference.normalize(
      map.reference(48), slope: 0.2, factors: Array(repeating: 1, count: size.height * size.width * 48))
    // One pixel is its own mean: its rounding times 316 is all that there would be to compare.
    guard size.height * size.width > 1 else { return }
    check(
      .normalized(map, statistics, slope: 0.2), read, outputs: 16, &samples, name)
  }

  /// Interpolated, normalised and plain channels beside one another, as the decoder's stages read them.
  func joinedInput(_ size: Size) {
    var samples = Samples(62)
    let name = "\(Element.kernels.name) \(Element.self) joined input at \(size)"
    let below = samples.map(Size((size.height + 1) / 2, (size.width + 1) / 2), 80)
    let (map, statistics) = identity(samples.map(size, 48))
    guard size.height * size.width > 1 else { return }
    let bridge = samples.map(size, 16)
    // The interpolated one is a slice of a wider map.
    let wide = FeatureMap<Element>(height: below.height, width: below.width, channels: 112)
    wide.fill(eachPixel: Array(repeating: 7, count: 112))
    wide.slice(16, 80).set(below)
    let skip = Reference.normalize(
      map.reference(48), slope: 0.2, factors: Array(repeating: 1, count: size.height * size.width * 48))
    let parts = [Reference.upsample(below, height: size.height, width: size.width), skip, bridge]
    let input = ConvolutionInput<Element>.joined([
      .upsampled(wide.slice(16, 80), height: size.height, width: size.width),
      .normalized(map, statistics, slope: 0.2), ConvolutionInput(FeatureMap(bridge)),
    ])
    #expect(input.channels == 144 && input.height == size.height && input.width == size.width)
    check(input, beside(parts), outputs: 32, &samples, name)
  }

  private func check(
    _ input: ConvolutionInput<Element>, _ read: Reference.Map<Double>, outputs: Int, _ samples: inout Samples,
    _ name: String
  ) {
    let size = Size(read.height, read.width)
    let scale = 1 / Double(read.channels).squareRoot()
    let weights = samples.values(outputs * read.channels * 9).map { Double(Float($0 * scale)) }
    let dy = samples.map(size, outputs)
    let filter = ConvolutionFilter<Element>(inputs: read.channels, outputs: outputs)
    filter.refresh(from: MemorySlice(weights), on: workers)
    let y = FeatureMap<Element>(height: size.height, width: size.width, channels: outputs)
    let statistics = InstanceStatistics<Element>(channels: outputs)
    input.convolve(filter, into: y, statistics: statistics, on: workers)
    let expected = Reference.convolution(read, weights: weights, bias: Array(repeating: 0, count: outputs))
    #expect(relativeError(y.reference(outputs).values, expected.values) < bounds.output, "y, \(name)")
    let gradient = ConvolutionFilterGradient<Element>(inputs: read.channels, outputs: outputs)
    let dw = MemorySlice<Element>(Array(repeating: 0, count: weights.count))
    input.accumulateFilterGradient(FeatureMap(dy), into: gradient, on: workers)
    gradient.finish(into: dw, on: workers)
    let slopes = Reference.convolutionWeightGradient(read, dy)
    #expect(relativeError(dw.doubles, slopes) < bounds.gradient, "dw, \(name)")
  }

  /// Channels of several maps, one behind the other.
  private func beside(_ maps: [Reference.Map<Double>]) -> Reference.Map<Double> {
    let channels = maps.reduce(0) { $0 + $1.channels }
    var joined = Reference.Map<Double>(height: maps[0].height, width: maps[0].width, channels: channels)
    var first = 0
    for map in maps {
      for pixel in 0..<map.height * map.width {
        for c in 0..<map.channels {
          joined.values[pixel * channels + first + c] = map.values[pixel * map.channels + c]
        }
      }
      first += map.channels
    }
    return joined
  }

  /// Normalising and pooling in one, against the two by themselves: the same values to the last bit.
  func normalizedPooling(_ size: Size, _ dropout: Dropout) {
    var samples = Samples(63)
    let channels = 48
    let name = "\(Element.kernels.name) \(Element.self) at \(size), dropout \(dropout != .none)"
    let (y, statistics) = identity(samples.map(size, channels))
    let half = Size(size.height / 2, size.width / 2)
    func map(_ size: Size) -> FeatureMap<Element> {
      FeatureMap(height: size.height, width: size.width, channels: channels)
    }
    func choice() -> PoolingChoice {
      PoolingChoice(height: half.height, width: half.width, channels: channels)
    }
    let (a, pooled, chosen) = (map(size), map(half), choice())
    y.normalize(statistics, slope: 0.2, dropout: dropout, into: a, on: workers)
    a.maxPool(into: pooled, choice: chosen, on: workers)
    let wide = FeatureMap<Element>(height: size.height, width: size.width, channels: channels + 32)
    for kept in [wide.slice(16, channels), nil] {
      let (own, places) = (map(half), choice())
      y.normalizePool(
        statistics, slope: 0.2, dropout: dropout, into: kept, pooled: own, choice: places, on: workers)
      #expect(own.reference(channels) == pooled.reference(channels), "maxima, \(name)")
      if let kept { #expect(kept.reference(channels) == a.reference(channels), "a, \(name)") }
      // The choices through what they do.
      let (there, here) = (map(size), map(size))
      pooled.maxPoolGradient(choice: chosen, adding: nil, into: there, on: workers)
      pooled.maxPoolGradient(choice: places, adding: nil, into: here, on: workers)
      #expect(here.reference(channels) == there.reference(channels), "choices, \(name)")
    }
    for c in Array(0..<16) + Array(channels + 16..<channels + 32) {
      #expect(wide.plane(c).allSatisfy { $0 == 0 }, "channel \(c) beside a, \(name)")
    }
    guard dropout == .none, half.height > 0, half.width > 0 else { return }
    // Back through both at once, against one after the other.
    let gradient = FeatureMap<Element>(samples.map(half, channels))
    let (expected, found) = (map(size), wide.slice(16, channels))
    gradient.maxPoolGradient(choice: chosen, adding: nil, into: expected, on: workers)
    y.normalizeGradient(statistics, slope: 0.2, dropout: .none, gradient: expected, on: workers)
    y.normalizePoolGradient(
      statistics, slope: 0.2, pooled: pooled, choice: chosen, gradient: gradient, into: found, on: workers)
    #expect(
      relativeError(found.reference(channels).values, expected.reference(channels).values)
        < (Element.self == Double.self ? 1e-13 : 1e-6), "gradient, \(name)")
    for c in Array(0..<16) + Array(channels + 16..<channels + 32) {
      #expect(wide.plane(c).allSatisfy { $0 == 0 }, "channel \(c) beside dy, \(name)")
    }
  }
}
