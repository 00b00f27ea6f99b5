internal import Foundation
internal import Training

/// Where an axis is marked, and with what words: few, round, and no more digits than tell them apart.
package struct Ticks: Sendable, Equatable {
  package let values: [Double]
  package let labels: [String]

  package init(values: [Double], labels: [String]) {
    precondition(values.count == labels.count)
    self.values = values
    self.labels = labels
  }

  /// Multiples of 1, 2 or 5 times a power of ten within `range`, about `count` of them (Heckbert 1990).
  package static func linear(_ range: ClosedRange<Double>, about count: Int) -> Ticks {
    let step = step(of: range, about: count)
    let first = Int((range.lowerBound / step - 1e-9).rounded(.up))
    let last = Int((range.upperBound / step + 1e-9).rounded(.down))
    guard first <= last else { return Ticks(values: [], labels: []) }
    let digits = max(0, -Int(log10(step).rounded(.down)))
    let values = (first...last).map { Double($0) * step }
    return Ticks(values: values, labels: values.map { label($0, digits: digits) })
  }

  /// `range` widened to whole steps, so that the data lie between two ticks.
  package static func widened(_ range: ClosedRange<Double>, about count: Int) -> ClosedRange<Double> {
    let step = step(of: range, about: count)
    let lower = (range.lowerBound / step + 1e-9).rounded(.down) * step
    let upper = (range.upperBound / step - 1e-9).rounded(.up) * step
    return lower < upper ? lower...upper : lower...(lower + step)
  }

  /// Powers of ten within a positive range; over fewer than three decades also 2 and 5 times those.
  package static func logarithmic(_ range: ClosedRange<Double>) -> Ticks {
    precondition(range.lowerBound > 0)
    let decades = Int(log10(range.lowerBound).rounded(.down))...Int(log10(range.upperBound).rounded(.up))
    let mantissas = log10(range.upperBound / range.lowerBound) < 3 ? [1.0, 2, 5] : [1.0]
    var values: [Double] = []
    for decade in decades {
      for mantissa in mantissas { values.append(mantissa * pow(10, Double(decade))) }
    }
    values.removeAll { $0 < range.lowerBound * (1 - 1e-9) || $0 > range.upperBound * (1 + 1e-9) }
    let labels = values.map { value in
      label(value, digits: max(0, -Int(log10(value * (1 + 1e-9)).rounded(.down))))
    }
    return Ticks(values: values, labels: labels)
  }

  private static func step(of range: ClosedRange<Double>, about count: Int) -> Double {
    let span = range.upperBound - range.lowerBound
    let rough = (span > 0 ? span : max(abs(range.lowerBound), 1)) / Double(max(1, count))
    let decade = pow(10, log10(rough).rounded(.down))
    let mantissa = rough / decade
    return (mantissa < 1.5 ? 1 : mantissa < 3 ? 2 : mantissa < 7 ? 5 : 10) * decade
  }

  /// With a proper minus, and thousands apart.
  static func label(_ value: Double, digits: Int) -> String {
    let text = String(format: "%.\(digits)f", abs(value))
    let isNegative = value < 0 && text.contains { $0 != "0" && $0 != "." }
    let parts = text.split(separator: ".")
    var whole = String(parts[0])
    if whole.count > 4 {
      var grouped = ""
      for (place, digit) in whole.reversed().enumerated() {
        if place > 0 && place % 3 == 0 { grouped.append(",") }
        grouped.append(digit)
      }
      whole = String(grouped.reversed())
    }
    return (isNegative ? "\u{2212}" : "")
      + ([whole] + parts.dropFirst().map(String.init)).joined(separator: ".")
  }
}
