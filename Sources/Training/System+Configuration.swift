public import MultiMix

extension System {
  /// Makes `configuration` one of this system: what the system lacks is switched off; what it has keeps its
  /// weight and its batch size, or takes the default where that was zero.
  public func apply(to configuration: inout TrainingConfiguration) {
    let standard = TrainingConfiguration()
    configuration.system = self
    configuration.objective.saliencyBridge = bridgesSaliency
    for part in parts where part.isUsed {
      if configuration.objective[keyPath: part.weight] == 0 {
        configuration.objective[keyPath: part.weight] = standard.objective[keyPath: part.weight]
      }
      if configuration.batch[keyPath: part.size] == 0 {
        configuration.batch[keyPath: part.size] = standard.batch[keyPath: part.size]
      }
    }
    restrict(&configuration)
  }

  /// Takes away the weights and streams of the parts that the system lacks.
  public func restrict(_ configuration: inout TrainingConfiguration) {
    for part in parts where !part.isUsed {
      configuration.objective[keyPath: part.weight] = 0
      configuration.batch[keyPath: part.size] = 0
    }
    if !segments { configuration.objective.maskCrossEntropy = 0 }
  }

  /// A term of the objective and the stream that it is computed from.
  private struct Part {
    let isUsed: Bool
    let weight: WritableKeyPath<Objective, Double>
    let size: WritableKeyPath<TrainingConfiguration.BatchSizes, Int>
  }

  private var parts: [Part] {
    [
      Part(isUsed: classifies, weight: \.classification, size: \.classification),
      Part(isUsed: segments, weight: \.segmentation, size: \.segmentation),
      Part(isUsed: usesPseudoLabels, weight: \.pseudoLabel, size: \.unlabelled),
      Part(isUsed: usesConsistency, weight: \.consistency, size: \.segmentationUnlabelled),
    ]
  }
}
