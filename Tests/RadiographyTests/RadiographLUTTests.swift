import DICOM
import Radiography
import Testing

@Suite("Modality and VOI stages")
struct RadiographLUTTests {
  @Test("agree with pydicom", arguments: Goldens.shared.display.indices)
  func agreesWithPydicom(index: Int) throws {
    let golden = Goldens.shared.display[index]
    let frame = Frame.grey(
      golden.stored, rows: 1, columns: golden.stored.count, bits: golden.bits, isSigned: golden.isSigned)
    let radiograph = try Radiograph(frame, of: golden.dataSet)
    #expect(radiograph.values.count == golden.expected.values.count)
    let wrong = golden.stored.indices.filter { position in
      abs(radiograph.values[position] - golden.expected.values[position]) >= 2e-5
    }
    #expect(wrong.isEmpty, "\(golden.name): stored values \(wrong.prefix(5).map { golden.stored[$0] })")
  }

  @Test("inversion comes after the window, not before", arguments: ["MONOCHROME1", "MONOCHROME2"])
  func inversionOrder(photometric: String) throws {
    // A window at the dark end: inverting stored values first would give another picture.
    var dataSet = DataSet.radiograph(rows: 1, columns: 5, photometric: photometric)
    dataSet.set(.windowCenter, 300.0)
    dataSet.set(.windowWidth, 401.0)
    let frame = Frame.grey([0, 200, 300, 400, 4095], rows: 1, columns: 5, photometric: photometric)
    let shown: [Float] = [0, 0.25125, 0.50125, 0.75125, 1]
    let values = try Radiograph(frame, of: dataSet).values
    for (value, plain) in zip(values, shown) {
      #expect(abs(value - (photometric == "MONOCHROME1" ? 1 - plain : plain)) < 1e-5)
    }
  }

  @Test("Presentation LUT Shape INVERSE doesn't invert MONOCHROME1 a second time")
  func presentationShape() throws {
    for (photometric, shape, isInverted) in [
      ("MONOCHROME1", "INVERSE", true), ("MONOCHROME1", "IDENTITY", true), ("MONOCHROME2", "INVERSE", true),
      ("MONOCHROME2", "IDENTITY", false),
    ] {
      var dataSet = DataSet.radiograph(rows: 1, columns: 2, photometric: photometric)
      dataSet.set(.presentationLUTShape, shape)
      let frame = Frame.grey([0, 4095], rows: 1, columns: 2, photometric: photometric)
      #expect(try Radiograph(frame, of: dataSet).values == (isInverted ? [1, 0] : [0, 1]))
    }
  }

  @Test("eight-bit LUT entries, packed two to a word or one")
  func packedLUT() throws {
    for bytes: [UInt8] in [[0, 51, 102, 255], [0, 0, 51, 0, 102, 0, 255, 0]] {
      var item = DataSet()
      item.set(.lutDescriptor, [4, 10, 8])
      item[.lutData] = DataElement(.lutData, .OW, .bytes(bytes))
      var dataSet = DataSet.radiograph(rows: 1, columns: 6)
      dataSet.set(.voiLUTSequence, items: [item])
      let frame = Frame.grey([0, 10, 11, 12, 13, 99], rows: 1, columns: 6)
      #expect(try Radiograph(frame, of: dataSet).values == [0, 0, 0.2, 0.4, 1, 1])
    }
  }

  @Test("a negative first-mapped value that a reader took for unsigned")
  func unsignedReading() throws {
    var item = DataSet()
    item.set(.lutDescriptor, [3, 65534, 8])  // -2
    item[.lutData] = DataElement(.lutData, .US, .integers([0, 51, 255]))
    var dataSet = DataSet.radiograph(rows: 1, columns: 4, isSigned: true)
    dataSet.set(.voiLUTSequence, items: [item])
    let frame = Frame.grey([-5, -2, -1, 0], rows: 1, columns: 4, isSigned: true)
    #expect(try Radiograph(frame, of: dataSet).values == [0, 0, 0.2, 1])
  }

  @Test("a window that can't be used is named and the full range shown")
  func unusableWindows() throws {
    for (center, width) in [(100.0, 0.0), (100.0, -5.0), (9000.0, 100.0)] {
      var dataSet = DataSet.radiograph(rows: 1, columns: 3)
      dataSet.set(.windowCenter, center)
      dataSet.set(.windowWidth, width)
      let radiograph = try Radiograph(.grey([0, 1000, 2000], rows: 1, columns: 3), of: dataSet)
      #expect(radiograph.values == [0, 0.5, 1])
      #expect(radiograph.notes.map(\.code).contains("window_ignored"))
    }
  }

  @Test("the first of several windows is used")
  func firstWindow() throws {
    var dataSet = DataSet.radiograph(rows: 1, columns: 3)
    dataSet.set(.windowCenter, [500.5, 3000.0])
    dataSet.set(.windowWidth, [1001.0, 10.0])
    let values = try Radiograph(.grey([0, 500, 1000], rows: 1, columns: 3), of: dataSet).values
    #expect(values == [0, 0.5, 1])
  }

  @Test("a rescale slope of 0 is ignored with a note")
  func zeroSlope() throws {
    var dataSet = DataSet.radiograph(rows: 1, columns: 2)
    dataSet.set(.rescaleSlope, 0.0)
    dataSet.set(.rescaleIntercept, 5.0)
    let radiograph = try Radiograph(.grey([0, 10], rows: 1, columns: 2), of: dataSet)
    #expect(radiograph.values == [0, 1])
    #expect(radiograph.notes.map(\.code).contains("modality_transform_ignored"))
  }

  @Test(
    "a rescale beyond all numbers is ignored with a note",
    arguments: [(1e305, 0.0), (-1e305, 0), (1e305, -1e308)])
  func endlessSlope(slope: Double, intercept: Double) throws {
    var dataSet = DataSet.radiograph(rows: 1, columns: 2)
    dataSet.set(.rescaleSlope, slope)
    dataSet.set(.rescaleIntercept, intercept)
    let radiograph = try Radiograph(.grey([0, 4000], rows: 1, columns: 2), of: dataSet)
    #expect(radiograph.values == [0, 1])
    #expect(radiograph.notes.map(\.code).contains("modality_transform_ignored"))
  }
}
