import Training

/// Budgets that ask for more labels than there are: the training goes on with those there are, and says so.
enum LabelShortage {
  static func warnings(_ labels: TrainingLabels, _ configuration: TrainingConfiguration) -> [String] {
    [
      warning(
        "--labelled-classification", configuration.labelledClassification, labels.normal + labels.pneumonia,
        "images with a finding"),
      warning(
        "--labelled-segmentation", configuration.labelledSegmentation, labels.masks, "images with a lung mask"
      ),
    ].compactMap(\.self)
  }

  private static func warning(_ option: String, _ budget: Int?, _ there: Int, _ what: String) -> String? {
    guard let budget, budget > there else { return nil }
    return "\(option) \(budget): the train split has only \(there) \(what); all of them are used"
  }
}
