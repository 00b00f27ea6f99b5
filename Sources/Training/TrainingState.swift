internal import NeuralNetworks

/// What a step changes: the weights, the optimiser's moments and, where the configuration wants one, the
/// weights' moving average.
struct TrainingState {
  let weights: Parameters<Float>
  let adam: Adam<Float>
  let average: WeightAverage<Float>?

  /// - Parameter weights: those that training begins with.
  init(_ weights: Parameters<Float>, _ configuration: TrainingConfiguration) {
    self.weights = weights
    adam = Adam(weights.layout)
    average = configuration.emaDecay.map { WeightAverage(of: weights, decay: $0) }
  }

  /// The weights that are validated and become the model.
  var model: Parameters<Float> { average?.parameters ?? weights }

  /// All of it, each part with what its parameters' names begin with in a checkpoint.
  var parts: [(prefix: String, values: Parameters<Float>)] {
    [("", weights), ("adam.m.", adam.firstMoment), ("adam.v.", adam.secondMoment)]
      + (average.map { [("average.", $0.parameters)] } ?? [])
  }

  /// Step number `step` (from 1) along `gradient`.
  func update(gradient: Parameters<Float>, learningRate: Double, step: Int) {
    adam.update(weights, gradient: gradient, learningRate: learningRate, step: step)
    average?.update(with: weights, step: step)
  }
}
