package import Archive
internal import EvaluationMetrics
public import MultiMix
public import Training

/// What came of one training of an experiment: the contents of its figures.json, whose presence says that it
/// is finished.
public struct CellRecord: Sendable, Codable, Equatable {
  public let name: String
  public let system: System
  /// nil for the training as it is.
  public let variant: String?
  public let classification, segmentation: ExperimentGrid.Amount?
  public let seed: UInt64
  /// The name of what it was trained without; nil for nothing.
  public let leftOut: String?
  public let configuration: TrainingConfiguration
  /// SHA-256 of the archive's index.
  public let archive: String
  /// How it was measured: nil before masks were mended and distances stated at 256 pixels.
  private let measurement: Int?
  /// To be raised when the same model would get other figures.
  private static let measurement = 2
  /// The trainer's (`Trainer.revision`) that made the model. Figures of different ones are never set side by side: the
  /// same configuration means another training.
  let revision: Int
  /// What it was measured on.
  public let size: Int
  public let split: String
  public let tests: [ExperimentGrid.Test]
  /// Labels that it had, which may be fewer than the budget.
  public let findings, masks: Int
  /// By the names of the tests.
  public var figures: [String: Evaluation.Figures]

  package init(
    _ cell: ExperimentCell, _ grid: ExperimentGrid, archive: String, findings: Int, masks: Int,
    figures: [String: Evaluation.Figures]
  ) {
    name = cell.name
    (system, variant) = (cell.arm.system, cell.arm.variant)
    (classification, segmentation, seed) = (cell.classification, cell.segmentation, cell.seed)
    leftOut = cell.leftOut
    configuration = cell.configuration(grid)
    self.archive = archive
    measurement = Self.measurement
    revision = Trainer.revision
    (size, split, tests) = (grid.size, grid.split, grid.tests(of: cell).map(\.asWritten))
    (self.findings, self.masks) = (findings, masks)
    self.figures = figures
  }

  var arm: ExperimentGrid.Arm { .init(system, variant: variant) }

  /// Whether it is what `grid` wants of the cell on this archive, whatever the trainer's revision.
  func answers(_ cell: ExperimentCell, _ grid: ExperimentGrid, archive: String) -> Bool {
    configuration.trained == cell.configuration(grid) && self.archive == archive && size == grid.size
      && split == grid.split && tests == grid.tests(of: cell).map(\.asWritten)
      && measurement == Self.measurement
  }
}

/// What a model said of one image: the contents of a cell's readings.json, for plots and comparisons that are drawn
/// when all cells are done.
package struct Reading: Codable, Sendable, Equatable {
  package let sopInstanceUID: String
  package let finding: Finding?
  package let pneumoniaProbability: Double
  /// Of the lung mask; nil where the image has none, and in cells that were measured before it was kept.
  package let dice: Double?

  package init(sopInstanceUID: String, finding: Finding?, pneumoniaProbability: Double, dice: Double?) {
    (self.sopInstanceUID, self.finding) = (sopInstanceUID, finding)
    (self.pneumoniaProbability, self.dice) = (pneumoniaProbability, dice)
  }

  init(_ row: Evaluation.Row) {
    self.init(
      sopInstanceUID: row.image.sopInstanceUID, finding: row.image.finding,
      pneumoniaProbability: row.pneumoniaProbability, dice: row.segmentation?.dice)
  }
}
