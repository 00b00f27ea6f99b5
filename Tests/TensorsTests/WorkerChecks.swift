import Tensors
import Testing

/// Every kernel by itself on 1, 2, 3 and 8 workers: the same bits. Maps of many blocks, and of fewer blocks than
/// workers, where convolutions go stage by stage; inputs of one, few and many channels.
func checkEveryKernelOnWorkers() {
  for size in [Size(70, 66), Size(16, 16), Size(7, 5)] {
    for (inputs, outputs) in [(16, 32), (96, 48), (128, 256)] {
      let one = WorkerPass(inputs, outputs, size, workers: 1)
      for count in [2, 3, 8] {
        let other = WorkerPass(inputs, outputs, size, workers: count)
        for (kernel, bits) in one.results {
          #expect(
            other.results[kernel] == bits,
            "\(Float.kernels.name) \(kernel), \(inputs) -> \(outputs) at \(size), \(count) workers")
        }
      }
    }
  }
}

/// The bits of what every kernel makes of the same values.
private struct WorkerPass {
  private(set) var results: [String: [UInt32]] = [:]

  init(_ inputs: Int, _ outputs: Int, _ size: Size, workers count: Int) {
    let workers = Workers(count: count)
    convolution(inputs, outputs, size, workers)
    plane(outputs, size, workers)
    passes(outputs, size, workers)
    joined(inputs, outputs, size, workers)
    projection(inputs, size, workers)
  }

  private mutating func convolution(_ inputs: Int, _ outputs: Int, _ size: Size, _ workers: Workers) {
    var samples = Samples(51)
    let x = FeatureMap<Float>(samples.map(size, inputs))
    let dy = FeatureMap<Float>(samples.map(size, outputs))
    let filter = ConvolutionFilter<Float>(inputs: inputs, outputs: outputs)
    filter.refresh(from: MemorySlice(samples.values(outputs * inputs * 9)), on: workers)
    let y = map(size, outputs)
    let statistics = InstanceStatistics<Float>(channels: outputs)
    x.convolve(
      filter, bias: MemorySlice(samples.values(outputs)), into: y, statistics: statistics, on: workers)
    note("convolution", y)
    note("statistics", normal(y, statistics, workers))
    let dx = map(size, inputs)
    dy.convolveInputGradient(filter, into: dx, on: workers)
    note("input gradient", dx)
    let sum = ConvolutionFilterGradient<Float>(inputs: inputs, outputs: outputs)
    for _ in 0..<2 { x.accumulateFilterGradient(dy, into: sum, on: workers) }
    let dw = MemorySlice<Float>(Array(repeating: 0, count: outputs * inputs * 9))
    sum.finish(into: dw, on: workers)
    note("filter gradient", dw)
  }

  private mutating func plane(_ outputs: Int, _ size: Size, _ workers: Workers) {
    var samples = Samples(52)
    let x = FeatureMap<Float>(samples.map(size, 1))
    let dy = FeatureMap<Float>(samples.map(size, outputs))
    let weights = MemorySlice<Float>(samples.values(outputs * 9))
    let y = map(size, outputs)
    let statistics = InstanceStatistics<Float>(channels: outputs)
    x.convolvePlane(weights: weights, bias: nil, into: y, statistics: statistics, on: workers)
    note("plane convolution", y)
    note("plane statistics", normal(y, statistics, workers))
    let dx = map(size, 1)
    dy.convolvePlaneInputGradient(weights: weights, into: dx, on: workers)
    note("plane input gradient", dx)
    let dw = MemorySlice<Float>(Array(repeating: 0, count: outputs * 9))
    x.accumulatePlaneFilterGradient(dy, into: dw, on: workers)
    note("plane filter gradient", dw)
  }

