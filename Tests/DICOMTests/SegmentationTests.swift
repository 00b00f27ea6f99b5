import DICOM
import Foundation
import Testing

@Suite struct SegmentationTests {
  static let rows = 24
  static let columns = 31

  static func mask(_ isInside: (_ row: Int, _ column: Int) -> Bool) -> [UInt8] {
    (0..<rows * columns).map { isInside($0 / columns, $0 % columns) ? 1 : 0 }
  }

  static let lungs = [
    Segmentation.Segment(label: "Right lung", type: .rightLung, mask: mask { $1 > 2 && $1 < 12 && $0 > 4 }),
    Segmentation.Segment(label: "Left lung", type: .leftLung, mask: mask { $1 > 17 && $1 < 29 && $0 > 3 }),
  ]

  static func segmentation(
    of source: DataSet, segments: [Segmentation.Segment] = lungs
  ) throws(InvalidObject) -> Segmentation {
    try Segmentation(
      of: source, segments: segments, equipment: SecondaryCaptureTests.equipment,
      identity: ResultIdentity(objectKind: "lungs", modelSHA256: "abc", configurationDigest: "def"),
      contentLabel: "LUNGS", seriesDescription: "Lungs", derivationDescription: "Lungs segmented",
      algorithmName: "MultiMix", createdAt: SecondaryCaptureTests.moment)
  }

  static func source(_ seed: String = "1") -> DataSet {
    Synthetic.radiograph(rows: rows, columns: columns, bits: 12, seed: seed)
  }

  @Test(arguments: [
    TransferSyntax.explicitVRLittleEndian, .implicitVRLittleEndian, .deflatedExplicitVRLittleEndian,
    .explicitVRBigEndian,
  ])
  func masksComeBack(transferSyntax: TransferSyntax) throws {
    let folder = try TemporaryFolder()
    let url = folder.file("x.dcm")
    let written = try Self.segmentation(of: Self.source())
    try written.write(to: url, as: transferSyntax)
    let read = try Segmentation(reading: DICOMFile(reading: url))
    #expect(read.segments == Self.lungs)
    #expect(read.rows == Self.rows && read.columns == Self.columns)
    #expect(read.referencedSOPInstanceUIDs == [Self.source().uid(.sopInstanceUID)])
    #expect(read.sopInstanceUID == written.sopInstanceUID)
    #expect(try Segmentation.references(of: DICOMFile.header(of: url)) == read.referencedSOPInstanceUIDs)
  }

  /// Numbers of segments and values that no pixel can have.
  @Test func absurdNumbers() throws {
    let folder = try TemporaryFolder()
    let written = try Self.segmentation(of: Self.source())
    for type in ["LABELMAP", "FRACTIONAL"] {
      var dataSet = written.dataSet
      dataSet.set(.segmentationType, type)
      dataSet[.maximumFractionalValue] = DataElement(.maximumFractionalValue, .SV, .integers([.max]))
      var items = dataSet.items(.segmentSequence)
      for index in items.indices {
        items[index][.segmentNumber] = DataElement(.segmentNumber, .SV, .integers([1 << 40 + index]))
      }
      dataSet.set(.segmentSequence, items: items)
      dataSet.set(.bitsAllocated, 8)
      dataSet.set(.bitsStored, 8)
      dataSet.set(.highBit, 7)
      let pixels = PixelData.bytes(
        frames: [UInt8](repeating: 1, count: 2).map { value in
          [UInt8](repeating: value, count: Self.rows * Self.columns)
        })
      try DICOMWriter.write(dataSet, pixels: pixels, as: .explicitVRLittleEndian, to: folder.file("x.dcm"))
      let read = try Segmentation(reading: DICOMFile(reading: folder.file("x.dcm")))
      #expect(read.segments.allSatisfy { $0.mask.allSatisfy { $0 == 0 } })
    }
  }

