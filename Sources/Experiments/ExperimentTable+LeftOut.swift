internal import EvaluationMetrics
internal import Foundation
internal import MultiMix

extension ExperimentTable {
  /// What decides between trainings that are to hold up elsewhere.
  private static let deciding: [ExperimentMetric] = [.auroc, .balancedAccuracy, .dice]

  /// The worst and the mean of the sources that were left out, over the means of the seeds.
  var leftOutTable: [String] {
    let metrics = Self.deciding
    var lines = [
      "## Sources left out", "",
      "The figure that decides: over the sources left out, the mean and, in parentheses, the worst, of the means over "
        + "seeds. BAcc is the mean of sensitivity and specificity at threshold 0.5, or the one there is in a source with "
        + "one finding, which has no AUROC.", "",
      "| system | labels | trainings | " + metrics.map(\.title).joined(separator: " | ") + " |",
      "|---|---|--:|" + metrics.map { _ in "---|" }.joined(),
    ]
    for row in rows {
      let done = records.count { Row($0) == row }
      let cells = metrics.map { metric in leftOut(row, metric).map { words($0, metric) } ?? "" }
      lines.append("| \(grid.title(row.arm)) | \(row.labels) | \(done) | \(cells.joined(separator: " | ")) |")
    }
    return lines
  }

  struct LeftOut: Equatable {
    var mean: Double
    var worst: Double
    /// The test that it is of.
    var worstTest: String
    /// Of how many tests.
    var count: Int
  }

  /// nil where no source that was left out has the metric.
  func leftOut(_ row: Row, _ metric: ExperimentMetric) -> LeftOut? {
    let values = grid.tests.compactMap { test in
      summary(row, metric, test: test.name).map { (test.name, $0.mean) }
    }
    guard let worst = values.min(by: { $0.1 < $1.1 }) else { return nil }
    return LeftOut(
      mean: values.reduce(0) { $0 + $1.1 } / Double(values.count), worst: worst.1, worstTest: worst.0,
      count: values.count)
  }

  private func words(_ figures: LeftOut, _ metric: ExperimentMetric) -> String {
    func text(_ value: Double) -> String { String(format: "%.\(metric.digits)f", value) }
    return "\(text(figures.mean)) (\(text(figures.worst)), \(figures.worstTest))"
  }
}
