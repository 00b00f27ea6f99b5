import Tensors
import TestSupport
import Testing

/// What every build of the kernels is held to. Expected values are the reference's in float64, on inputs that
/// float32 holds exactly.
struct KernelChecks<Element: Scalar> {
  let workers = Workers(count: 2)
  var bounds: Bounds { .of(Element.self) }

  /// Inputs and outputs of the network's 3x3 convolutions but the first: the encoder's, then those that only
  /// the decoder has.
  static var convolutions: [(Int, Int)] {
    [
      (16, 16), (16, 32), (32, 32), (32, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256),
      (386, 128), (192, 64), (96, 32), (48, 16),
    ]
  }

  func all() {
    for (i, (inputs, outputs)) in Self.convolutions.enumerated() {
      for size in Size.all { convolution(inputs, outputs, size, seed: UInt64(i)) }
    }
    // Several blocks of tiles for the narrow layers too.
    convolution(16, 16, Size(70, 66), seed: 99)
    for size in Size.all + [Size(70, 66)] {
      plane(size)
      projection(size)
      for dropout in [Dropout.none, Dropout(rate: 0.25, seed: 7)] {
        normalization(size, dropout)
        normalizedPooling(size, dropout)
      }
      normalizedInput(size)
      joinedInput(size)
      pooling(size)
      for larger in [Size(2 * size.height, 2 * size.width), Size(size.height + 3, 2 * size.width + 1)] {
        interpolation(size, larger)
      }
    }
    interpolation(Size(32, 40), Size(4, 5))
    for size in [Size(16, 16), Size(33, 18), Size(70, 66)] { largeMean(size) }
    for size in [Size(33, 18), Size(70, 66)] { evenMap(size) }
    manyChannels()
  }

  func convolution(_ inputs: Int, _ outputs: Int, _ size: Size, seed: UInt64) {
    var samples = Samples(seed)
    let name = "\(Element.kernels.name) \(Element.self) \(inputs) -> \(outputs) at \(size)"
    let scale = 1 / Double(inputs).squareRoot()
    let x = samples.map(size, inputs)
    let dy = samples.map(size, outputs)
    let weights = samples.values(outputs * inputs * 9).map { Double(Float($0 * scale)) }
    let bias = samples.values(outputs)

    let filter = ConvolutionFilter<Element>(inputs: inputs, outputs: outputs)
    filter.refresh(from: MemorySlice(weights), on: workers)
    // Both maps are slices of wider ones, as in the decoder's concatenations, whose other channels stay.
    let wideX = FeatureMap<Element>(
      height: size.height, width: size.width, channels: filter.paddedInputs + 32)
    let wideY = FeatureMap<Element>(height: size.height, width: size.width, channels: outputs + 32)
    wideX.fill(eachPixel: Array(repeating: 3, count: wideX.channels))
    wideY.fill(eachPixel: Array(repeating: 5, count: wideY.channels))
    let inputMap = wideX.slice(16, filter.paddedInputs)
    for c in 0..<inputMap.channels {
      inputMap.setPlane(c, Array(repeating: 0, count: size.height * size.width))
    }
    inputMap.set(x)
    let output = wideY.slice(16, outputs)
    let statistics = InstanceStatistics<Element>(channels: outputs)
    inputMap.convolve(filter, bias: MemorySlice(bias), into: output, statistics: statistics, on: workers)
    let y = Reference.convolution(x, weights: weights, bias: bias)
    #expect(relativeError(output.reference(outputs).values, y.values) < bounds.output, "y, \(name)")
    for c in Array(0..<16) + Array(outputs + 16..<outputs + 32) {
      #expect(wideY.plane(c).allSatisfy { $0 == 5 }, "channel \(c) beside the output, \(name)")
    }
    check(statistics, of: output, against: y, name)

    output.set(dy)
    inputMap.set(x)
    let dx = FeatureMap<Element>(height: size.height, width: size.width, channels: inputs)
    output.convolveInputGradient(filter, into: dx, on: workers)
    let expected = Reference.convolutionInputGradient(dy, weights: weights, inputs: inputs)
    #expect(relativeError(dx.reference(inputs).values, expected.values) < bounds.gradient, "dx, \(name)")
    #expect(dx.isZero(from: inputs), "padding of dx, \(name)")

    // Two images add up, on top of what is there; then the sum starts again.
    let gradient = ConvolutionFilterGradient<Element>(inputs: inputs, outputs: outputs)
    let dw = MemorySlice<Element>(Array(repeating: 0.5, count: weights.count))
    inputMap.accumulateFilterGradient(output, into: gradient, on: workers)
    inputMap.accumulateFilterGradient(output, into: gradient, on: workers)
    gradient.finish(into: dw, on: workers)
    let once = Reference.convolutionWeightGradient(x, dy)
    #expect(relativeError(dw.doubles.map { ($0 - 0.5) / 2 }, once) < bounds.gradient, "dw, \(name)")
    let again = MemorySlice<Element>(Array(repeating: 0, count: weights.count))
    gradient.finish(into: again, on: workers)
    #expect(again.doubles.allSatisfy { $0 == 0 }, "dw after finish, \(name)")
  }

