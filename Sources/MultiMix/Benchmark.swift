internal import NeuralNetworks
internal import Tensors

/// Times of the network on made-up images, for `mmdicom bench`. Weights and images are random: no time
/// depends on their values.
public struct Benchmark: Sendable {
  public let threads: Int
  public let size: Int
  let parameters: Parameters<Float>
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
    let network = MultiMixNetwork(parameters, bridgesSaliency: false, isTrained: false)
    let scratch = GradientScratch<Float>(size: size, decoder: false)
    let state = SegmentationState<Float>(size: size, dropout: false, inferringIn: scratch)
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

  /// Seconds of `runs` runs behind one that doesn't count.
  func time(_ runs: Int, _ body: () throws -> Void) rethrows -> [Double] {
    try body()
    return try (0..<runs).map { _ in
      let begin = ContinuousClock.now
      try body()
      return (ContinuousClock.now - begin) / .seconds(1)
    }
  }
}
