import DICOM
import Radiography
import Testing

@Suite("Radiograph")
struct RadiographTests {
  @Test("padding is black, outside the content box and out of the statistics", arguments: [false, true])
  func padding(asRange: Bool) throws {
    // 4 x 5; padding around a 2 x 3 box, and one padding pixel inside it.
    let p: Int32 = 4000
    let q: Int32 = asRange ? 3990 : 4000
    let pixels: [Int32] = [
      p, q, p, p, p,
      p, 10, 20, 30, p,
      p, 40, q, 50, p,
      p, p, p, p, p,
    ]
    for photometric in ["MONOCHROME1", "MONOCHROME2"] {
      var dataSet = DataSet.radiograph(rows: 4, columns: 5, photometric: photometric)
      dataSet.set(.pixelPaddingValue, 4000)
      if asRange { dataSet.set(.pixelPaddingRangeLimit, 3990) }
      let radiograph = try Radiograph(
        .grey(pixels, rows: 4, columns: 5, photometric: photometric), of: dataSet)
      #expect(radiograph.contentBox == PixelBox(row: 1, column: 1, rows: 2, columns: 3))
      #expect(radiograph.padding?.count(where: { $0 }) == 15)
      // No window: the full range is that of the image, 10 to 50, not up to 4000.
      let inside: [Float] = [0, 0.25, 0.5, 0.75, 0, 1].map { photometric == "MONOCHROME1" ? 1 - $0 : $0 }
      let found = [6, 7, 8, 11, 13].map { radiograph.values[$0] }
      #expect(found == [inside[0], inside[1], inside[2], inside[3], inside[5]])
      for index in pixels.indices where pixels[index] > 3000 { #expect(radiograph.values[index] == 0) }
    }
  }

  @Test("padding that lossy compression has changed a little", arguments: [false, true])
  func ringingPadding(isLossy: Bool) throws {
    // 12 bits; padding 0 that rings up to 30 at the edge of the image, and a dark pixel inside the image.
    let pixels: [Int32] = [
      0, 5, 30, 7, 0,
      9, 900, 20, 950, 12,
      3, 800, 980, 700, 30,
      0, 30, 8, 11, 0,
    ]
    var dataSet = DataSet.radiograph(rows: 4, columns: 5)
    dataSet.set(.pixelPaddingValue, 0)
    if isLossy { dataSet.set(.lossyImageCompression, "01") }
    let radiograph = try Radiograph(.grey(pixels, rows: 4, columns: 5), of: dataSet)
    if isLossy {
      #expect(radiograph.contentBox == PixelBox(row: 1, column: 1, rows: 2, columns: 3))
    } else {
      #expect(radiograph.padding?.count(where: { $0 }) == 4)
    }
  }

  @Test("signed padding that a reader took for unsigned")
  func signedPadding() throws {
    var dataSet = DataSet.radiograph(rows: 1, columns: 3, bits: 16, isSigned: true)
    dataSet[.pixelPaddingValue] = DataElement(.pixelPaddingValue, .US, .integers([63536]))  // -2000
    let frame = Frame.grey([-2000, 0, 100], rows: 1, columns: 3, bits: 16, isSigned: true)
    let radiograph = try Radiograph(frame, of: dataSet)
    #expect(radiograph.padding == [true, false, false])
    #expect(radiograph.values == [0, 0, 1])
  }

  @Test("a padding value that every pixel has isn't believed")
  func nothingButPadding() throws {
    var dataSet = DataSet.radiograph(rows: 2, columns: 2)
    dataSet.set(.pixelPaddingValue, 7)
    let radiograph = try Radiograph(.grey([7, 7, 7, 7], rows: 2, columns: 2), of: dataSet)
    #expect(radiograph.padding == nil)
    #expect(radiograph.contentBox == PixelBox(rows: 2, columns: 2))
    #expect(radiograph.notes.contains(.paddingIgnored))
  }

  @Test("pixel shape and spacing", arguments: PixelGeometryCase.all)
  func geometry(testCase: PixelGeometryCase) throws {
    var dataSet = DataSet.radiograph(rows: 1, columns: 2)
    testCase.fill(&dataSet)
    let radiograph = try Radiograph(.grey([0, 1], rows: 1, columns: 2), of: dataSet)
    #expect(abs(radiograph.pixelAspect - testCase.aspect) < 1e-9)
    #expect(radiograph.pixelSpacing?.isCalibrated == testCase.isCalibrated)
    if let row = testCase.row { #expect(abs((radiograph.pixelSpacing?.row ?? 0) - row) < 1e-9) }
  }

  @Test("quality notes: no window, saturation, low contrast, few pixels")
  func qualityNotes() throws {
    let gradient = (0..<300 * 300).map { Int32($0 % 300) * 10 }
    var dataSet = DataSet.radiograph(rows: 300, columns: 300)
    func codes(_ dataSet: DataSet) throws -> [String] {
      try Radiograph(.grey(gradient, rows: 300, columns: 300), of: dataSet).notes.map(\.code)
    }
    #expect(try codes(dataSet) == ["no_window"])
    dataSet.set(.windowCenter, 1500.0)
    dataSet.set(.windowWidth, 3200.0)
    #expect(try codes(dataSet) == [])
    dataSet.set(.windowCenter, 500.0)
    dataSet.set(.windowWidth, 1000.0)
    #expect(try codes(dataSet) == ["saturated"])
    dataSet.set(.windowCenter, 1500.0)
    dataSet.set(.windowWidth, 30000.0)
    #expect(try codes(dataSet) == ["low_contrast"])

    var small = DataSet.radiograph(rows: 100, columns: 300)
    small.set(.windowCenter, 1500.0)
    small.set(.windowWidth, 3200.0)
    let frame = Frame.grey(Array(gradient.prefix(100 * 300)), rows: 100, columns: 300)
    #expect(try Radiograph(frame, of: small).notes == [.tinyMatrix(rows: 100, columns: 300)])
  }

  @Test("refusals are coded")
  func refusals() throws {
    let frame = Frame.grey([0, 1], rows: 1, columns: 2)
    func code(_ change: (inout DataSet) -> Void) -> String? {
      var dataSet = DataSet.radiograph(rows: 1, columns: 2)
      change(&dataSet)
      do {
        _ = try Radiograph(frame, of: dataSet)
        return nil
      } catch {
        return error.code
      }
    }
    #expect(code { _ in } == nil)
    #expect(code { $0.set(.samplesPerPixel, 3) } == "colour_image")
    #expect(code { $0.set(.photometricInterpretation, "PALETTE COLOR") } == "colour_image")
    #expect(code { $0.set(.numberOfFrames, "2") } == "multi_frame")
    #expect(code { $0.set(.modality, "CT") } == "not_a_radiograph")
    #expect(code { $0.set(.sopClassUID, UID.segmentationStorage) } == "not_a_radiograph")
    #expect(code { $0.remove(.rows) } == "no_pixel_data")
    #expect(throws: RadiographError.wrongPixelCount(expected: 2, found: 6)) {
      let colour = Frame(
        rows: 1, columns: 2, samplesPerPixel: 3, bitsAllocated: 8, bitsStored: 8, isSigned: false,
        photometricInterpretation: "RGB", pixels: [0, 0, 0, 1, 1, 1])
      _ = try Radiograph(colour, of: .radiograph(rows: 1, columns: 2))
    }
  }
}

/// What a data set says about its pixels' size, and what follows.
struct PixelGeometryCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  var pixel: [Double]?
  var imager: [Double]?
  var scanned: [Double]?
  var ratio: [String]?
  var type: String?
  var factor: Double?
  var aspect = 1.0
  var row: Double?
  var isCalibrated: Bool?