  private mutating func passes(_ channels: Int, _ size: Size, _ workers: Workers) {
    var samples = Samples(53)
    let dropout = Dropout(rate: 0.25, seed: 5)
    // The statistics come from the plane convolution on one worker.
    let y = map(size, channels)
    let statistics = InstanceStatistics<Float>(channels: channels)
    FeatureMap<Float>(samples.map(size, 1)).convolvePlane(
      weights: MemorySlice(samples.values(channels * 9)), bias: nil, into: y, statistics: statistics,
      on: Workers(count: 1))
    let a = map(size, channels)
    y.normalize(statistics, slope: 0.2, dropout: dropout, into: a, on: workers)
    note("normalize", a)
    let d = FeatureMap<Float>(samples.map(size, channels))
    y.normalizeGradient(statistics, slope: 0.2, dropout: dropout, gradient: d, on: workers)
    note("normalize gradient", d)
    let half = Size(size.height / 2, size.width / 2)
    let pooled = map(half, channels)
    let choice = PoolingChoice(height: half.height, width: half.width, channels: channels)
    a.maxPool(into: pooled, choice: choice, on: workers)
    note("max-pool", pooled)
    let back = map(size, channels)
    pooled.maxPoolGradient(choice: choice, adding: d, into: back, on: workers)
    note("max-pool gradient", back)
    y.normalizePool(
      statistics, slope: 0.2, dropout: .none, into: nil, pooled: pooled, choice: choice, on: workers)
    y.normalizePoolGradient(
      statistics, slope: 0.2, pooled: pooled, choice: choice,
      gradient: FeatureMap(samples.map(half, channels)),
      into: back, on: workers)
    note("normalize and max-pool gradient", back)
    let doubled = map(Size(2 * size.height, 2 * size.width), channels)
    a.upsample(into: doubled, on: workers)
    note("upsample", doubled)
    doubled.upsampleGradient(into: back, on: workers)
    note("upsample gradient", back)
  }

  /// A convolution that interpolates and normalises what it reads.
  private mutating func joined(_ inputs: Int, _ outputs: Int, _ size: Size, _ workers: Workers) {
    var samples = Samples(55)
    let below = FeatureMap<Float>(samples.map(Size((size.height + 1) / 2, (size.width + 1) / 2), inputs))
    let skip = map(size, 16)
    let statistics = InstanceStatistics<Float>(channels: 16)
    FeatureMap<Float>(samples.map(size, 1)).convolvePlane(
      weights: MemorySlice(samples.values(16 * 9)), bias: nil, into: skip, statistics: statistics,
      on: Workers(count: 1))
    let input = ConvolutionInput<Float>.joined([
      .upsampled(below, height: size.height, width: size.width),
      .normalized(skip, statistics, slope: 0.2),
    ])
    let filter = ConvolutionFilter<Float>(inputs: inputs + 16, outputs: outputs)
    filter.refresh(from: MemorySlice(samples.values(outputs * (inputs + 16) * 9)), on: workers)
    let y = map(size, outputs)
    input.convolve(filter, into: y, statistics: nil, on: workers)
    note("convolution of a joined input", y)
    let sum = ConvolutionFilterGradient<Float>(inputs: inputs + 16, outputs: outputs)
    input.accumulateFilterGradient(y, into: sum, on: workers)
    let dw = MemorySlice<Float>(Array(repeating: 0, count: outputs * (inputs + 16) * 9))
    sum.finish(into: dw, on: workers)
    note("filter gradient of a joined input", dw)
    let pooled = map(Size(size.height / 2, size.width / 2), 16)
    let choice = PoolingChoice(height: size.height / 2, width: size.width / 2, channels: 16)
    skip.normalizePool(
      statistics, slope: 0.2, dropout: Dropout(rate: 0.25, seed: 5), into: nil, pooled: pooled,
      choice: choice, on: workers)
    note("normalize and pool", pooled)
  }

  private mutating func projection(_ inputs: Int, _ size: Size, _ workers: Workers) {
    var samples = Samples(54)
    let x = FeatureMap<Float>(samples.map(size, inputs))
    let weights = MemorySlice<Float>(samples.values(inputs))
    let y = map(size, 1)
    x.project(weights: weights, bias: MemorySlice([0.5]), into: y, on: workers)
    note("projection", y)
    let dw = MemorySlice<Float>(Array(repeating: 0, count: inputs))
    let dx = map(size, inputs)
    x.projectGradient(
      FeatureMap(samples.map(size, 1)), weights: weights, weightGradient: dw, biasGradient: MemorySlice([0]),
      into: dx, on: workers)
    note("projection's weight gradient", dw)
    note("projection's input gradient", dx)
  }

  private func map(_ size: Size, _ channels: Int) -> FeatureMap<Float> {
    FeatureMap(height: size.height, width: size.width, channels: channels)
  }

  /// What the statistics do.
  private func normal(
    _ y: FeatureMap<Float>, _ statistics: InstanceStatistics<Float>, _ workers: Workers
  ) -> FeatureMap<Float> {
    let a = FeatureMap<Float>(height: y.height, width: y.width, channels: y.channels)
    y.normalize(statistics, slope: 1, dropout: .none, into: a, on: workers)
    return a
  }

  private mutating func note(_ kernel: String, _ map: FeatureMap<Float>) {
    results[kernel] = (0..<map.channels).flatMap { map.plane($0) }.map(\.bitPattern)
  }

  private mutating func note(_ kernel: String, _ slice: MemorySlice<Float>) {
    results[kernel] = (0..<slice.count).map { slice[$0].bitPattern }
  }
}
