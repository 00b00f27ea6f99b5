internal import Archive
internal import EvaluationMetrics
internal import Foundation
internal import Rendering
internal import Training

/// Whether of the images with a probability of p a share of p have pneumonia.
package enum ReliabilityPlot {
  private static let bins = 10

  static func chart(_ rows: [Evaluation.Row], title: String) -> Chart? {
    let rows = rows.filter { $0.image.finding != nil }
    guard !rows.isEmpty else { return nil }
    let labels = rows.map { $0.image.finding == .pneumonia }
    let probabilities = rows.map(\.pneumoniaProbability)
    let metrics = ClassificationMetrics(probabilities: probabilities, labels: labels, threshold: 0.5)

    var chart = Chart(
      title: title,
      subtitle: "expected calibration error \(ROCPlot.figure(metrics.ece)), \(rows.count) images",
      x: .init("predicted probability of pneumonia", range: 0...1),
      y: .init("observed share of pneumonia", range: 0...1))
    chart.isSquare = true
    var shares: [Chart.Span] = []
    var points: [Point] = []
    var intervals: [Chart.Span] = []
    for bin in 0..<bins {
      let members = probabilities.indices.filter {
        min(bins - 1, Int(probabilities[$0] * Double(bins))) == bin
      }
      guard !members.isEmpty else { continue }
      let mean = members.reduce(0) { $0 + probabilities[$1] } / Double(members.count)
      let positives = members.count { labels[$0] }
      points.append(Point(x: mean, y: Double(positives) / Double(members.count)))
      let interval = wilson(positives, of: members.count)
      intervals.append(.init(at: mean, low: interval.lowerBound, high: interval.upperBound))
      shares.append(
        .init(
          at: (Double(bin) + 0.5) / Double(bins), low: 0, high: Double(members.count) / Double(rows.count)))
    }
    chart.series = [
      .init("share of the images", Palette.axis, .columns(shares, width: 0.092)),
      .init(nil, Palette.axis, .line([Point(x: 0, y: 0), Point(x: 1, y: 1)], width: 1, dash: [3, 3])),
      .init(nil, Palette.blue, .intervals(intervals)),
      .init("observed, 95 % (Wilson)", Palette.blue, .points(points, radius: 3.5)),
    ]
    return chart
  }

  /// The 95 % score interval of a share (Wilson 1927), which is sensible at 0 and 1 too.
  package static func wilson(_ successes: Int, of trials: Int) -> ClosedRange<Double> {
    let z = 1.959964
    let n = Double(trials)
    let p = Double(successes) / n
    let middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    return max(0, middle - half)...min(1, middle + half)
  }
}
