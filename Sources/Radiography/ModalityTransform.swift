import DICOM

/// Stored values to modality values: Modality LUT Sequence, or Rescale Slope and Intercept
/// (DICOM PS3.3 C.11.1).
enum ModalityTransform: Sendable, Equatable {
  case identity
  case rescale(slope: Double, intercept: Double)
  case lookup(LookupTable)

  /// The transform of an image, and a note where it states one that can't be used.
  static func of(_ dataSet: DataSet, signedPixels: Bool) -> (ModalityTransform, QualityNote?) {
    if let item = dataSet.items(.modalityLUTSequence).first {
      guard let table = LookupTable(item: item, signedInput: signedPixels) else {
        return (.identity, .modalityTransformIgnored(why: "malformed Modality LUT"))
      }
      return (.lookup(table), nil)
    }
    let slope = dataSet.decimal(.rescaleSlope) ?? 1
    let intercept = dataSet.decimal(.rescaleIntercept) ?? 0
    guard slope.isFinite, slope != 0, intercept.isFinite else {
      return (.identity, .modalityTransformIgnored(why: "Rescale Slope \(slope)"))
    }
    if slope == 1, intercept == 0 { return (.identity, nil) }
    return (.rescale(slope: slope, intercept: intercept), nil)
  }

  /// The modality value of a stored value.
  func callAsFunction(_ stored: Double) -> Double {
    switch self {
    case .identity: stored
    case .rescale(let slope, let intercept): stored * slope + intercept
    case .lookup(let table): table[stored]
    }
  }

  /// Whether modality values can be negative, given the stored values' sign.
  func canBeNegative(signedPixels: Bool) -> Bool {
    switch self {
    case .identity: signedPixels
    case .rescale(let slope, let intercept): signedPixels || intercept < 0 || slope < 0
    case .lookup: false
    }
  }
}