  func fill(_ dataSet: inout DataSet) {
    if let pixel { dataSet.set(.pixelSpacing, pixel) }
    if let imager { dataSet.set(.imagerPixelSpacing, imager) }
    if let scanned { dataSet.set(.nominalScannedPixelSpacing, scanned) }
    if let ratio { dataSet.set(.pixelAspectRatio, ratio) }
    if let type { dataSet.set(.pixelSpacingCalibrationType, type) }
    if let factor { dataSet.set(.estimatedRadiographicMagnificationFactor, factor) }
  }

  static let all: [PixelGeometryCase] = [
    .init(testDescription: "nothing stated"),
    .init(
      testDescription: "aspect ratio is vertical over horizontal", ratio: ["576", "968"], aspect: 576 / 968.0),
    .init(
      testDescription: "unequal detector spacing", imager: [0.2, 0.1], aspect: 2, row: 0.2,
      isCalibrated: false),
    .init(
      testDescription: "spacing wins over ratio", imager: [0.2, 0.2], ratio: ["1", "2"], row: 0.2,
      isCalibrated: false),
    .init(
      testDescription: "pixel spacing alone may be anything", pixel: [0.14, 0.14], row: 0.14,
      isCalibrated: false),
    .init(
      testDescription: "equal to the detector's: not corrected", pixel: [0.14, 0.14], imager: [0.14, 0.14],
      row: 0.14, isCalibrated: false),
    .init(
      testDescription: "smaller than the detector's: corrected", pixel: [0.125, 0.125], imager: [0.14, 0.14],
      row: 0.125, isCalibrated: true),
    .init(
      testDescription: "larger than the detector's: resampled, not corrected", pixel: [0.5, 0.5],
      imager: [0.14, 0.14], row: 0.5, isCalibrated: false),
    .init(
      testDescription: "fiducial", pixel: [0.14, 0.14], type: "FIDUCIAL", row: 0.14, isCalibrated: true),
    .init(
      testDescription: "geometry that corrected nothing", pixel: [0.14, 0.14], imager: [0.14, 0.14],
      type: "GEOMETRY", row: 0.14, isCalibrated: false),
    .init(
      testDescription: "known magnification", imager: [0.14, 0.14], factor: 1.12, row: 0.125,
      isCalibrated: true),
    .init(
      testDescription: "uncorrected, but known magnification", pixel: [0.14, 0.14], imager: [0.14, 0.14],
      factor: 1.12, row: 0.125, isCalibrated: true),
    .init(
      testDescription: "magnification 1 is a default", imager: [0.14, 0.14], factor: 1, row: 0.14,
      isCalibrated: false),
    .init(testDescription: "zero spacing", pixel: [0, 0]),
    .init(testDescription: "absurd aspect", imager: [10, 0.1]),
    .init(testDescription: "scanner spacing gives shape only", scanned: [0.3, 0.2], aspect: 1.5),
  ]
}
