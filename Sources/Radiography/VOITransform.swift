import DICOM
import Foundation

/// Modality values to display brightness 0...1: window or VOI LUT (DICOM PS3.3 C.11.2).
enum VOITransform: Sendable, Equatable {
  /// C.11.2.1.2.1, the default: the window's edges lie half a value inside.
  case linear(center: Double, width: Double)
  /// C.11.2.1.3.2: without the half value, for normalised or floating input.
  case linearExact(center: Double, width: Double)
  /// C.11.2.1.3.1.
  case sigmoid(center: Double, width: Double)
  case lookup(LookupTable)
  /// No VOI stage in the data set: smallest value black, largest white.
  case fullRange(low: Double, high: Double)

  /// Brightness before any inversion, 0...1.
  func callAsFunction(_ value: Double) -> Double {
    switch self {
    case .linear(let center, let width):
      if width == 1 { return value <= center - 0.5 ? 0 : 1 }
      return clamp((value - (center - 0.5)) / (width - 1) + 0.5)
    case .linearExact(let center, let width): return clamp((value - center) / width + 0.5)
    case .sigmoid(let center, let width): return 1 / (1 + exp(-4 * (value - center) / width))
    case .lookup(let table): return clamp(table[value] / table.outputMaximum)
    case .fullRange(let low, let high): return high > low ? clamp((value - low) / (high - low)) : 0
    }
  }

  private func clamp(_ value: Double) -> Double { min(max(value, 0), 1) }

  /// Whether next to nothing of a picture is left: at least `0.85` of its pixels get one brightness, of 256,
  /// although their values fill half of what the pixels span. Judged by percentiles, because a collimator's edge
  /// or a marker spans any range. A window that leaves two sides of an edge, or squeezes all into a few shades
  /// that can be stretched again, shows something.
  /// - Parameter values: modality values at the 0th to 100th percentile.
  func hides(_ values: [Double]) -> Bool {
    let shown = values.map { (self($0) * 255).rounded() }
    let middle = values.dropFirst(5).dropLast(5)
    let span = (middle.max() ?? 0) - (middle.min() ?? 0)
    guard span > 0 else { return values.first != values.last && shown.first == shown.last }
    for level in Set(shown) {
      let alike = zip(values, shown).filter { $0.1 == level }.map(\.0)
      let width = (alike.max() ?? 0) - (alike.min() ?? 0)
      if Double(alike.count) >= 0.85 * Double(values.count), width >= span / 2, !isSqueeze(of: values) {
        return true
      }
    }
    return false
  }

  /// Whether values that get one of 256 brightnesses still differ by fractions of it.
  private func isSqueeze(of values: [Double]) -> Bool {
    let shown = values.dropFirst().dropLast().map { self($0) }
    let differences = Set(shown.map { ($0 * 1e6).rounded() }).count
    return differences > shown.count / 4
  }
}
