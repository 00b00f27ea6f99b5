internal import Foundation
package import Rendering
internal import Training

/// A plot in the coordinates of its data: two axes and the series drawn between them, in order.
package struct Chart: Sendable {
  /// What is shown.
  package var title: String
  /// Of what: the data, how many, which interval.
  package var subtitle: String
  package var x: Axis
  package var y: Axis
  package var series: [Series] = []
  /// Whether both axes have the same length, as for two shares.
  package var isSquare = false

  package init(title: String, subtitle: String = "", x: Axis, y: Axis) {
    (self.title, self.subtitle, self.x, self.y) = (title, subtitle, x, y)
  }

  /// One of the two directions.
  package struct Axis: Sendable {
    package enum Scale: Sendable { case linear, logarithmic }

    package var title: String
    /// nil takes what the data span, widened to whole ticks.
    package var range: ClosedRange<Double>?
    package var scale = Scale.linear
    /// nil marks round numbers.
    package var ticks: Ticks?

    package init(
      _ title: String, range: ClosedRange<Double>? = nil, scale: Scale = .linear, ticks: Ticks? = nil
    ) {
      (self.title, self.range, self.scale, self.ticks) = (title, range, scale, ticks)
    }
  }

  /// A set of marks of one colour.
  package struct Series: Sendable {
    /// In the legend; nil leaves it out.
    package var label: String?
    package var colour: RGBColour
    package var mark: Mark

    package init(_ label: String? = nil, _ colour: RGBColour, _ mark: Mark) {
      (self.label, self.colour, self.mark) = (label, colour, mark)
    }
  }

  package enum Mark: Sendable {
    case line([Point], width: Double = 1.8, opacity: Double = 1, dash: [Double] = [])
    /// The area between two lines.
    case band([Span])
    case points([Point], radius: Double = 2.5, opacity: Double = 1)
    /// Points that are open in the middle.
    case rings([Point], radius: Double = 3.5)
    /// Vertical bars from low to high.
    case intervals([Span])
    /// Horizontal bars from low to high; `at` is on the vertical axis.
    case levels([Span])
    /// Columns around `at`, of a width in data units.
    case columns([Span], width: Double)
    /// A horizontal line over the whole width, with words at its right end.
    case rule(Double, words: String, dash: [Double] = [])
  }

  /// From low to high at one place.
  package struct Span: Sendable, Equatable {
    package var at, low, high: Double
    package init(at: Double, low: Double, high: Double) { (self.at, self.low, self.high) = (at, low, high) }
  }
}

extension Chart.Mark {
  /// What the mark covers, as corners.
  var extent: [Point] {
    switch self {
    case .line(let points, _, _, _), .points(let points, _, _), .rings(let points, _): points
    case .band(let spans), .intervals(let spans):
      spans.flatMap { [Point(x: $0.at, y: $0.low), Point(x: $0.at, y: $0.high)] }
    case .levels(let spans): spans.flatMap { [Point(x: $0.low, y: $0.at), Point(x: $0.high, y: $0.at)] }
    case .columns(let spans, let width):
      spans.flatMap {
        [Point(x: $0.at - width / 2, y: $0.low), Point(x: $0.at + width / 2, y: $0.high)]
      }
    case .rule: []
    }
  }
}

extension Chart.Axis {
  /// The range that is shown, given what the data span.
  func shown(_ data: [Double], about count: Int) -> ClosedRange<Double> {
    if let range { return range }
    let usable = data.filter { $0.isFinite && (scale == .linear || $0 > 0) }
    guard let low = usable.min(), let high = usable.max() else {
      return scale == .linear ? 0...1 : 0.1...1
    }
    switch scale {
    case .linear: return Ticks.widened(low...high, about: count)
    case .logarithmic: return low < high ? (low / 1.1)...(high * 1.1) : (low / 2)...(high * 2)
    }
  }

  func ticks(in range: ClosedRange<Double>, about count: Int) -> Ticks {
    if let ticks { return ticks }
    return scale == .linear ? .linear(range, about: count) : .logarithmic(range)
  }

  /// Where a value lies, 0 at the lower end and 1 at the upper.
  func share(_ value: Double, in range: ClosedRange<Double>) -> Double {
    switch scale {
    case .linear: return (value - range.lowerBound) / (range.upperBound - range.lowerBound)
    case .logarithmic:
      return log(max(value, 1e-300) / range.lowerBound) / log(range.upperBound / range.lowerBound)
    }
  }
}
