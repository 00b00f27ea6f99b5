public import DICOM

/// One radiograph ready for display, as a reader would see it: modality LUT or rescale, then window or VOI LUT,
/// then inversion where MONOCHROME1 or Presentation LUT Shape asks for it (DICOM PS3.3 C.11.1, C.11.2,
/// C.7.6.3.1.2; PS3.4 N.2), upright.
public struct Radiograph: Sendable {
  /// Height and width in pixels, upright.
  public let rows, columns: Int
  /// How the stored pixels were turned to stand upright: head up, the patient's left at the viewer's right. All
  /// else here is of the upright picture; `turning.inverse` leads back to the stored pixels.
  public let turning: Turning
  /// Patient Orientation (0020,0020) of the upright picture: nil where it stands as stored, empty where the picture
  /// contradicted its tag, so that left and right aren't certain.
  public let rightedOrientation: [String]?
  /// How the stored values became `values`, for who shows the stored pixels; nil for a picture that came without.
  public let grayscale: GrayscaleStages?
  /// Brightness, 0 black to 1 white, row-major, `rows` x `columns`; padding is 0.
  public let values: [Float]
  /// Which pixels are declared padding (Pixel Padding Value or Range) or covered by a display shutter; nil when none is.
  public let padding: [Bool]?
  /// The smallest box that holds every pixel that is neither.
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
  /// note says so (`QualityNote.polarityContradictsTag`). A picture that lies on its side, stands on its head or is
  /// mirrored is turned (`Righting`).
  /// - Parameter look: Is shown the frame as it was decoded, which isn't kept: for who wants its digest.
  public init(
    _ file: DICOMFile, _ look: (Frame) -> Void = { _ in }
  ) throws(RadiographError) {
    if let refusal = RadiographError.refusal(of: file.dataSet) { throw refusal }
    let frame: Frame
    do {
      frame = try file.frame(0)
    } catch {
      throw .undecodable(code: error.code, message: error.detail, isRetryable: error.isRetryable)
    }
    look(frame)
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
      if let content = Self.content(mask, of: frame) {
        box = content
      } else {
        padding = nil
        notes.append(.paddingIgnored)
      }
    }
    // What a shutter covers is no image either.
    if let shutter = DisplayShutter(of: dataSet)?.mask(rows: frame.rows, columns: frame.columns) {
      let covered = padding.map { zip($0, shutter).map { $0 || $1 } } ?? shutter
      if let content = Self.content(covered, of: frame) {
        if covered.contains(true) { (box, padding) = (content, covered) }
      } else {
        notes.append(.shutterIgnored)
      }
    }

    let (display, displayNotes) = DisplayTransform.of(dataSet, frame: frame, padding: padding)
    notes += displayNotes
    var isInverted = display.isInverted
    var values = display.apply(to: frame.pixels, padding: padding)

    let (shown, shownPadding) = (values, padding)
    let picture = Thumbnail(of: values, stride: frame.columns, box: box)
    let righting = Righting(stated: StatedOrientation(dataSet), picture: picture)
    let turning = righting.turning
    notes += righting.notes
    values = turning(values, rows: frame.rows, columns: frame.columns)
    padding = padding.map { turning($0, rows: frame.rows, columns: frame.columns) }
    box = turning(box, rows: frame.rows, columns: frame.columns)

    if let picture, Polarity(of: picture.turned(by: turning)).isInverted,
      !Self.isMostlyClipped(shown, stored: frame.pixels, padding: shownPadding)
    {
      for index in values.indices { values[index] = 1 - values[index] }
      if let padding { for index in values.indices where padding[index] { values[index] = 0 } }
      isInverted.toggle()
      notes.append(.polarityContradictsTag(tag: dataSet.string(.photometricInterpretation) ?? "absent"))
    }

    grayscale = GrayscaleStages(display, isInverse: isInverted)

    let geometry = PixelGeometry(dataSet).turned(by: turning)
    if let note = geometry.note { notes.append(note) }
    (rows, columns) = turning.size(rows: frame.rows, columns: frame.columns)
    self.turning = turning
    rightedOrientation = righting.patientOrientation
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

  /// The box of what is left uncovered; nil where that is nearly nothing: a hundredth left is noise in what was declared
  /// by mistake.
  private static func content(_ covered: [Bool], of frame: Frame) -> PixelBox? {
    guard 100 * covered.count(where: { !$0 }) > covered.count else { return nil }
    return PixelBox.around(unset: covered, rows: frame.rows, columns: frame.columns)
  }

  /// Whether a window or LUT has made one black or one white of different values in more than two fifths of the
  /// picture: what is left of the grey scale is no witness against a tag. (Of the real radiograph whose tag lies, it is
  /// 1 pixel in 100.)
  private static func isMostlyClipped(_ values: [Float], stored: [Int32], padding: [Bool]?) -> Bool {
    guard let least = stored.min(), let most = stored.max() else { return false }
    var (clipped, all) = (0, 0)
    for index in values.indices where padding?[index] != true {
      all += 1
      let isEnd = values[index] <= 0 || values[index] >= 1
      if isEnd, stored[index] != least, stored[index] != most { clipped += 1 }
    }
    return 5 * clipped > 2 * all
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
    turning = .none
    rightedOrientation = nil
    grayscale = nil
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
    let interpretation = dataSet.code(.photometricInterpretation) ?? "MONOCHROME2"
    guard dataSet.integer(.samplesPerPixel) ?? 1 == 1, interpretation.hasPrefix("MONOCHROME") else {
      return .colour(photometricInterpretation: dataSet.string(.photometricInterpretation) ?? "absent")
    }
    if let frames = dataSet.integer(.numberOfFrames), frames > 1 { return .multiFrame(frames) }
    guard dataSet.integer(.rows) ?? 0 > 0, dataSet.integer(.columns) ?? 0 > 0 else { return .noPixelData }
    return nil
  }
}
