import DICOM
import Foundation
import Testing

@Suite struct DataSetTests {
  @Test func keepsElementsInOrder() {
    var dataSet = DataSet()
    dataSet.set(.rows, 5)
    dataSet.set(.patientID, "b")
    dataSet.set(.sopClassUID, "1.2")
    dataSet.set(.patientID, "a")
    #expect(dataSet.elements.map(\.tag) == [.sopClassUID, .patientID, .rows])
    #expect(dataSet.string(.patientID) == "a")
    dataSet.remove(.patientID)
    #expect(dataSet[.patientID] == nil)
    #expect(dataSet.elements.count == 2)
  }

  @Test func readsValues() {
    var dataSet = DataSet()
    dataSet.set(.imageType, ["DERIVED ", " PRIMARY", ""])
    #expect(dataSet.string(.imageType) == "DERIVED")
    #expect(dataSet.strings(.imageType) == ["DERIVED", "PRIMARY", ""])
    dataSet.set(.windowCenter, [40.5, -1e-7])
    #expect(dataSet.decimals(.windowCenter) == [40.5, -1e-7])
    dataSet.set(.seriesNumber, 7)
    #expect(dataSet.integer(.seriesNumber) == 7)
    #expect(dataSet.decimal(.seriesNumber) == 7)
    dataSet.set(.studyInstanceUID, "1.2.03")
    #expect(dataSet.uid(.studyInstanceUID) == nil)
    dataSet.set(.patientComments, "a\\b ")
    #expect(dataSet.strings(.patientComments) == ["a\\b"])
  }

  @Test func absenceEmptinessAndNonsenseAreNil() {
    var dataSet = DataSet()
    #expect(dataSet.string(.patientName) == nil)
    dataSet.setEmpty(.patientName)
    dataSet.setEmpty(.rows)
    dataSet.setEmpty(.sourceImageSequence)
    #expect(dataSet.contains(.patientName))
    #expect(dataSet.string(.patientName) == nil)
    #expect(dataSet.strings(.patientName).isEmpty)
    #expect(dataSet.integer(.rows) == nil)
    #expect(dataSet.items(.sourceImageSequence).isEmpty)
    #expect(dataSet[.rows]?.isEmpty == true)
    dataSet.set(.windowWidth, "wide")
    dataSet.set(.windowCenter, "nan")
    #expect(dataSet.decimal(.windowWidth) == nil)
    #expect(dataSet.decimal(.windowCenter) == nil)
    #expect(dataSet.integer(.windowWidth) == nil)
  }

  @Test(arguments: [
    (1.0, "1"), (0.1, "0.1"), (-2048, "-2048"), (1.0 / 3, "0.33333333333333"), (1e-9, "1e-09"),
    (123456.789, "123456.789"),
    (-1.0 / 3 * 1e-8, "-3.333333333e-09"), (1.0e300, "1e+300"),
  ])
  func decimalStringsFitSixteenCharacters(value: Double, text: String) throws {
    var dataSet = DataSet()
    dataSet.set(.rescaleSlope, value)
    let written = try #require(dataSet.string(.rescaleSlope))
    #expect(written.utf8.count <= 16)
    let read = try #require(dataSet.decimal(.rescaleSlope))
    #expect(abs(read - value) <= abs(value) * 1e-8)
    let expected = try #require(Double(text))
    #expect(abs(read - expected) <= abs(value) * 1e-8)
  }

  /// Every representation, nested sequences and private elements survive a file.
  @Test(arguments: [
    TransferSyntax.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian,
    .deflatedExplicitVRLittleEndian,
  ])
  func survivesAFile(transferSyntax: TransferSyntax) throws {
    let folder = try TemporaryFolder()
    var inner = DataSet()
    inner.set(.codeValue, "1")
    inner.set(.codeMeaning, "x")
    var item = DataSet()
    item.set(.purposeOfReferenceCodeSequence, items: [inner, DataSet()])
    var dataSet = Synthetic.radiograph(rows: 1, columns: 1, bits: 8)
    dataSet.set(.sourceImageSequence, items: [item, inner])
    dataSet.set(.recommendedDisplayCIELabValue, [1, 65535])
    dataSet.set(.dimensionIndexValues, [1, 4_000_000_000])
    dataSet[.frameIncrementPointer] = DataElement(.frameIncrementPointer, .AT, .integers([0x0018_2001]))
    dataSet[DICOM.Tag(0x0018, 0x6020)] = DataElement(DICOM.Tag(0x0018, 0x6020), .SL, .integers([-7]))
    dataSet[DICOM.Tag(0x0018, 0x9461)] = DataElement(DICOM.Tag(0x0018, 0x9461), .FL, .decimals([0.5]))
    dataSet[DICOM.Tag(0x0018, 0x9098)] = DataElement(DICOM.Tag(0x0018, 0x9098), .FD, .decimals([.pi]))
    dataSet[DICOM.Tag(0x0042, 0x0011)] = DataElement(DICOM.Tag(0x0042, 0x0011), .OB, .bytes([1, 2, 3, 4]))
    dataSet.set(.lutData, Array(60000..<65536))
    dataSet.set(.patientComments, "line\r\nline")
    dataSet.set(.imageType, ["DERIVED", "", "X"])
    let url = folder.file("x.dcm")
    try DICOMWriter.write(dataSet, pixels: nil, as: transferSyntax, to: url)
    let file = try DICOMFile(reading: url)
    #expect(file.transferSyntax == transferSyntax)
    #expect(file.numberOfFrames == 0)
    for element in dataSet.elements {
      #expect(file.dataSet[element.tag]?.value == element.value, "\(element)")
    }
    #expect(file.dataSet.elements.map(\.tag) == dataSet.elements.map(\.tag))
    #expect(try DICOMFile.header(of: url) == file.dataSet)
  }

  @Test func signedPixelsMakeAmbiguousElementsSigned() throws {
    let folder = try TemporaryFolder()
    var raw = RawFile(transferSyntax: "1.2.840.10008.1.2")
    raw.isImplicit = true
    raw.image(rows: 1, columns: 1, allocated: 16, stored: 16, isSigned: true)
    raw.element(0x0028, 0x0120, "SS", [0x00, 0x80])
    raw.element(0x7FE0, 0x0010, "OW", [0, 0])
    try raw.write(to: folder.file("x.dcm"))
    #expect(try DICOMFile(reading: folder.file("x.dcm")).dataSet.integer(.pixelPaddingValue) == -32768)
  }
}
