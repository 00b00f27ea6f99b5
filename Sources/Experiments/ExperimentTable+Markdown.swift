internal import EvaluationMetrics
internal import Foundation
internal import MultiMix
internal import Training

extension ExperimentTable {
  /// A table for each test, with the paper's figures in italics where it has the same system and labels.
  package var markdown: String {
    var lines = ["# Experiment \(grid.name)", ""]
    if let note = grid.note { lines += [note, ""] }
    lines += description + [""]
    let missing = grid.cells.count - records.count
    if missing > 0 {
      lines += ["**Not complete: \(missing) of \(grid.cells.count) trainings are missing.**", ""]
    }
    if !grid.leaveOut.isEmpty { lines += leftOutTable + [""] }
    for test in grid.tests { lines += table(test) + [""] }
    for match in grid.matches { lines += differences(match) + paired(match) }
    return lines.joined(separator: "\n")
  }

  /// How the figures came about.
  private var description: [String] {
    let stages = grid.training.stages.map { "\($0.steps) steps at \($0.size) pixels" }.joined(
      separator: ", then ")
    let batch = grid.training.batch
    let selection =
      grid.training.validateEvery < grid.training.steps
      ? "the best on `val` of the models after every \(grid.training.validateEvery) steps"
      : "the last model, none chosen by its figures"
    return [
      "- Every training: \(stages); \(batch.segmentation) images with a mask, "
        + "\(batch.segmentationUnlabelled) without, \(batch.classification) with a finding, "
        + "\(batch.unlabelled) without in each step, as far as the system uses them; random initial weights; "
        + "\(selection).",
      "- Trained on \(grid.trainSources.map { $0.joined(separator: ", ") } ?? "all sources"), split `train`\(chosenApart)."
        + (grid.leaveOut.isEmpty
          ? ""
          : " Each time without one of " + grid.leaveOut.map(\.name).joined(separator: ", ")
            + " and its patients, which is then what the model is measured on, every image of it."),
      "- Measured at \(grid.size) pixels; mean \u{00B1} standard deviation over seeds "
        + "(\(grid.seeds.map(String.init).joined(separator: ", "))). Labels: findings / masks. HD95: 95th "
        + "percentile of the Hausdorff distance in pixels of an image of 256 x 256.",
      "- *Italics*: the paper's figures (arXiv 2110.13185), on other data and at 256 pixels: for scale, not "
        + "for comparison.",
    ]
  }

  private var chosenApart: String {
    Self.apart(grid.training.findingSources, grid.training.maskSources)
  }

  private func apart(_ test: ExperimentGrid.Test) -> String {
    Self.apart(test.findingSources, test.maskSources)
  }

  /// Where findings and masks are from, where they are chosen apart.
  private static func apart(_ findings: [String]?, _ masks: [String]?) -> String {
    [("findings", findings), ("masks", masks)].compactMap { what, sources in
      sources.map { ", \(what) of \($0.joined(separator: ", "))" }
    }.joined()
  }

  private func table(_ test: ExperimentGrid.Test) -> [String] {
    let metrics = ExperimentMetric.allCases
    let split = grid.split(of: test)
    let place = test.sources.map { $0.joined(separator: ", ") } ?? "all sources"
    let part = split == "all" ? "every image" : "split `\(split)`"
    var lines = [
      "## \(test.name)", "",
      "On \(place), \(part)\(counts(test))\(apart(test)).", "",
      "| system | labels | seeds | " + metrics.map(\.title).joined(separator: " | ") + " |",
      "|---|---|--:|" + metrics.map { _ in "--:|" }.joined(),
    ]
    for row in rows {
      let cells = metrics.map { metric in
        summary(row, metric, test: test.name).map { Self.text($0, digits: metric.digits) } ?? ""
      }
      let seeds = "\(count(row, test))"
      lines.append("| " + ([grid.title(row.arm), row.labels, seeds] + cells).joined(separator: " | ") + " |")
      if let paper = row.paper { lines += line(paper, row.labels, test) }
    }
    for paper in PaperFigures.all where !rows.contains(where: { $0.isThat(of: paper) }) {
      let labels = [paper.classification, paper.segmentation].map { $0.map(\.description) ?? "-" }
      lines += line(paper, labels.joined(separator: " / "), test)
    }
    return lines
  }

  /// The paper's line; none where it says nothing of the test.
  private func line(_ paper: PaperFigures, _ labels: String, _ test: ExperimentGrid.Test) -> [String] {
    let cells = ExperimentMetric.allCases.map { metric in
      paper.value(of: metric, test: test.name).map { "*\(String(format: "%.\(metric.digits)f", $0))*" } ?? ""
    }
    guard cells.contains(where: { !$0.isEmpty }) else { return [] }
    return ["| *\(paper.system.title), paper* | *\(labels)* | | " + cells.joined(separator: " | ") + " |"]
  }

  private func counts(_ test: ExperimentGrid.Test) -> String {
    let kinds: [(metric: ExperimentMetric, words: String)] = [
      (.accuracy, "images with a finding"), (.dice, "with a mask"),
    ]
    let parts = kinds.compactMap { kind -> String? in
      let count = count(kind.metric, test: test.name)
      return count > 0 ? "\(count) \(kind.words)" : nil
    }
    return parts.isEmpty ? "" : ": " + parts.joined(separator: ", ")
  }

  /// What the second has more than the first, seed by seed with the same labels.
  private func differences(_ match: ExperimentGrid.Match) -> [String] {
    var lines: [String] = []
    for labels in grid.labels(of: match) {
      for test in grid.tests {
        for metric in ExperimentMetric.allCases {
          let values = grid.seeds.compactMap { seed -> Double? in
            let pair = [match.first, match.second].map { arm in
              records.first { $0.name == grid.cell(arm, labels, seed: seed, for: test).name }
                .flatMap { metric.value(in: $0.figures[test.name]) }
            }
            guard let a = pair[0], let b = pair[1] else { return nil }
            return b - a
          }
          guard !values.isEmpty else { continue }
          let each = values.map { Self.signed($0, digits: metric.digits) }.joined(separator: ", ")
          let summary = Summary(values)
          let mean =
            Self.signed(summary.mean, digits: metric.digits)
            + (summary.deviation.map { String(format: " \u{00B1} %.\(metric.digits)f", $0) } ?? "")
          lines.append(
            "| \(match.words(labels)) | \(test.name) | \(metric.title) | \(mean) | \(each) |")
        }
      }
    }
    guard !lines.isEmpty else { return [] }
    return [
      "## \(grid.title(match.second)) less \(grid.title(match.first))", "", "With the same labels and seed.",
      "",
      "| labels | test | | mean \u{00B1} SD | by seed |", "|---|---|---|--:|---|",
    ] + lines + [""]
  }

  private static func text(_ summary: Summary, digits: Int) -> String {
    String(format: "%.\(digits)f", summary.mean)
      + (summary.deviation.map { String(format: " \u{00B1} %.\(digits)f", $0) } ?? "")
  }

  static func signed(_ value: Double, digits: Int) -> String {
    (value < 0 ? "\u{2212}" : "+") + String(format: "%.\(digits)f", abs(value))
  }
}
