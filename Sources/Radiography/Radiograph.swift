public import DICOM

/// One radiograph ready for display, as a reader would see it: modality LUT or rescale, then window or VOI LUT,
/// then inversion where MONOCHROME1 or Presentation LUT Shape asks for it (DICOM PS3.3 C.11.1, C.11.2,
/// C.7.6.3.1.2; PS3.4 N.2).
public struct Radiograph: Sendable {
  /// Height and width in pixels.
  public let rows, columns: Int
  /// Brightness, 0 black to 1 white, row-major, `rows` x `columns`; padding is 0.
  public let values: [Float]
  /// Which pixels are declared padding (Pixel Padding Value or Range); nil when none is.
  public let padding: [Bool]?
  /// The smallest box that holds every pixel that isn't padding.
  public let contentBox: PixelBox
  /// Height of a pixel divided by its width, from the spacing or Pixel Aspect Ratio.
  public let pixelAspect: Double
  /// Distance between pixel centers, mm; nil when not stated.
  public let pixelSpacing: PixelSpacing?
  /// The 0.5th and 99.5th percentile of the brightness outside the padding.
  public let displayRange: (low: Float, high: Float)
  /// What a reader of the result should know.
  public private(set) var notes: [QualityNote]

  /// Decodes and transforms the one frame of a CR, DX or X-ray secondary capture object.
  ///
  /// Where the picture contradicts its Photometric Interpretation beyond doubt, the values are inverted and a
  /// note says so (`QualityNote.polarityContradictsTag`).
  public init(_ file: DICOMFile) throws(RadiographError) {
    if let refusal = RadiographError.refusal(of: file.dataSet) { throw refusal }
    let frame: Frame
    do {
      frame = try file.frame(0)
    } catch {
      throw .undecodable(code: error.code, message: error.detail, isRetryable: error.isRetryable)
    }
    try self.init(frame, of: file.dataSet, isLossy: file.lossyCompression != nil)
    notes += file.remarks.filter(\.affectsPicture).map(QualityNote.fileMended)
  }

  /// Transforms a decoded frame as its data set says.
  /// - Parameter isLossy: whether compression has changed the pixels a little.
  public init(_ frame: Frame, of dataSet: DataSet, isLossy: Bool) throws(RadiographError) {
    if let refusal = RadiographError.refusal(of: dataSet) { throw refusal }
    guard frame.rows > 0, frame.columns > 0 else { throw .noPixelData }
    let count = frame.rows * frame.columns
    guard frame.pixels.count == count else {
      throw .wrongPixelCount(expected: count, found: frame.pixels.count)
    }
    var notes: [QualityNote] = []

    var padding = PixelPadding(dataSet, signedPixels: frame.isSigned)?.mask(
      of: frame, isLossy: isLossy)
    var box = PixelBox(rows: frame.rows, columns: frame.columns)
    if let mask = padding {
      if let content = PixelBox.around(unset: mask, rows: frame.rows, columns: frame.columns) {
        box = content
      } else {
        padding = nil
        notes.append(.paddingIgnored)
      }
    }

    let (display, displayNotes) = DisplayTransform.of(dataSet, frame: frame, padding: padding)
    notes += displayNotes
    var values = display.apply(to: frame.pixels, padding: padding)

    if Polarity(of: values, stride: frame.columns, box: box)?.isInverted ?? false {
      for index in values.indices { values[index] = 1 - values[index] }
      if let padding { for index in values.indices where padding[index] { values[index] = 0 } }
      notes.append(.polarityContradictsTag(tag: dataSet.string(.photometricInterpretation) ?? "absent"))
    }

    let geometry = PixelGeometry(dataSet)
    if let note = geometry.note { notes.append(note) }
    self.rows = frame.rows
    self.columns = frame.columns
    self.values = values
    self.padding = padding
    contentBox = box
    pixelAspect = geometry.aspect
    pixelSpacing = geometry.spacing
    displayRange = Self.displayRange(of: values, padding: padding)
    self.notes =
      notes
      + QualityNote.judging(
        values, padding: padding, displayRange: displayRange, rows: frame.rows, columns: frame.columns)
  }

  /// The same, lossy where the data set says so.
  public init(_ frame: Frame, of dataSet: DataSet) throws(RadiographError) {
    try self.init(frame, of: dataSet, isLossy: LossyCompression(of: dataSet) != nil)
  }

  /// A radiograph from values that are ready for display, such as a phantom's.
  /// - Parameters:
  ///   - values: `rows` x `columns`, row-major, 0 black to 1 white.
  ///   - padding: which pixels are no image; at least one must be.
  ///   - contentBox: where the image lies; found from `padding` when nil.
  public init(
    rows: Int, columns: Int, values: [Float], padding: [Bool]? = nil, contentBox: PixelBox? = nil,
    pixelAspect: Double = 1, pixelSpacing: PixelSpacing? = nil, notes: [QualityNote] = []
  ) {
    precondition(rows > 0 && columns > 0 && values.count == rows * columns)
    precondition(padding == nil || padding?.count == values.count)
    self.rows = rows
    self.columns = columns
    self.values = values
    self.padding = padding
    self.contentBox =
      contentBox ?? padding.flatMap { PixelBox.around(unset: $0, rows: rows, columns: columns) }
      ?? PixelBox(rows: rows, columns: columns)
    self.pixelAspect = pixelAspect
    self.pixelSpacing = pixelSpacing
    displayRange = Self.displayRange(of: values, padding: padding)
    self.notes = notes
  }

  private static func displayRange(of values: [Float], padding: [Bool]?) -> (low: Float, high: Float) {
    let limits = Quantiles.of(values, excluding: padding, at: [0.005, 0.995])
    return (limits[0], limits[1])
  }
}

extension RadiographError {
  /// Why a data set can't be a radiograph, as far as it says; nil when it can.
  static func refusal(of dataSet: DataSet) -> RadiographError? {
    if let kind = ObjectKind(dataSet).notARadiograph { return .notARadiograph(kind: kind) }
    let interpretation = dataSet.string(.photometricInterpretation) ?? "MONOCHROME2"
    guard dataSet.integer(.samplesPerPixel) ?? 1 == 1, interpretation.hasPrefix("MONOCHROME") else {
      return .colour(photometricInterpretation: interpretation)
    }
    if let frames = dataSet.integer(.numberOfFrames), frames > 1 { return .multiFrame(frames) }
    guard dataSet.integer(.rows) ?? 0 > 0, dataSet.integer(.columns) ?? 0 > 0 else { return .noPixelData }
    return nil
  }
}
