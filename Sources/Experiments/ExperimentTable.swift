internal import Archive
internal import EvaluationMetrics
internal import Files
internal import Foundation
internal import MultiMix
internal import Training

/// Figures of an experiment: systems and budgets down, metrics across, mean and spread over seeds.
package struct ExperimentTable: Sendable {
  /// A system and a training with labels, whatever the seed.
  struct Row: Sendable, Hashable {
    let arm: ExperimentGrid.Arm
    let classification, segmentation: ExperimentGrid.Amount?

    init(_ record: CellRecord) {
      (arm, classification, segmentation) = (record.arm, record.classification, record.segmentation)
    }

    /// Such as `100 / 10`; a dash for labels that the system doesn't learn from.
    var labels: String {
      "\(classification.map(\.description) ?? "-") / \(segmentation.map(\.description) ?? "-")"
    }

    func isThat(of paper: PaperFigures) -> Bool {
      arm == .init(paper.system) && classification == paper.classification
        && segmentation == paper.segmentation
    }

    var paper: PaperFigures? { PaperFigures.all.first(where: isThat) }
  }

  let grid: ExperimentGrid
  let records: [CellRecord]
  /// Of the arms that the grid compares.
  let comparisons: [PairedComparison]
  /// In the order of labels, then systems and variants.
  let rows: [Row]

  /// - Parameters:
  ///   - records: finished cells of the grid, in its order.
  ///   - comparisons: of these cells, image by image.
  package init(_ grid: ExperimentGrid, _ records: [CellRecord], comparisons: [PairedComparison] = []) {
    (self.grid, self.records, self.comparisons) = (grid, records, comparisons)
    var rows: [Row] = []
    for record in records where !rows.contains(Row(record)) { rows.append(Row(record)) }
    self.rows = rows
  }

  /// One value for each seed, in the order of seeds.
  func values(_ row: Row, _ metric: ExperimentMetric, test: String) -> [Double] {
    records.filter { Row($0) == row }.compactMap { metric.value(in: $0.figures[test]) }
  }

  /// How many trainings were measured on a test.
  func count(_ row: Row, _ test: ExperimentGrid.Test) -> Int {
    records.count { Row($0) == row && $0.figures[test.name] != nil }
  }

  /// Images that a metric is drawn from.
  func count(_ metric: ExperimentMetric, test: String) -> Int {
    records.compactMap { metric.count(in: $0.figures[test]) }.max() ?? 0
  }

  func summary(_ row: Row, _ metric: ExperimentMetric, test: String) -> Summary? {
    let values = values(row, metric, test: test)
    return values.isEmpty ? nil : Summary(values)
  }

  /// One line for each row and test (RFC 4180).
  package var csv: String {
    let metrics = ExperimentMetric.allCases
    var lines = [
      ["system", "variant", "classification_labels", "segmentation_labels", "test", "seeds"]
        + metrics.flatMap { ["\($0.rawValue)_mean", "\($0.rawValue)_sd", "\($0.rawValue)_paper"] }
    ]
    for row in rows {
      for test in grid.tests {
        var fields = [
          row.arm.system.rawValue, row.arm.variant ?? "", row.classification?.description ?? "",
          row.segmentation?.description ?? "", test.name, "\(count(row, test))",
        ]
        for metric in metrics {
          let summary = summary(row, metric, test: test.name)
          fields += [
            summary?.mean, summary?.deviation, row.paper?.value(of: metric, test: test.name),
          ].map { $0.map { String(format: "%.6f", $0) } ?? "" }
        }
        lines.append(fields)
      }
    }
    return CommaSeparatedValues.text(lines)
  }

  /// One line for each cell and test (RFC 4180).
  package var cellsCSV: String {
    let metrics = ExperimentMetric.allCases
    var lines = [
      [
        "cell", "system", "variant", "classification_labels", "segmentation_labels", "findings", "masks",
        "seed",
        "test",
      ] + metrics.map(\.rawValue)
    ]
    for record in records {
      for test in grid.tests where record.figures[test.name] != nil {
        var fields = [
          record.name, record.system.rawValue, record.variant ?? "", record.classification?.description ?? "",
          record.segmentation?.description ?? "", "\(record.findings)", "\(record.masks)", "\(record.seed)",
          test.name,
        ]
        fields += metrics.map {
          $0.value(in: record.figures[test.name]).map { String(format: "%.6f", $0) } ?? ""
        }
        lines.append(fields)
      }
    }
    return CommaSeparatedValues.text(lines)
  }
}