  /// The statistics through what they do: a normalised map has them taken out.
  private func check(
    _ statistics: InstanceStatistics<Element>, of output: FeatureMap<Element>,
    against y: Reference.Map<Double>, _ name: String
  ) {
    let normal = FeatureMap<Element>(height: y.height, width: y.width, channels: y.channels)
    output.normalize(statistics, slope: 1, dropout: .none, into: normal, on: workers)
    let expected = Reference.normalize(y, slope: 1, factors: Array(repeating: 1, count: y.values.count))
    // One pixel is its own mean: what remains is its rounding times 1 / sqrt(1e-5) = 316.
    let error =
      y.height * y.width == 1
      ? (normal.reference(y.channels).values.map(abs).max() ?? .nan) / 316
      : relativeError(normal.reference(y.channels).values, expected.values)
    #expect(error < bounds.output, "statistics, \(name): \(error)")
  }

  func plane(_ size: Size) {
    var samples = Samples(11)
    let name = "\(Element.kernels.name) \(Element.self) plane at \(size)"
    let x = samples.map(size, 1)
    let dy = samples.map(size, 16)
    let weights = samples.values(16 * 9)
    let bias = samples.values(16)
    let input = FeatureMap<Element>(x)
    let output = FeatureMap<Element>(height: size.height, width: size.width, channels: 48).slice(16, 16)
    let statistics = InstanceStatistics<Element>(channels: 16)
    input.convolvePlane(
      weights: MemorySlice(weights), bias: MemorySlice(bias), into: output, statistics: statistics,
      on: workers)
    let y = Reference.convolution(x, weights: weights, bias: bias)
    #expect(relativeError(output.reference(16).values, y.values) < bounds.output, "y, \(name)")
    check(statistics, of: output, against: y, name)

    output.set(dy)
    let dx = FeatureMap<Element>(height: size.height, width: size.width, channels: 1)
    output.convolvePlaneInputGradient(weights: MemorySlice(weights), into: dx, on: workers)
    let expected = Reference.convolutionInputGradient(dy, weights: weights, inputs: 1)
    #expect(relativeError(dx.reference(1).values, expected.values) < bounds.gradient, "dx, \(name)")
    let dw = MemorySlice<Element>(Array(repeating: 0.5, count: weights.count))
    input.accumulatePlaneFilterGradient(output, into: dw, on: workers)
    let error = relativeError(dw.doubles.map { $0 - 0.5 }, Reference.convolutionWeightGradient(x, dy))
    #expect(error < bounds.gradient, "dw, \(name)")
  }

