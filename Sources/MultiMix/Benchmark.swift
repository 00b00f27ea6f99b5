internal import NeuralNetworks
internal import Tensors

/// Times of the network on made-up images, for `mmdicom bench`. Weights and images are random: no time
/// depends on their values.
public struct Benchmark: Sendable {
  public let threads: Int
  public let size: Int
  private let parameters: Parameters<Float>
  private let image: [Float]

  public init(threads: Int, size: Int = 256) {
    self.threads = threads
    self.size = size
    parameters = Parameters(Architecture().layout)
    var generator = SplitMix64(1)
    parameters.initialize(using: &generator)
    image = (0..<size * size).map { _ in Float(generator.unit()) }
  }

  /// Seconds of encoder + decoder on one image, run by run.
  public func forward(runs: Int) -> [Double] {
    let workers = Workers(count: threads)
    let network = MultiMixNetwork(parameters, bridgesSaliency: false)
    let state = SegmentationState<Float>(size: size, dropout: false)
    let scratch = GradientScratch<Float>(size: size, decoder: false)
    network.refresh(on: workers)
    return time(runs) { _ = state.forward(network, image, .none, scratch, workers) }
  }

  /// The random weights as a model.
  public var randomModel: Model {
    Model(
      metadata: ModelMetadata(name: "bench", version: "0", inputSize: size), parameters: parameters)
  }

  /// Seconds of one inference with saliency.
  public func inference(runs: Int) -> [Double] {
    let predictor = Predictor(randomModel, threads: threads)
    return time(runs) { _ = predictor.predict(image) }
  }

  /// Seconds of one training step of the whole objective, `batch` images in each of the five streams, the
  /// optimiser's update included, in as many lanes as a training has by default. Every weak view counts as confident,
  /// so that nothing is left out.
  /// - Throws: nothing, as nobody cancels it.
  public func trainingStep(batch count: Int, runs: Int) throws -> [Double] {
    var batch = Batch<Float>(size: size)
    let mask = image.map { $0 > 0.5 ? Float(1) : 0 }
    for n in 0..<count {
      batch.segmentation.append((image, mask))
      batch.segmentationUnlabelled.append(image)
      batch.classification.append((image, n % 2))
      batch.unlabelled.append((image, image))
    }
    var objective = Objective()
    objective.tau = 0
    let step = TrainingStep(MultiMixNetwork(parameters), size: size, threads: threads)
    let gradient = Parameters<Float>(parameters.layout)
    let adam = Adam<Float>(parameters.layout)
    var number = 0
    return try time(runs) {
      number += 1
      _ = try step.run(batch, objective: objective, seed: UInt32(number), gradient: gradient)
      adam.update(parameters, gradient: gradient, learningRate: 1e-4, step: number)
    }
  }

  /// One convolution's times.
  public struct Layer: Sendable {
    public let name: String
    public let size, inputs, outputs: Int
    /// Median seconds: output, gradient of the input, gradient of the weights.
    public let forward, inputGradient, weightGradient: Double
    /// Median seconds of the other way, im2col, without the building of its columns: its matrix product alone.
    public let im2colProduct: Double

    /// Multiply-adds of the convolution done directly, times two.
    public var gflop: Double { 18 * Double(size * size * inputs * outputs) / 1e9 }
    /// The same in the Winograd domain: 36 products for 16 pixels, channels padded. A single plane is
    /// convolved directly.
    public var productGFLOP: Double {
      inputs == 1
        ? gflop
        : 2 * 36
          * Double(size * size / 16 * FeatureMap<Float>.padded(inputs) * FeatureMap<Float>.padded(outputs))
          / 1e9
    }
    /// Input, output and filter, each once.
    public var bytes: Double {
      let filter = inputs == 1 ? 9 * outputs : 36 * inputs * outputs
      return 4 * Double(size * size * (inputs + outputs) + filter)
    }

    /// What the forward pass spends most of its time on, as far as floors can tell.
    /// - Parameters:
    ///   - gflops: the machine's peak.
    ///   - bytesPerSecond: the memory's.
    public func limit(gflops: Double, bytesPerSecond: Double) -> String {
      if productGFLOP / gflops >= forward / 2 { return "products" }
      return bytes / bytesPerSecond >= forward / 2 ? "memory" : "transforms"
    }
  }

  /// Every 3x3 convolution of the network by itself.
  public func layers(runs: Int) -> [Layer] {
    let workers = Workers(count: threads)
    return parameters.layout.entries.compactMap { entry in
      guard entry.shape.count == 4, entry.shape[2] == 3 else { return nil }
      return time(layer: entry, runs: runs, workers)
    }
  }

  private func time(layer entry: ParameterLayout.Entry, runs: Int, _ workers: Workers) -> Layer {
    let (outputs, inputs) = (entry.shape[0], entry.shape[1])
    let level = Int(entry.name.split(separator: ".")[1].filter(\.isNumber)) ?? 1
    let side = size >> (level - 1)
    let weights = parameters[entry.name]
    let x = FeatureMap<Float>(height: side, width: side, channels: inputs)
    let y = FeatureMap<Float>(height: side, width: side, channels: outputs)
    let statistics = InstanceStatistics<Float>(channels: outputs)
    let times: [[Double]]
    if inputs == 1 {
      let gradient = Parameters<Float>(parameters.layout)
      times = [
        time(runs) {
          x.convolvePlane(weights: weights, bias: nil, into: y, statistics: statistics, on: workers)
        },
        time(runs) { y.convolvePlaneInputGradient(weights: weights, into: x, on: workers) },
        time(runs) { x.accumulatePlaneFilterGradient(y, into: gradient[entry.name], on: workers) },
      ]
    } else {
      let filter = ConvolutionFilter<Float>(inputs: inputs, outputs: outputs)
      let gradient = ConvolutionFilterGradient<Float>(inputs: inputs, outputs: outputs)
      filter.refresh(from: weights, on: workers)
      times = [
        time(runs) { x.convolve(filter, bias: nil, into: y, statistics: statistics, on: workers) },
        time(runs) { y.convolveInputGradient(filter, into: x, on: workers) },
        time(runs) { x.accumulateFilterGradient(y, into: gradient, on: workers) },
      ]
    }
    let medians = times.map { $0.sorted()[$0.count / 2] }
    let product = MachinePeak.productSeconds(
      rows: side * side, columns: outputs, depth: 9 * inputs, threads: threads, runs: runs)
    return Layer(
      name: entry.name, size: side, inputs: inputs, outputs: outputs, forward: medians[0],
      inputGradient: medians[1], weightGradient: medians[2], im2colProduct: product.sorted()[runs / 2])
  }

  /// One run that doesn't count, then `runs`.
  private func time(_ runs: Int, _ body: () throws -> Void) rethrows -> [Double] {
    try body()
    return try (0..<runs).map { _ in
      let begin = ContinuousClock.now
      try body()
      return (ContinuousClock.now - begin) / .seconds(1)
    }
  }
}
