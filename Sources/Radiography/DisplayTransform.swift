import DICOM

/// Stored values to brightness: modality stage, VOI stage, inversion, in this order.
struct DisplayTransform: Sendable {
  let modality: ModalityTransform
  let voi: VOITransform
  let isInverted: Bool

  /// The transform that a data set asks for, and notes on what it states badly or not at all. Of what it states for
  /// the VOI stage the first that shows the picture is taken.
  static func of(
    _ dataSet: DataSet, frame: Frame, padding: [Bool]?
  ) -> (DisplayTransform, [QualityNote]) {
    let stored = StoredValues(frame.pixels, padding: padding)
    let (modality, modalityNote) = ModalityTransform.of(
      dataSet, stored: stored.range, signedPixels: frame.isSigned)
    let outputs = modality.outputs(over: stored.range)
    let (voi, voiNote) = voi(
      of: dataSet, levels: stored.percentiles.map { modality(Double($0)) }, outputs: outputs,
      signedInput: modality.canBeNegative(signedPixels: frame.isSigned))
    let isInverted = inverts(dataSet, photometricInterpretation: frame.photometricInterpretation)
    return (
      DisplayTransform(modality: modality, voi: voi, isInverted: isInverted),
      [modalityNote, voiNote].compactMap(\.self)
    )
  }

  private static func voi(
    of dataSet: DataSet, levels: [Double], outputs: ClosedRange<Double>, signedInput: Bool
  ) -> (VOITransform, QualityNote?) {
    let stated = VOITransform.stated(in: dataSet, inputs: outputs, signedInput: signedInput)
    var why: String?
    for candidate in stated {
      switch candidate {
      case .failure(let unusable): why = why ?? unusable.why
      case .success(let voi) where voi.hides(levels): why = why ?? "it leaves no contrast"
      case .success(let voi): return (voi, why.map { .windowReplaced(why: $0) })
      }
    }
    let fullRange = VOITransform.fullRange(low: outputs.lowerBound, high: outputs.upperBound)
    return (fullRange, why.map { .windowIgnored(why: $0) } ?? .noWindow)
  }

  /// MONOCHROME1 shows small values white. DX images repeat this as Presentation LUT Shape INVERSE
  /// (C.8.11.3.1.2), which must not invert a second time; INVERSE alone inverts a MONOCHROME2 image.
  private static func inverts(_ dataSet: DataSet, photometricInterpretation: String) -> Bool {
    let interpretation =
      dataSet.code(.photometricInterpretation) ?? CodeString(photometricInterpretation)
    return interpretation == "MONOCHROME1" || dataSet.code(.presentationLUTShape) == "INVERSE"
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
  /// The range of the modality values of a range of stored values; a LUT may do anything in between.
  fileprivate func outputs(over range: ClosedRange<Int32>) -> ClosedRange<Double> {
    let ends = [self(Double(range.lowerBound)), self(Double(range.upperBound))]
    guard case .lookup(let table) = self else { return min(ends[0], ends[1])...max(ends[0], ends[1]) }
    let first = max(Double(range.lowerBound), Double(table.firstMapped))
    let last = min(Double(range.upperBound), Double(table.firstMapped + table.entries.count - 1))
    let inside = stride(from: first, through: last, by: 1).map { self($0) } + ends
    return (inside.min() ?? 0)...(inside.max() ?? 0)
  }
}
