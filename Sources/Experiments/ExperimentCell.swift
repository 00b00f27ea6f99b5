public import MultiMix
public import Training

/// One training of an experiment: a system, a variant of the training, labels and a seed.
public struct ExperimentCell: Sendable, Hashable {
  public let arm: ExperimentGrid.Arm
  /// nil where the system doesn't learn findings, or masks.
  public let classification, segmentation: ExperimentGrid.Amount?
  public let seed: UInt64

  public init(_ arm: ExperimentGrid.Arm, _ labels: ExperimentGrid.Labels, seed: UInt64) {
    self.arm = arm
    classification = arm.system.classifies ? labels.classification : nil
    segmentation = arm.system.segments ? labels.segmentation : nil
    self.seed = seed
  }

  public var system: System { arm.system }

  /// The name of its folder, such as `multimix-c100-s10-seed1` or, of a variant, `multimix-ema-c100-s10-seed1`.
  public var name: String {
    let labels = [classification.map { "c\($0)" }, segmentation.map { "s\($0)" }].compactMap(\.self)
    return ([system.rawValue] + [arm.variant].compactMap(\.self) + labels + ["seed\(seed)"])
      .joined(separator: "-")
  }

  /// The training that the grid wants.
  public func configuration(_ grid: ExperimentGrid) -> TrainingConfiguration {
    var configuration = grid.training(arm)
    configuration.name = name
    configuration.labelledClassification = classification?.limit
    configuration.labelledSegmentation = segmentation?.limit
    configuration.sources = grid.trainSources
    configuration.seed = seed
    configuration.system = system
    return configuration.trained
  }
}
