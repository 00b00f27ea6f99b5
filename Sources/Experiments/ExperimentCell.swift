public import MultiMix
public import Training

/// One training of an experiment: a system, a variant of the training, labels and a seed.
public struct ExperimentCell: Sendable, Hashable {
  public let arm: ExperimentGrid.Arm
  /// nil where the system doesn't learn findings, or masks.
  public let classification, segmentation: ExperimentGrid.Amount?
  public let seed: UInt64
  /// The name of what it is trained without; nil for nothing.
  public let leftOut: String?

  public init(
    _ arm: ExperimentGrid.Arm, _ labels: ExperimentGrid.Labels, seed: UInt64, leftOut: String? = nil
  ) {
    self.leftOut = leftOut
    self.arm = arm
    classification = arm.system.classifies ? labels.classification : nil
    segmentation = arm.system.segments ? labels.segmentation : nil
    self.seed = seed
  }

  public var system: System { arm.system }

  /// The name of its folder, such as `multimix-c100-s10-seed1` or, of a variant, `multimix-ema-c100-s10-seed1`;
  /// `multimix-c100-s10-without-nih-seed1` where something is left out.
  public var name: String {
    let labels = [classification.map { "c\($0)" }, segmentation.map { "s\($0)" }].compactMap(\.self)
    let without = leftOut.map { ["without", $0] } ?? []
    return ([system.rawValue] + [arm.variant].compactMap(\.self) + labels + without + ["seed\(seed)"])
      .joined(separator: "-")
  }

  /// The training that the grid wants.
  public func configuration(_ grid: ExperimentGrid) -> TrainingConfiguration {
    var configuration = grid.training(arm)
    configuration.name = name
    configuration.labelledClassification = classification?.limit
    configuration.labelledSegmentation = segmentation?.limit
    configuration.sources = grid.trainSources
    if let fold = grid.leaveOut.first(where: { $0.name == leftOut }) {
      configuration.leaveOut(fold.sources)
    }
    configuration.seed = seed
    configuration.system = system
    return configuration.trained
  }
}

extension TrainingConfiguration {
  /// Takes nothing from these sources, whoever names them.
  fileprivate mutating func leaveOut(_ out: [String]) {
    leftOut = out
    for list in [\Self.sources, \.findingSources, \.maskSources, \.pseudoLabelSources, \.consistencySources] {
      self[keyPath: list] = self[keyPath: list]?.filter { !out.contains($0) }
    }
  }
}
