internal import EvaluationMetrics
internal import Foundation
internal import MultiMix
internal import Rendering
internal import Training

/// Figures of systems one below the other: every seed, their mean and spread, and the paper's figure.
struct ComparisonPlot {
  struct Entry {
    let label: String
    let colour: RGBColour
    /// One for each seed.
    let values: [Double]
    let paper: Double?
  }

  static func chart(_ entries: [Entry], title: String, subtitle: String, axis: String) -> Chart? {
    let entries = entries.filter { !$0.values.isEmpty }
    guard !entries.isEmpty else { return nil }
    let places = entries.indices.map { Double(entries.count - $0) }
    var chart = Chart(
      title: title, subtitle: subtitle, x: .init(axis),
      y: .init(
        "", range: 0.4...(Double(entries.count) + 0.6),
        ticks: Ticks(values: places, labels: entries.map(\.label))))
    var papers: [Point] = []
    for (entry, place) in zip(entries, places) {
      let summary = Summary(entry.values)
      if let deviation = summary.deviation {
        chart.series.append(
          .init(
            nil, entry.colour,
            .levels([.init(at: place, low: summary.mean - deviation, high: summary.mean + deviation)])))
      }
      chart.series.append(
        .init(
          nil, entry.colour, .points(entry.values.map { Point(x: $0, y: place) }, radius: 2.4, opacity: 0.6)))
      chart.series.append(.init(nil, entry.colour, .points([Point(x: summary.mean, y: place)], radius: 4.4)))
      if let paper = entry.paper { papers.append(Point(x: paper, y: place)) }
    }
    if !papers.isEmpty {
      chart.series.append(.init(nil, Palette.quiet, .rings(papers, radius: 3.6)))
    }
    return chart
  }
}

extension ExperimentGrid {
  /// The system's; of variants, one of their own each.
  func colour(_ arm: Arm) -> RGBColour {
    guard let place = variants.firstIndex(where: { $0.name == arm.variant }) else { return arm.system.colour }
    return Palette.colour(place, of: variants.count)
  }
}

extension System {
  /// The same in every plot.
  var colour: RGBColour {
    switch self {
    case .unet: Palette.gray
    case .enc: Palette.sky
    case .encSSL: Palette.blue
    case .umtl: Palette.orange
    case .umtlS: Palette.green
    case .umtlSSL: Palette.purple
    case .umtlSSSL: Palette.indigo
    case .multimix: Palette.vermillion
    }
  }

  /// As the paper writes it.
  package var title: String {
    switch self {
    case .unet: "U-Net"
    case .enc: "Enc"
    case .encSSL: "EncSSL"
    case .umtl: "UMTL"
    case .umtlS: "UMTLS"
    case .umtlSSL: "UMTL-SSL"
    case .umtlSSSL: "UMTLS-SSL"
    case .multimix: "MultiMix"
    }
  }
}
