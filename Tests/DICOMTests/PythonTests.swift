import DICOM
import Foundation
import TestSupport
import Testing

/// What we write, read back by pydicom and highdicom; what pydicom writes, read by us.
@Suite(.enabled(if: Tools.python != nil, "needs MMDICOM_PYTHON with pydicom and highdicom"))
struct PythonTests {
  private func python(_ script: String, _ arguments: [String]) throws -> String {
    let result = try TestEnvironment.run(#require(Tools.python), ["-W", "ignore", "-c", script] + arguments)
    #expect(result.status == 0, "\(result.output)")
    return result.output
  }

  /// Values of every encoding as pydicom sees them.
  @Test(arguments: TransferSyntaxTests.lossless)
  func pydicomReadsOurPixels(transferSyntax: TransferSyntax) throws {
    let folder = try TemporaryFolder()
    var paths: [String] = []
    var expected: [String] = []
    for bits in [8, 10, 12, 16] {
      let values = Synthetic.values(30 * 20, bits: bits, seed: UInt64(bits))
      let url = folder.file("\(bits).dcm")
      let dataSet = Synthetic.radiograph(rows: 30, columns: 20, bits: bits, allocated: bits == 8 ? 8 : 16)
      let pixels: PixelData =
        bits == 8 ? .bytes(frames: [values.map { UInt8($0) }]) : .words(frames: [values])
      try DICOMWriter.write(dataSet, pixels: pixels, as: transferSyntax, to: url)
      paths.append(url.path)
      expected.append(values.map(String.init).joined(separator: " "))
    }
    let script = """
      import sys, pydicom
      for path in sys.argv[1:]:
          print(*pydicom.dcmread(path).pixel_array.ravel())
      """
    let lines = try python(script, paths).split(separator: "\n").map(String.init)
    #expect(lines == expected)
  }

  @Test func highdicomReadsOurSegmentation() throws {
    let folder = try TemporaryFolder()
    let url = folder.file("seg.dcm")
    let source = SegmentationTests.source()
    try SegmentationTests.segmentation(of: source).write(to: url)
    let script = """
      import sys, highdicom
      seg = highdicom.seg.segread(sys.argv[1])
      print(seg.number_of_segments, seg.segmentation_type.value)
      for number in seg.segment_numbers:
          item = seg.get_segment_description(number)
          print(item.SegmentLabel, item.segmented_property_type.value, item.algorithm_type.value)
      masks = seg.get_pixels_by_source_instance([sys.argv[2]])
      print(masks.shape, int(masks[0, :, :, 0].sum()), int(masks[0, :, :, 1].sum()))
      """
    let uid = try #require(source.uid(.sopInstanceUID)).string
    let sums = SegmentationTests.lungs.map { $0.mask.reduce(0) { $0 + Int($1) } }
    let lines = try python(script, [url.path, uid]).split(separator: "\n").map(String.init)
    #expect(
      lines == [
        "2 BINARY", "Right lung 3341006 AUTOMATIC", "Left lung 44029006 AUTOMATIC",
        "(1, 24, 31, 2) \(sums[0]) \(sums[1])",
      ])
  }

  @Test func pydicomReadsOurSecondaryCapture() throws {
    let folder = try TemporaryFolder()
    var source = Synthetic.radiograph(rows: 24, columns: 32, bits: 12)
    source.set(.specificCharacterSet, "ISO_IR 100")
    source.set(.patientName, "Müller^Jörg")
    let picture = SecondaryCaptureTests.picture()
    for transferSyntax in [
      TransferSyntax.explicitVRLittleEndian, .rleLossless, .jpegLSLossless, .jpeg2000Lossless,
    ] {
      let url = folder.file("sc.dcm")
      try SecondaryCaptureTests.capture(of: source).write(to: url, as: transferSyntax)
      let script = """
        import sys, pydicom
        ds = pydicom.dcmread(sys.argv[1])
        print(ds.file_meta.TransferSyntaxUID.name, ds.file_meta.ImplementationVersionName)
        print(str(ds.PatientName).encode('unicode_escape').decode(), ds.ConversionType, ds.PhotometricInterpretation)
        print(*pydicom.pixels.pixel_array(ds).ravel())
        """
      let lines = try python(script, [url.path]).split(separator: "\n").map(String.init)
      #expect(lines.first == "\(transferSyntax.name) MMDICOM_1")
      let photometric = transferSyntax == .jpeg2000Lossless ? "YBR_RCT" : "RGB"
      #expect(lines.dropFirst().first == "M\\xfcller^J\\xf6rg WSD \(photometric)")
      #expect(lines.last == picture.pixels.map(String.init).joined(separator: " "))
    }
  }

  /// Names in code extensions as pydicom encodes them.
  @Test func readsPydicomsCharacterSets() throws {
    let folder = try TemporaryFolder()
    let names = [
      ("\\ISO 2022 IR 87", "Yamada^Tarou=山田^太郎=やまだ^たろう"), ("\\ISO 2022 IR 149", "Hong^Gildong=洪^吉洞=홍^길동"),
      ("GB18030", "Wang^XiaoDong=王^小东"), ("ISO_IR 127", "قباني^لنزار"), ("ISO_IR 138", "שרון^דבורה"),
      ("ISO_IR 166", "นามสกุล"), ("ISO_IR 148", "Çavuşoğlu"),
      ("ISO 2022 IR 13\\ISO 2022 IR 87", "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"),
    ]
    for (index, (characterSet, name)) in names.enumerated() {
      let url = folder.file("\(index).dcm")
      let script = """
        import sys, pydicom
        ds = pydicom.Dataset()
        ds.SpecificCharacterSet = sys.argv[2].split('\\\\')
        ds.SOPClassUID, ds.SOPInstanceUID = '1.2.840.10008.5.1.4.1.1.1', '1.2.3'
        ds.PatientName = sys.argv[3]
        ds.save_as(sys.argv[1], implicit_vr=False, little_endian=True)
        """
      _ = try python(script, [url.path, characterSet, name])
      #expect(try DICOMFile(reading: url).dataSet.string(.patientName) == name, "\(characterSet)")
    }
  }
}
