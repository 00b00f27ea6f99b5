extension TrainingData {
  /// In words: what a model has seen after a number of steps.
  func summary(_ configuration: TrainingConfiguration, steps: Int) -> String {
    var left = steps
    let stages = configuration.stages.compactMap { stage -> String? in
      let taken = min(left, stage.steps)
      left -= taken
      return taken > 0 ? "\(taken) at \(stage.size) px" : nil
    }
    let labels = labels
    func from(_ sources: [String]?) -> String { sources.map { " from \($0.joined(separator: ", "))" } ?? "" }
    let parts =
      [
        "\(steps) of \(configuration.steps) steps (\(stages.joined(separator: ", ")))",
        "\(labels.images) images"
          + (configuration.sources.map { " from \($0.joined(separator: ", "))" } ?? ""),
        "\(labels.normal + labels.pneumonia) findings (\(labels.normal) normal, \(labels.pneumonia) pneumonia)"
          + from(configuration.findingSources),
        "\(labels.masks) masks" + from(configuration.maskSources),
      ] + [configuration.leftOut.map { "nothing of \($0.joined(separator: ", "))" }].compactMap(\.self) + [
        "seed \(configuration.seed)",
        configuration.initialModel.map { "from the model \($0)" } ?? "from random weights",
      ]
    return parts.joined(separator: ", ")
  }
}
