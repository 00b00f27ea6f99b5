internal import Archive

extension TrainingData {
  /// In words: what a model has seen after a number of steps.
  func summary(_ configuration: TrainingConfiguration, steps: Int) -> String {
    var left = steps
    let stages = configuration.stages.compactMap { stage -> String? in
      let taken = min(left, stage.steps)
      left -= taken
      return taken > 0 ? "\(taken) at \(stage.size) px" : nil
    }
    let labelled = classification.groups.joined().map { index.images[$0].finding }
    return [
      "\(steps) of \(configuration.steps) steps (\(stages.joined(separator: ", ")))",
      "\(index.indices(of: .train).count { cache.hasImage($0) }) images",
      "\(labelled.count) findings (\(labelled.count { $0 == .normal }) normal, "
        + "\(labelled.count { $0 == .pneumonia }) pneumonia)",
      "\(segmentation.count) masks", "seed \(configuration.seed)",
      configuration.initialModel.map { "from the model \($0)" } ?? "from random weights",
    ].joined(separator: ", ")
  }
}