  @Test func saysWhetherSegmentsOverlap() throws {
    let all = Self.mask { _, _ in true }
    let both = [Self.lungs[0], Segmentation.Segment(label: "All", type: .bothLungs, mask: all)]
    #expect(try Self.segmentation(of: Self.source()).dataSet.string(.segmentsOverlap) == "NO")
    #expect(
      try Self.segmentation(of: Self.source(), segments: both).dataSet.string(.segmentsOverlap) == "YES")
  }

  @Test func modifiersComeBack() throws {
    let folder = try TemporaryFolder()
    let segment = Segmentation.Segment(
      label: "Lung", type: .lung, modifiers: [.right], mask: Self.mask { _, _ in false })
    try Self.segmentation(of: Self.source(), segments: [segment]).write(to: folder.file("x.dcm"))
    #expect(try Segmentation(reading: DICOMFile(reading: folder.file("x.dcm"))).segments == [segment])
  }

  @Test func refusesWhatWouldBeInvalid() {
    let source = Self.source()
    #expect(throws: InvalidObject.self) { try Self.segmentation(of: source, segments: []) }
    let small = Segmentation.Segment(label: "Lung", type: .lung, mask: [1])
    #expect(throws: InvalidObject.self) { try Self.segmentation(of: source, segments: [small]) }
    let nameless = Segmentation.Segment(label: "", type: .lung, mask: Self.mask { _, _ in true })
    #expect(throws: InvalidObject.self) { try Self.segmentation(of: source, segments: [nameless]) }
    for tag in [DICOM.Tag.rows, .seriesInstanceUID, .sopInstanceUID] {
      var incomplete = source
      incomplete.remove(tag)
      #expect(throws: InvalidObject.self) { try Self.segmentation(of: incomplete) }
    }
  }

  /// FRACTIONAL counts as inside from half of the maximum on; frames of a label map name their segment by value.
  @Test(arguments: [
    ("FRACTIONAL", [0, 127, 128, 255, 200, 1] as [UInt8]), ("LABELMAP", [0, 2, 1, 1, 1, 0]),
  ])
  func readsOtherTypes(type: String, pixels: [UInt8]) throws {
    let folder = try TemporaryFolder()
    var dataSet = try Segmentation(
      of: Synthetic.radiograph(rows: 2, columns: 3, bits: 8),
      segments: [Segmentation.Segment(label: "Lung", type: .lung, mask: [UInt8](repeating: 0, count: 6))],
      equipment: SecondaryCaptureTests.equipment,
      identity: ResultIdentity(objectKind: "x", modelSHA256: "", configurationDigest: ""),
      seriesDescription: "Lungs", derivationDescription: "x", algorithmName: "x",
      createdAt: SecondaryCaptureTests.moment
    ).dataSet
    dataSet.set(.segmentationType, type)
    dataSet.set(.maximumFractionalValue, 255)
    dataSet.set(.bitsAllocated, 8)
    dataSet.set(.bitsStored, 8)
    dataSet.set(.highBit, 7)
    try DICOMWriter.write(
      dataSet, pixels: .bytes(frames: [pixels]), as: .explicitVRLittleEndian, to: folder.file("x.dcm"))
    let read = try Segmentation(reading: DICOMFile(reading: folder.file("x.dcm")))
    #expect(read.segments.map(\.mask) == [[0, 0, 1, 1, 1, 0]])
  }

  @Test func refusesOtherObjects() throws {
    let folder = try TemporaryFolder()
    try DICOMWriter.write(Self.source(), pixels: nil, as: .explicitVRLittleEndian, to: folder.file("x.dcm"))
    let file = try DICOMFile(reading: folder.file("x.dcm"))
    let error = #expect(throws: SegmentationReadError.self) { try Segmentation(reading: file) }
    #expect(error?.code == "not_a_segmentation")
  }

  @Test(
    .enabled(if: Tools.dciodvfy != nil && Tools.dcentvfy != nil, "needs dciodvfy and dcentvfy (dicom3tools)"),
    arguments: OddSource.all)
  func validatesForOddSources(odd: OddSource) throws {
    let folder = try TemporaryFolder()
    let source = folder.file("source.dcm")
    let values = Synthetic.values(24 * 32, bits: 12, seed: 3)
    try DICOMWriter.write(
      odd.dataSet(), pixels: .words(frames: [values]), as: .explicitVRLittleEndian, to: source)
    let half = (0..<24 * 32).map { UInt8($0 % 32 < 16 ? 1 : 0) }
    let segments = [
      Segmentation.Segment(label: "Right lung", type: .rightLung, mask: half),
      Segmentation.Segment(label: "Left lung", type: .leftLung, mask: half.map { 1 - $0 }),
    ]
    let url = folder.file("seg.dcm")
    let result = try Self.segmentation(of: DICOMFile(reading: source).dataSet, segments: segments)
    try result.write(to: url)
    #expect(try Tools.errors(#require(Tools.dciodvfy), [url]) == [])
    // What a note says was changed differs from the source, which is invalid there.
    let differences = try Tools.errors(#require(Tools.dcentvfy), [source, url]).filter { line in
      !result.headerNotes.contains { line.contains("Element=<\($0.keyword)>") }
    }
    #expect(differences == [])
  }
}
