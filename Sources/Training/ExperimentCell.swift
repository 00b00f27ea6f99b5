public import MultiMix

/// One training of an experiment: a system, its labels and a seed.
public struct ExperimentCell: Sendable, Hashable {
  public let system: System
  /// nil where the system doesn't learn findings, or masks.
  public let classification, segmentation: ExperimentGrid.Amount?
  public let seed: UInt64

  public init(_ system: System, _ labels: ExperimentGrid.Labels, seed: UInt64) {
    self.system = system
    classification = system.classifies ? labels.classification : nil
    segmentation = system.segments ? labels.segmentation : nil
    self.seed = seed
  }

  /// The name of its folder, such as `multimix-c100-s10-seed1`.
  public var name: String {
    let labels = [classification.map { "c\($0)" }, segmentation.map { "s\($0)" }].compactMap(\.self)
    return ([system.rawValue] + labels + ["seed\(seed)"]).joined(separator: "-")
  }

  /// The training that the grid wants.
  public func configuration(_ grid: ExperimentGrid) -> TrainingConfiguration {
    var configuration = grid.training
    configuration.name = name
    configuration.labelledClassification = classification?.limit
    configuration.labelledSegmentation = segmentation?.limit
    configuration.sources = grid.trainSources
    configuration.seed = seed
    system.apply(to: &configuration)
    return configuration
  }
}
