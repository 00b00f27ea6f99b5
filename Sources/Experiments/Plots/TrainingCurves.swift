internal import Files
internal import Foundation
internal import Rendering
internal import Training

/// The terms of the objective over the steps of one or several trainings.
struct TrainingCurves {
  /// Trainings that are shown as one line: the mean over them, step by step.
  struct Run {
    let label: String
    let colour: RGBColour
    let logs: [LogColumns]
  }

  private static let terms: [(column: String, title: String, axis: String)] = [
    ("classification", "Findings", "cross-entropy"),
    ("segmentation", "Lung masks", "Dice loss"),
    ("mask_cross_entropy", "Lung masks, pixel by pixel", "cross-entropy"),
    ("pseudo_label", "Pseudo-labels", "cross-entropy where confident"),
    ("confident", "Confident pseudo-labels", "share of the images"),
    ("consistency", "Consistency of segmentations", "divergence"),
  ]

  /// A panel for each term that any of the runs has; nil without any.
  static func figure(_ runs: [Run], title: String, validation: [Chart] = []) -> Figure? {
    let charts = terms.compactMap { chart($0, runs) } + validation
    guard !charts.isEmpty else { return nil }
    let window = window(runs)
    return Figure(
      title: title, subtitle: window > 1 ? "means over \(window) steps" : "",
      panels: charts.map { .chart($0) },
      columns: min(3, charts.count), panelSize: (300, 230))
  }

  /// About a hundredth of the training.
  private static func window(_ runs: [Run]) -> Int {
    max(1, (runs.flatMap(\.logs).map(\.count).max() ?? 0) / 100)
  }

  private static func chart(_ term: (column: String, title: String, axis: String), _ runs: [Run]) -> Chart? {
    var chart = Chart(title: term.title, x: .init("step"), y: .init(term.axis))
    let window = window(runs)
    for run in runs {
      let lines = run.logs.compactMap { $0[term.column] }.filter { $0.contains { $0 != 0 } }
      guard let length = lines.map(\.count).min(), length > 0 else { continue }
      let mean = (0..<length).map { step in
        lines.reduce(0) { $0 + $1[step] } / Double(lines.count)
      }
      let smooth = smoothed(mean, window: window)
      if runs.count == 1, window > 1 {
        let stride = max(1, length / 600)
        let raw = Swift.stride(from: 0, to: length, by: stride).map {
          Point(x: Double($0 + 1), y: mean[$0])
        }
        chart.series.append(.init(nil, run.colour, .line(raw, width: 0.8, opacity: 0.25)))
      }
      chart.series.append(
        .init(runs.count > 1 ? run.label : nil, run.colour, .line(smooth, width: 1.8)))
    }
    guard !chart.series.isEmpty else { return nil }
    if term.column == "confident" {
      chart.y.range = 0...1
    } else {
      // What falls by an order of magnitude is told apart on a logarithmic axis only.
      let values = chart.series.flatMap { $0.mark.extent.map(\.y) }
      if let low = values.min(), let high = values.max(), low > 0, high > 8 * low {
        chart.y.scale = .logarithmic
      }
    }
    chart.x.range = 0...(chart.series.flatMap { $0.mark.extent.map(\.x) }.max() ?? 1)
    return chart
  }

  /// Means over `window` steps, each at the window's middle, half a window apart.
  private static func smoothed(_ values: [Double], window: Int) -> [Point] {
    guard window > 1, values.count >= window else {
      return values.enumerated().map { Point(x: Double($0.offset + 1), y: $0.element) }
    }
    return stride(from: 0, through: values.count - window, by: max(1, window / 2)).map { first in
      let mean = values[first..<first + window].reduce(0, +) / Double(window)
      return Point(x: Double(first) + Double(window + 1) / 2, y: mean)
    }
  }
}

/// The columns of a training's log.csv by name.
struct LogColumns {
  private let columns: [String: [Double]]
  let count: Int

  init(_ text: String) {
    var lines = CommaSeparatedValues(text).records.map(\.fields)
    let names = lines.isEmpty ? [] : lines.removeFirst()
    // A line that was cut off by a crash has no meaning.
    lines.removeAll { $0.count != names.count }
    var columns: [String: [Double]] = [:]
    for (place, name) in names.enumerated() { columns[name] = lines.map { Double($0[place]) ?? .nan } }
    self.columns = columns
    count = lines.count
  }

  subscript(name: String) -> [Double]? { columns[name] }
}
