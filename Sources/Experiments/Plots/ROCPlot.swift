internal import Archive
package import EvaluationMetrics
internal import Foundation
internal import Rendering
internal import Training

/// Sensitivity over 1 - specificity of the probabilities of pneumonia.
package enum ROCPlot {
  /// One curve with the 95 % band of a bootstrap over patients, at each specificity, and the operating point.
  static func chart(_ rows: [Evaluation.Row], title: String, threshold: Double) -> Chart? {
    let rows = rows.filter { $0.image.finding != nil }
    let labels = rows.map { $0.image.finding == .pneumonia }
    let probabilities = rows.map(\.pneumoniaProbability)
    let ranked = RankedLabels(scores: probabilities, labels: labels)
    guard let area = ranked.auroc(), let curve = ranked.curve() else { return nil }
    let bootstrap = Bootstrap(patients: rows.map(\.image.patientKey))
    let interval = bootstrap.interval { ranked.auroc(weights: $0) }

    var chart = empty(title: title)
    chart.subtitle =
      "AUROC \(figure(area))" + (interval.map { " (\(figure($0.lower)) to \(figure($0.upper)))" } ?? "")
      + ", \(rows.count) images, \(labels.count { $0 }) with pneumonia"
    if let band = band(ranked, bootstrap) {
      chart.series.append(.init("95 %, bootstrap over patients", Palette.blue, .band(band)))
    }
    chart.series.append(
      .init(nil, Palette.blue, .line(curve.map { Point(x: $0.falsePositiveRate, y: $0.truePositiveRate) })))
    let metrics = ClassificationMetrics(probabilities: probabilities, labels: labels, threshold: threshold)
    let (falseAlarms, quiet) = (metrics.confusion.falsePositive, metrics.confusion.trueNegative)
    chart.series.append(
      .init(
        "threshold \(figure(threshold))", Palette.vermillion,
        .rings([Point(x: Double(falseAlarms) / Double(falseAlarms + quiet), y: metrics.recall)])))
    return chart
  }

  /// Several curves; each is the mean of its seeds' sensitivities at every specificity.
  static func comparison(
    _ systems: [(label: String, colour: RGBColour, runs: [RankedLabels])], title: String, subtitle: String
  ) -> Chart {
    var chart = empty(title: title)
    chart.subtitle = subtitle
    for system in systems {
      let curves = system.runs.compactMap { $0.curve() }
      let areas = system.runs.compactMap { $0.auroc() }
      guard !curves.isEmpty else { continue }
      let points = grid.map { x in
        Point(x: x, y: curves.reduce(0) { $0 + Self.sensitivity(at: x, on: $1) } / Double(curves.count))
      }
      let area = areas.reduce(0, +) / Double(areas.count)
      chart.series.append(.init("\(system.label) (\(figure(area)))", system.colour, .line(points)))
    }
    return chart
  }

  private static func empty(title: String) -> Chart {
    var chart = Chart(
      title: title, x: .init("1 \u{2212} specificity", range: 0...1), y: .init("sensitivity", range: 0...1))
    chart.isSquare = true
    chart.series.append(
      .init(nil, Palette.axis, .line([Point(x: 0, y: 0), Point(x: 1, y: 1)], width: 1, dash: [3, 3])))
    return chart
  }

  private static let grid = (0...100).map { Double($0) / 100 }

  private static func band(_ ranked: RankedLabels, _ bootstrap: Bootstrap) -> [Chart.Span]? {
    let intervals = bootstrap.intervals { weights in
      ranked.curve(weights: weights).map { curve in grid.map { sensitivity(at: $0, on: curve) } }
    }
    return intervals.map { zip(grid, $0).map { .init(at: $0, low: $1.lower, high: $1.upper) } }
  }

  /// Linear between the corners; the upper end where the curve rises straight up.
  package static func sensitivity(at x: Double, on curve: [RankedLabels.Corner]) -> Double {
    guard let next = curve.firstIndex(where: { $0.falsePositiveRate > x }) else {
      return curve.last?.truePositiveRate ?? 1
    }
    guard next > 0 else { return curve[0].truePositiveRate }
    let (a, b) = (curve[next - 1], curve[next])
    let share = (x - a.falsePositiveRate) / (b.falsePositiveRate - a.falsePositiveRate)
    return a.truePositiveRate + (b.truePositiveRate - a.truePositiveRate) * share
  }

  static func figure(_ value: Double) -> String { String(format: "%.3f", value) }
}
