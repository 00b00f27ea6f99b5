internal import Files
internal import MultiMix
internal import NeuralNetworks
internal import Tensors

/// What a step changes: the weights, the optimiser's moments and, where the configuration wants them, the
/// weights' moving average and the thresholds of pseudo-labels.
struct TrainingState {
  let weights: Parameters<Float>
  let adam: Adam<Float>
  let average: WeightAverage<Float>?
  private(set) var thresholds: AdaptiveThresholds?
  private let thresholdDecay: Double

  /// - Parameter weights: those that training begins with.
  init(_ weights: Parameters<Float>, _ configuration: TrainingConfiguration) {
    self.weights = weights
    adam = Adam(weights.layout, weightDecay: configuration.weightDecay)
    let objective = configuration.objective
    thresholds = objective.threshold == .classWise && objective.pseudoLabel > 0 ? AdaptiveThresholds() : nil
    thresholdDecay = objective.thresholdDecay
    average = configuration.emaDecay.map { WeightAverage(of: weights, decay: $0) }
  }

  /// The weights that are validated and become the model.
  var model: Parameters<Float> { average?.parameters ?? weights }

  /// All of it, each part with what its parameters' names begin with in a checkpoint.
  var parts: [(prefix: String, values: Parameters<Float>)] {
    [("", weights), ("adam.m.", adam.firstMoment), ("adam.v.", adam.secondMoment)]
      + (average.map { [("average.", $0.parameters)] } ?? [])
  }

  /// Whether no value is infinite or not a number.
  var isFinite: Bool { parts.allSatisfy { $0.1.isFinite } }

  /// What there is of it besides, by its key in a checkpoint's metadata.
  var metadata: [String: String] { thresholds.map { ["thresholds": $0.description] } ?? [:] }

  /// SHA-256 of all of it.
  var digest: String {
    var digest = ContentDigest.Running()
    for part in parts { digest.add(part.values.memory.values.bytesInMemory) }
    digest.add(metadata["thresholds"] ?? "")
    return digest.finished().description
  }

  /// Takes back what `metadata` said.
  /// - Returns: false where that is missing or damaged.
  mutating func restore(_ metadata: [String: String]) -> Bool {
    guard thresholds != nil else { return true }
    thresholds = metadata["thresholds"].flatMap { AdaptiveThresholds($0) }
    return thresholds != nil
  }

  /// Step number `step` (from 1) along `gradient`, which came with `losses`.
  mutating func update(gradient: Parameters<Float>, losses: LossValues, learningRate: Double, step: Int) {
    adam.update(weights, gradient: gradient, learningRate: learningRate, step: step)
    average?.update(with: weights, step: step)
    // Without unlabelled images there is nothing to learn from.
    if losses.weakConfidence > 0 { thresholds?.update(with: losses, decay: thresholdDecay) }
  }
}