  func normalization(_ size: Size, _ dropout: Dropout) {
    var samples = Samples(12)
    let channels = 48
    let name = "\(Element.kernels.name) \(Element.self) normalize at \(size), dropout \(dropout != .none)"
    let y = samples.map(size, channels)
    let da = samples.map(size, channels)
    let factors =
      dropout == .none
      ? Array(repeating: 1, count: y.values.count) : dropoutFactors(y.values.count, dropout.seed)
    // Statistics come from a convolution: one by the identity, exact in its plain and Winograd forms.
    let (map, statistics) = identity(y)
    // From a slice into a slice.
    let a = FeatureMap<Element>(height: size.height, width: size.width, channels: channels + 32).slice(
      16, channels)
    map.normalize(statistics, slope: 0.2, dropout: dropout, into: a, on: workers)
    let one = size.height * size.width == 1
    let stored = map.reference(channels)
    let expected = Reference.normalize(stored, slope: 0.2, factors: factors)
    if !one {
      #expect(relativeError(a.reference(channels).values, expected.values) < bounds.output, "a, \(name)")
    }
    #expect(
      one || zip(a.reference(channels).values, factors).allSatisfy { ($0 == 0) == ($1 == 0) }, "mask, \(name)"
    )

    let gradient = FeatureMap<Element>(height: size.height, width: size.width, channels: channels + 16).slice(
      16, channels)
    gradient.set(da)
    map.normalizeGradient(statistics, slope: 0.2, dropout: dropout, gradient: gradient, on: workers)
    let dy = Reference.normalizeGradient(stored, slope: 0.2, factors: factors, da)
    if one {
      #expect(
        gradient.reference(channels).values.allSatisfy { abs($0) < 1e3 * bounds.gradient }, "dy, \(name)")
    } else {
      #expect(relativeError(gradient.reference(channels).values, dy.values) < bounds.gradient, "dy, \(name)")
    }
  }

  /// y with its statistics, as a convolution by the identity gives them.
  func identity(_ y: Reference.Map<Double>) -> (FeatureMap<Element>, InstanceStatistics<Element>) {
    var weights = [Double](repeating: 0, count: y.channels * y.channels * 9)
    for c in 0..<y.channels { weights[(c * y.channels + c) * 9 + 4] = 1 }
    let filter = ConvolutionFilter<Element>(inputs: y.channels, outputs: y.channels)
    filter.refresh(from: MemorySlice(weights), on: workers)
    let map = FeatureMap<Element>(height: y.height, width: y.width, channels: y.channels)
    let statistics = InstanceStatistics<Element>(channels: y.channels)
    FeatureMap<Element>(y).convolve(filter, bias: nil, into: map, statistics: statistics, on: workers)
    return (map, statistics)
  }

  func pooling(_ size: Size) {
    var samples = Samples(13)
    let channels = 32
    let name = "\(Element.kernels.name) \(Element.self) pooling at \(size)"
    // Few different values, so that many maxima are shared.
    var x = samples.map(size, channels)
    x.values = x.values.map { ($0 * 2).rounded() }
    let dy = samples.map(Size(size.height / 2, size.width / 2), channels)
    let skip = samples.map(size, channels)
    let input = FeatureMap<Element>(height: size.height, width: size.width, channels: channels + 16).slice(
      16, channels)
    input.set(x)
    let output = FeatureMap<Element>(height: size.height / 2, width: size.width / 2, channels: channels)
    let choice = PoolingChoice(height: size.height / 2, width: size.width / 2, channels: channels)
    input.maxPool(into: output, choice: choice, on: workers)
    let expected = Reference.maxPool(x)
    #expect(output.reference(channels) == expected.y, "y, \(name)")

    output.set(dy)
    let skipped = FeatureMap<Element>(height: size.height, width: size.width, channels: channels + 32).slice(
      16, channels)
    skipped.set(skip)
    let dx = FeatureMap<Element>(height: size.height, width: size.width, channels: channels)
    output.maxPoolGradient(choice: choice, adding: skipped, into: dx, on: workers)
    let sum = Reference.maxPoolGradient(dy, choice: expected.choice, skip: skip)
    #expect(relativeError(dx.reference(channels).values, sum.values) < bounds.gradient / 100, "dx, \(name)")
    output.maxPoolGradient(choice: choice, adding: nil, into: dx, on: workers)
    let none = Reference.Map<Double>(height: size.height, width: size.width, channels: channels)
    let alone = Reference.maxPoolGradient(dy, choice: expected.choice, skip: none)
    #expect(dx.reference(channels) == alone, "dx without skip, \(name)")
  }

  func interpolation(_ size: Size, _ larger: Size) {
    var samples = Samples(14)
    let channels = 32
    let name = "\(Element.kernels.name) \(Element.self) \(size) to \(larger)"
    let x = samples.map(size, channels)
    let dy = samples.map(larger, channels)
    let input = FeatureMap<Element>(height: size.height, width: size.width, channels: 48).slice(16, channels)
    input.set(x)
    let output = FeatureMap<Element>(height: larger.height, width: larger.width, channels: 64).slice(
      16, channels)
    input.upsample(into: output, on: workers)
    let y = Reference.upsample(x, height: larger.height, width: larger.width)
    #expect(relativeError(output.reference(channels).values, y.values) < bounds.output, "y, \(name)")
    output.set(dy)
    input.fill(eachPixel: Array(repeating: 9, count: channels))
    output.upsampleGradient(into: input, on: workers)
    let dx = Reference.upsampleGradient(dy, height: size.height, width: size.width)
    #expect(relativeError(input.reference(channels).values, dx.values) < bounds.gradient, "dx, \(name)")
  }

  func projection(_ size: Size) {
    var samples = Samples(15)
    let name = "\(Element.kernels.name) \(Element.self) projection at \(size)"
    let x = samples.map(size, 16)
    let dy = samples.map(size, 1)
    let weights = samples.values(16)
    let input = FeatureMap<Element>(height: size.height, width: size.width, channels: 48).slice(16, 16)
    input.set(x)
    let output = FeatureMap<Element>(height: size.height, width: size.width, channels: 1)
    input.project(weights: MemorySlice(weights), bias: MemorySlice([0.25]), into: output, on: workers)
    let y = Reference.project(x, weights: weights, bias: 0.25)
    #expect(relativeError(output.reference(1).values, y.values) < bounds.output, "y, \(name)")

    output.set(dy)
    let dw = MemorySlice<Element>(Array(repeating: 0.5, count: 16))
    let dbias = MemorySlice<Element>([0.75])
    let dx = FeatureMap<Element>(height: size.height, width: size.width, channels: 48).slice(16, 16)
    input.projectGradient(
      output, weights: MemorySlice(weights), weightGradient: dw, biasGradient: dbias, into: dx, on: workers)
    let expected = Reference.projectGradient(x, weights: weights, dy)
    #expect(relativeError(dx.reference(16).values, expected.dx.values) < bounds.gradient, "dx, \(name)")
    #expect(relativeError(dw.doubles.map { $0 - 0.5 }, expected.dw) < bounds.gradient, "dw, \(name)")
    #expect(
      relativeError([dbias[0]].map { Double($0) - 0.75 }, [expected.dbias]) < bounds.gradient * 10,
      "dbias, \(name)")
  }
}

extension ConvolutionFilter {
  var paddedInputs: Int { FeatureMap<Element>.padded(inputs) }
}

/// The documented formula: element e is kept where lowbias32(e + lowbias32(seed)) >= rate 2^32, here for 0.25.
func dropoutFactors(_ count: Int, _ seed: UInt32) -> [Double] {
  let key = lowbias32(seed)
  return (0..<count).map { lowbias32(UInt32($0) &+ key) >= 1 << 30 ? 4 / 3.0 : 0 }
}

func lowbias32(_ value: UInt32) -> UInt32 {
  var x = value
  x ^= x >> 16
  x &*= 0x7feb_352d
  x ^= x >> 15
  x &*= 0x846c_a68b
  return x ^ x >> 16
}
