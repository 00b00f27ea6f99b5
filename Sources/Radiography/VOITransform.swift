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

  /// The first VOI LUT, else the first window; nil where there is neither. Several windows or LUTs are
  /// alternative views, the first being the default one. Where an image has both, the LUT is the curve that
  /// the manufacturer tuned, and the window a stand-in for viewers that know no LUT.
  static func of(_ dataSet: DataSet, signedInput: Bool) -> Result<VOITransform, Unusable>? {
    if let item = dataSet.items(.voiLUTSequence).first {
      if let table = LookupTable(item: item, signedInput: signedInput) { return .success(.lookup(table)) }
      if dataSet.decimal(.windowCenter) == nil { return .failure(Unusable(why: "malformed VOI LUT")) }
    }
    guard let center = dataSet.decimal(.windowCenter), let width = dataSet.decimal(.windowWidth) else {
      return nil
    }
    guard center.isFinite, width.isFinite, width > 0 else {
      return .failure(Unusable(why: "Window Width \(width)"))
    }
    switch dataSet.string(.voiLUTFunction) {
    case "SIGMOID": return .success(.sigmoid(center: center, width: width))
    case "LINEAR_EXACT": return .success(.linearExact(center: center, width: width))
    default:
      // LINEAR is defined for a width of at least 1; writers that state less mean a fraction.
      return .success(
        width >= 1 ? .linear(center: center, width: width) : .linearExact(center: center, width: width))
    }
  }

  /// Why a VOI stage that is present can't be applied.
  struct Unusable: Error, Equatable { let why: String }

  /// Brightness before any inversion, 0...1.
  func callAsFunction(_ value: Double) -> Double {
    switch self {
    case .linear(let center, let width):
      if width == 1 { return value <= center - 0.5 ? 0 : 1 }
      return clamp((value - (center - 0.5)) / (width - 1) + 0.5)
    case .linearExact(let center, let width): return clamp((value - center) / width + 0.5)
    case .sigmoid(let center, let width): return 1 / (1 + exp(-4 * (value - center) / width))
    case .lookup(let table): return table[value] / table.outputMaximum
    case .fullRange(let low, let high): return high > low ? clamp((value - low) / (high - low)) : 0
    }
  }

  private func clamp(_ value: Double) -> Double { min(max(value, 0), 1) }
}
