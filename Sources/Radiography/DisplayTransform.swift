import DICOM

/// Stored values to brightness: modality stage, VOI stage, inversion, in this order.
struct DisplayTransform: Sendable {
  let modality: ModalityTransform
  let voi: VOITransform
  let isInverted: Bool

  /// The transform that a data set asks for, and notes on what it states badly or not at all.
  static func of(
    _ dataSet: DataSet, frame: Frame, padding: [Bool]?
  ) -> (DisplayTransform, [QualityNote]) {
    let (modality, modalityNote) = ModalityTransform.of(dataSet, signedPixels: frame.isSigned)
    let isInverted = inverts(dataSet, photometricInterpretation: frame.photometricInterpretation)
    let range = storedRange(of: frame.pixels, padding: padding)
    let ends = [modality(Double(range.lowerBound)), modality(Double(range.upperBound))]
    var notes = [modalityNote].compactMap(\.self)
    var fallback: VOITransform { fullRange(of: modality, range: range, ends: ends) }

    let voi: VOITransform
    switch VOITransform.of(dataSet, signedInput: modality.canBeNegative(signedPixels: frame.isSigned)) {
    case nil:
      notes.append(.noWindow)
      voi = fallback
    case .failure(let unusable):
      notes.append(.windowIgnored(why: unusable.why))
      voi = fallback
    case .success(let stated):
      // A window beside the pixels' whole range shows nothing at all; it belongs to other pixels.
      if range.lowerBound < range.upperBound, stated(ends[0]) == stated(ends[1]), modality.isMonotonic {
        notes.append(.windowIgnored(why: "it leaves no contrast"))
        voi = fallback
      } else {
        voi = stated
      }
    }
    return (DisplayTransform(modality: modality, voi: voi, isInverted: isInverted), notes)
  }

  /// MONOCHROME1 shows small values white. DX images repeat this as Presentation LUT Shape INVERSE
  /// (C.8.11.3.1.2), which must not invert a second time; INVERSE alone inverts a MONOCHROME2 image.
  private static func inverts(_ dataSet: DataSet, photometricInterpretation: String) -> Bool {
    let interpretation = dataSet.string(.photometricInterpretation) ?? photometricInterpretation
    return interpretation == "MONOCHROME1" || dataSet.string(.presentationLUTShape) == "INVERSE"
  }

  private static func storedRange(of pixels: [Int32], padding: [Bool]?) -> ClosedRange<Int32> {
    var low = Int32.max
    var high = Int32.min
    if let padding {
      for (pixel, isPadding) in zip(pixels, padding) where !isPadding {
        low = min(low, pixel)
        high = max(high, pixel)
      }
    } else {
      for pixel in pixels {
        low = min(low, pixel)
        high = max(high, pixel)
      }
    }
    return low <= high ? low...high : 0...0
  }

  private static func fullRange(
    of modality: ModalityTransform, range: ClosedRange<Int32>, ends: [Double]
  ) -> VOITransform {
    if modality.isMonotonic { return .fullRange(low: min(ends[0], ends[1]), high: max(ends[0], ends[1])) }
    let outputs = range.map { modality(Double($0)) }
    return .fullRange(low: outputs.min() ?? 0, high: outputs.max() ?? 0)
  }

  /// Brightness of one stored value.
  func callAsFunction(_ stored: Int32) -> Float {
    let shown = voi(modality(Double(stored)))
    return Float(isInverted ? 1 - shown : shown)
  }

  /// Brightness of every pixel; padding is black.
  func apply(to pixels: [Int32], padding: [Bool]?) -> [Float] {
    guard let low = pixels.min(), let high = pixels.max() else { return [] }
    var values: [Float]
    if Int(high) - Int(low) <= 1 << 17 {
      // Few distinct values: each is worked out once.
      let table = (low...high).map { self($0) }
      values = pixels.map { table[Int($0) - Int(low)] }
    } else {
      values = pixels.map { self($0) }
    }
    if let padding { for index in values.indices where padding[index] { values[index] = 0 } }
    return values
  }
}

extension ModalityTransform {
  /// Whether a larger stored value can't lie between the outputs of its neighbours' extremes; a LUT may do
  /// anything.
  var isMonotonic: Bool {
    if case .lookup = self { false } else { true }
  }
}
