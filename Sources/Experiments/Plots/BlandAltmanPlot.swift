internal import EvaluationMetrics
internal import Foundation
internal import Rendering
internal import Training

/// Differences of two measurements over their means (Bland and Altman 1986): here the lungs' share of the
/// image, predicted and reference.
enum BlandAltmanPlot {
  static func chart(_ rows: [Evaluation.Row], title: String) -> Chart? {
    let areas = rows.compactMap { row in
      row.segmentation.map { (predicted: 100 * $0.predictedFraction, reference: 100 * $0.referenceFraction) }
    }
    guard areas.count > 1 else { return nil }
    let differences = areas.map { $0.predicted - $0.reference }
    let bias = Summary(differences)
    let spread = 1.96 * (bias.deviation ?? 0)
    // All rules stay inside, with room for their words.
    let reach = 1.15 * max(differences.map(abs).max() ?? 0, abs(bias.mean) + spread, 0.1)

    var chart = Chart(
      title: title, subtitle: "\(areas.count) images; dashed: limits of agreement, mean \u{00B1} 1.96 SD",
      x: .init("mean of both lung areas (% of the image)"),
      y: .init("predicted \u{2212} reference (% of the image)", range: -reach...reach))
    chart.series = [
      .init(nil, Palette.axis, .rule(0, words: "")),
      .init(
        nil, Palette.blue,
        .points(
          areas.map { Point(x: ($0.predicted + $0.reference) / 2, y: $0.predicted - $0.reference) },
          radius: 2.4, opacity: 0.55)),
      .init(nil, Palette.vermillion, .rule(bias.mean, words: "mean \(signed(bias.mean))")),
      .init(
        nil, Palette.vermillion,
        .rule(bias.mean + spread, words: "+1.96 SD: \(signed(bias.mean + spread))", dash: [5, 3])),
      .init(
        nil, Palette.vermillion,
        .rule(bias.mean - spread, words: "\u{2212}1.96 SD: \(signed(bias.mean - spread))", dash: [5, 3])),
    ]
    return chart
  }

  private static func signed(_ value: Double) -> String {
    (value < 0 ? "\u{2212}" : "+") + String(format: "%.2f", abs(value))
  }
}
