internal import Archive
internal import EvaluationMetrics
internal import Foundation
internal import MultiMix
internal import Training

/// The plots that compare the cells of an experiment. No image of a patient is in them.
struct ExperimentPlots {
  let grid: ExperimentGrid
  /// Finished cells.
  let records: [CellRecord]
  let folder: (ExperimentCell) -> CellFolder

  func write(to url: URL) throws(TrainingError) {
    guard !records.isEmpty else { return }
    try TrainingError.writing(url) {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }
    try comparison.write("comparison", to: url)
    for labels in grid.labels {
      let name = "\(labels.classification)-\(labels.segmentation)"
      try trainingCurves(labels)?.write("training-curves-\(name)", to: url)
      try rocCurves(labels)?.write("roc-\(name)", to: url)
    }
  }

  private var footing: String {
    "\(grid.training.stages.map { "\($0.steps) steps at \($0.size) pixels" }.joined(separator: ", then ")); "
      + "\(grid.seeds.count == 1 ? "seed" : "seeds") \(grid.seeds.map(String.init).joined(separator: ", ")); "
      + grid.tests.map { grid.words($0.name) }.joined(separator: "; ")
      + ". Research use only."
  }

  /// The metrics for which a picture says more than the table.
  private static let compared: [(metric: ExperimentMetric, axis: String)] = [
    (.accuracy, "accuracy"), (.auroc, "AUROC"), (.dice, "Dice"),
    (.hausdorff95, "95th percentile Hausdorff distance (px at 256)"),
  ]

  private var comparison: Figure {
    let table = ExperimentTable(grid, records)
    var charts: [Chart] = []
    var most = 0
    for test in grid.tests {
      for (metric, axis) in Self.compared {
        let entries = table.rows.map { row in
          ComparisonPlot.Entry(
            label: "\(grid.title(row.arm))  \(row.labels)", colour: grid.colour(row.arm),
            values: table.values(row, metric, test: test.name),
            paper: row.paper?.value(of: metric, test: test.name))
        }
        most = max(most, entries.count { !$0.values.isEmpty })
        let chart = ComparisonPlot.chart(
          entries, title: test.name, subtitle: "\(table.count(metric, test: test.name)) images", axis: axis)
        if let chart { charts.append(chart) }
      }
    }
    return Figure(
      title: grid.variants.isEmpty ? "Systems and label budgets" : "Systems, trainings and label budgets",
      subtitle: "labels: findings / masks; small dots: seeds; large dots: their mean; bars: one standard "
        + "deviation; rings: the paper, on other data",
      panels: charts.map { .chart($0) }, columns: grid.tests.count > 1 ? 2 : min(2, charts.count),
      panelSize: (400, 110 + 22 * Double(most)), note: footing)
  }

  /// The cells of a pair of budgets, by system and variant.
  private func arms(_ labels: ExperimentGrid.Labels) -> [(ExperimentGrid.Arm, [ExperimentCell])] {
    grid.arms.map { arm in
      let cells = Set(
        grid.seeds.flatMap { seed in grid.tests.map { grid.cell(arm, labels, seed: seed, for: $0) } }
      )
      .sorted { $0.name < $1.name }
      return (arm, cells.filter { cell in records.contains { $0.name == cell.name } })
    }.filter { !$0.1.isEmpty }
  }

  private func words(_ labels: ExperimentGrid.Labels) -> String {
    "\(labels.classification) findings, \(labels.segmentation) masks"
  }

  private func trainingCurves(_ labels: ExperimentGrid.Labels) -> Figure? {
    let runs = arms(labels).map { arm, cells in
      TrainingCurves.Run(
        label: grid.title(arm), colour: grid.colour(arm), logs: cells.compactMap { folder($0).log })
    }
    var figure = TrainingCurves.figure(runs, title: "Training with \(words(labels)), mean of the seeds")
    figure?.note = footing
    return figure
  }

  private func rocCurves(_ labels: ExperimentGrid.Labels) -> Figure? {
    let arms = arms(labels).filter { $0.0.system.classifies }.map { arm, cells in
      (arm, cells, cells.map { folder($0).savedReadings() })
    }
    let charts = grid.tests.compactMap { test -> Chart? in
      let curves = arms.map { arm, cells, runs in
        let ranked = zip(cells, runs).filter { grid.tests(of: $0.0).contains(test) }.map { _, run in
          let readings = (run[test.name] ?? []).filter { $0.finding != nil }
          return RankedLabels(
            scores: readings.map(\.pneumoniaProbability), labels: readings.map { $0.finding == .pneumonia })
        }
        return (label: grid.title(arm), colour: grid.colour(arm), runs: ranked)
      }
      guard curves.contains(where: { $0.runs.contains { $0.auroc() != nil } }) else { return nil }
      return ROCPlot.comparison(curves, title: test.name, subtitle: "AUROC, mean of the seeds")
    }
    guard !charts.isEmpty else { return nil }
    return Figure(
      title: "ROC curves with \(words(labels))",
      subtitle: "sensitivities at each specificity averaged over seeds", panels: charts.map { .chart($0) },
      columns: charts.count, panelSize: (360, 400 + 14 * Double((arms.count - 1) / 3)), note: footing)
  }
}
