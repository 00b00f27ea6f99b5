import DICOM

/// Stored values to modality values: Modality LUT Sequence, or Rescale Slope and Intercept
/// (DICOM PS3.3 C.11.1).
enum ModalityTransform: Sendable, Equatable {
  case identity
  case rescale(slope: Double, intercept: Double)
  case lookup(LookupTable)

  /// The transform of an image, and a note where it states one that can't be used. A LUT that can't be used gives
  /// way to the rescale, which some writers state beside it.
  /// - Parameter stored: the range of the stored values outside the padding.
  static func of(
    _ dataSet: DataSet, stored: ClosedRange<Int32>, signedPixels: Bool
  ) -> (ModalityTransform, QualityNote?) {
    let inputs = Double(stored.lowerBound)...Double(stored.upperBound)
    let items = dataSet.items(.modalityLUTSequence)
    for item in items {
      if let table = LookupTable(item: item, inputs: inputs, signedInput: signedPixels), !table.isFlat {
        return (.lookup(table), nil)
      }
    }
    let (transform, note) = rescale(dataSet, inputs: inputs)
    return (transform, items.isEmpty ? note : .modalityTransformIgnored(why: "malformed Modality LUT"))
  }

  private static func rescale(
    _ dataSet: DataSet, inputs: ClosedRange<Double>
  ) -> (ModalityTransform, QualityNote?) {
    func isUnreadable(_ tag: Tag) -> Bool {
      dataSet.numbers(tag).first == .some(nil) && dataSet.string(tag) != nil
    }
    if isUnreadable(.rescaleSlope) || isUnreadable(.rescaleIntercept) {
      return (.identity, .modalityTransformIgnored(why: "Rescale Slope or Intercept is no number"))
    }
    let slope = dataSet.decimal(.rescaleSlope) ?? 1
    let intercept = dataSet.decimal(.rescaleIntercept) ?? 0
    guard slope.isFinite, slope != 0, intercept.isFinite else {
      return (.identity, .modalityTransformIgnored(why: "Rescale Slope \(slope)"))
    }
    if slope == 1, intercept == 0 { return (.identity, nil) }
    let transform = Self.rescale(slope: slope, intercept: intercept)
    // What a window is compared with and the span that is stretched must be numbers.
    let (low, high) = (transform(inputs.lowerBound), transform(inputs.upperBound))
    guard low.isFinite, high.isFinite, (high - low).isFinite else {
      return (.identity, .modalityTransformIgnored(why: "Rescale Slope \(slope)"))
    }
    return (transform, nil)
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
