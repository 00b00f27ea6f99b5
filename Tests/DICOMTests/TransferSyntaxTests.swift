import DICOM
import Foundation
import Testing

@Suite struct TransferSyntaxTests {
  static let lossless: [TransferSyntax] = [
    .implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian, .deflatedExplicitVRLittleEndian,
    .rleLossless, .jpegLossless, .jpegLosslessSV1, .jpegLSLossless, .jpeg2000Lossless,
  ]

  /// What was written comes back, for every lossless encoding and every depth.
  @Test(arguments: lossless, [8, 9, 10, 12, 14, 15, 16])
  func losslessIsIdentity(transferSyntax: TransferSyntax, bits: Int) throws {
    let folder = try TemporaryFolder()
    let (rows, columns) = (37, 51)
    let values = Synthetic.values(rows * columns, bits: bits, seed: UInt64(bits))
    let allocated = bits == 8 ? 8 : 16
    let dataSet = Synthetic.radiograph(rows: rows, columns: columns, bits: bits, allocated: allocated)
    let pixels: PixelData = bits == 8 ? .bytes(frames: [values.map { UInt8($0) }]) : .words(frames: [values])
    try DICOMWriter.write(dataSet, pixels: pixels, as: transferSyntax, to: folder.file("x.dcm"))

    let file = try DICOMFile(reading: folder.file("x.dcm"))
    #expect(file.transferSyntax == transferSyntax)
    #expect(file.numberOfFrames == 1)
    #expect(file.lossyCompression == nil)
    let frame = try file.frame(0)
    #expect(frame.rows == rows && frame.columns == columns && frame.samplesPerPixel == 1)
    #expect(frame.bitsStored == bits && !frame.isSigned)
    #expect(frame.photometricInterpretation == "MONOCHROME2")
    #expect(frame.pixels == values.map(Int32.init))
  }

  @Test(arguments: lossless, [10, 16])
  func signedIsIdentity(transferSyntax: TransferSyntax, bits: Int) throws {
    let folder = try TemporaryFolder()
    var numbers = SeededNumbers(seed: 5)
    let half = 1 << (bits - 1)
    let values = (0..<32 * 32).map { _ in Int32(Int(numbers.next() % UInt64(2 * half)) - half) }
    var dataSet = Synthetic.radiograph(rows: 32, columns: 32, bits: bits)
    dataSet.set(.pixelRepresentation, 1)
    let words = values.map { UInt16(bitPattern: Int16($0)) }
    try DICOMWriter.write(
      dataSet, pixels: .words(frames: [words]), as: transferSyntax, to: folder.file("x.dcm"))
    let frame = try DICOMFile(reading: folder.file("x.dcm")).frame(0)
    #expect(frame.isSigned)
    #expect(frame.pixels == values)
  }

  @Test(arguments: lossless, [1, 3])
  func framesAndSizes(transferSyntax: TransferSyntax, frames: Int) throws {
    let folder = try TemporaryFolder()
    for (rows, columns) in [(1, 1), (3, 5), (64, 1), (65, 33)] {
      let all = (0..<frames).map { Synthetic.values(rows * columns, bits: 12, seed: UInt64($0 + 1)) }
      var dataSet = Synthetic.radiograph(rows: rows, columns: columns, bits: 12)
      dataSet.set(.numberOfFrames, frames)
      let url = folder.file("\(rows)x\(columns).dcm")
      try DICOMWriter.write(dataSet, pixels: .words(frames: all), as: transferSyntax, to: url)
      let file = try DICOMFile(reading: url)
      #expect(file.numberOfFrames == frames)
      for index in (0..<frames).reversed() {
        #expect(
          try file.frame(index).pixels == all[index].map(Int32.init), "\(rows) x \(columns), frame \(index)")
      }
      #expect(throws: DICOMPixelError.self) { try file.frame(frames) }
      #expect(throws: DICOMPixelError.self) { try file.frame(-1) }
    }
  }

  @Test(arguments: lossless)
  func colourIsIdentity(transferSyntax: TransferSyntax) throws {
    let folder = try TemporaryFolder()
    let (rows, columns) = (19, 23)
    let bytes = Synthetic.values(rows * columns * 3, bits: 8, seed: 9).map { UInt8($0) }
    var dataSet = Synthetic.radiograph(rows: rows, columns: columns, bits: 8, allocated: 8)
    dataSet.set(.samplesPerPixel, 3)
    dataSet.set(.photometricInterpretation, "RGB")
    dataSet.set(.planarConfiguration, 0)
    try DICOMWriter.write(
      dataSet, pixels: .bytes(frames: [bytes]), as: transferSyntax, to: folder.file("x.dcm"))
    let frame = try DICOMFile(reading: folder.file("x.dcm")).frame(0)
    #expect(frame.samplesPerPixel == 3)
    #expect(frame.photometricInterpretation == "RGB")
    #expect(frame.pixels == bytes.map(Int32.init))
  }

  /// Lossy encodings stay near what was written and say what they did.
  @Test(arguments: [
    (TransferSyntax.jpegBaseline, 8, 6, "ISO_10918_1"), (.jpegExtended, 12, 60, "ISO_10918_1"),
    (.jpegLSNearLossless, 12, 2, "ISO_14495_1"), (.jpegLSNearLossless, 8, 2, "ISO_14495_1"),
  ])
  func lossyStaysNear(transferSyntax: TransferSyntax, bits: Int, deviation: Int, method: String) throws {
    let folder = try TemporaryFolder()
    let (rows, columns) = (64, 64)
    let top = (1 << bits) - 1
    let values = (0..<rows * columns).map { UInt16(top * ($0 % columns) / (columns - 1)) }
    let dataSet = Synthetic.radiograph(
      rows: rows, columns: columns, bits: bits, allocated: bits == 8 ? 8 : 16)
    let pixels: PixelData = bits == 8 ? .bytes(frames: [values.map { UInt8($0) }]) : .words(frames: [values])
    try DICOMWriter.write(dataSet, pixels: pixels, as: transferSyntax, to: folder.file("x.dcm"))
    let file = try DICOMFile(reading: folder.file("x.dcm"))
    let decoded = try file.frame(0).pixels
    let worst = zip(decoded, values).map { abs(Int($0) - Int($1)) }.max() ?? .max
    #expect(worst <= deviation)
    let compression = try #require(file.lossyCompression)
    #expect(compression.methods == [method])
    #expect(compression.ratios.first.map { $0 > 1 } == true)
  }

  @Test func refusesWhatItCannotWrite() throws {
    let folder = try TemporaryFolder()
    let url = folder.file("x.dcm")
    let values = Synthetic.values(64, bits: 12, seed: 1)
    let dataSet = Synthetic.radiograph(rows: 8, columns: 8, bits: 12)
    func reason(
      _ dataSet: DataSet, _ pixels: PixelData, _ transferSyntax: TransferSyntax
    ) -> DICOMWriteError.Reason? {
      do { try DICOMWriter.write(dataSet, pixels: pixels, as: transferSyntax, to: url) } catch {
        return error.reason
      }
      return nil
    }
    #expect(reason(dataSet, .words(frames: [values]), .htj2kLossless) == .unsupportedTransferSyntax)
    #expect(reason(dataSet, .words(frames: [values]), .jpegBaseline) == .cannotEncode)
    #expect(
      reason(dataSet, .words(frames: [Array(values.dropLast())]), .explicitVRLittleEndian) == .invalidObject)
    #expect(reason(dataSet, .bytes(frames: [values.map { UInt8($0 >> 4) }]), .rleLossless) == .invalidObject)
    #expect(reason(dataSet, .words(frames: [values, values]), .rleLossless) == .invalidObject)
    var nameless = dataSet
    nameless.remove(.sopInstanceUID)
    #expect(reason(nameless, .words(frames: [values]), .explicitVRLittleEndian) == .invalidObject)
    // Nothing is left behind, neither under the name nor beside it.
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
  }

  @Test func saysWhereItCannotWrite() throws {
    let folder = try TemporaryFolder()
    let dataSet = Synthetic.radiograph(rows: 1, columns: 1, bits: 8)
    let url = folder.file("missing/x.dcm")
    let error = #expect(throws: DICOMWriteError.self) {
      try DICOMWriter.write(dataSet, pixels: nil, as: .explicitVRLittleEndian, to: url)
    }
    #expect(error?.reason == .cannotWrite)
    #expect(error?.isRetryable == true)
    #expect(error?.description.contains(url.path) == true)
  }

  @Test func replacesAnEarlierObject() throws {
    let folder = try TemporaryFolder()
    let url = folder.file("x.dcm")
    for comment in ["first", "second"] {
      var dataSet = Synthetic.radiograph(rows: 1, columns: 1, bits: 8)
      dataSet.set(.imageComments, comment)
      try DICOMWriter.write(dataSet, pixels: nil, as: .explicitVRLittleEndian, to: url)
    }
    #expect(try DICOMFile(reading: url).dataSet.string(.imageComments) == "second")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["x.dcm"])
  }

  /// File meta information (PS3.10 section 7.1): this program's name, and a group length that is right.
  @Test(arguments: [
    TransferSyntax.explicitVRLittleEndian, .deflatedExplicitVRLittleEndian, .jpeg2000Lossless,
  ])
  func writesMetaInformation(transferSyntax: TransferSyntax) throws {
    let folder = try TemporaryFolder()
    let dataSet = Synthetic.radiograph(rows: 4, columns: 4, bits: 12)
    let pixels = PixelData.words(frames: [[UInt16](repeating: 7, count: 16)])
    try DICOMWriter.write(dataSet, pixels: pixels, as: transferSyntax, to: folder.file("x.dcm"))
    let bytes = Array(try Data(contentsOf: folder.file("x.dcm")))
    let head: [UInt8] = Array("DICM".utf8) + [2, 0, 0, 0] + Array("UL".utf8) + [4, 0]
    #expect(Array(bytes[128..<140]) == head)
    let length = Int(bytes[140]) + Int(bytes[141]) * 256
    let meta = bytes[144..<144 + length]
    #expect(meta.firstRange(of: Array("MMDICOM_1".utf8)) != nil)
    #expect(meta.firstRange(of: Array(transferSyntax.uid.string.utf8)) != nil)
    #expect(meta.firstRange(of: Array(try #require(dataSet.string(.sopInstanceUID)).utf8)) != nil)
    if transferSyntax != .deflatedExplicitVRLittleEndian {
      #expect(
        Array(bytes[(144 + length)..<(146 + length)]) == [8, 0], "the data set begins where group 2 ends")
    }
  }

  @Test func decodesConcurrently() async throws {
    let folder = try TemporaryFolder()
    let values = Synthetic.values(60 * 60, bits: 12, seed: 8)
    let dataSet = Synthetic.radiograph(rows: 60, columns: 60, bits: 12)
    for (index, transferSyntax) in Self.lossless.enumerated() {
      try DICOMWriter.write(
        dataSet, pixels: .words(frames: [values]), as: transferSyntax, to: folder.file("\(index).dcm"))
    }
    let files = try Self.lossless.indices.map { try DICOMFile(reading: folder.file("\($0).dcm")) }
    let expected = values.map(Int32.init)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for round in 0..<90 {
        let file = files[round % files.count]
        group.addTask { try file.frame(0).pixels == expected }
      }
      for try await isSame in group { #expect(isSame) }
    }
  }

  @Test func knowsItsSyntaxes() {
    #expect(TransferSyntax.all.count == Set(TransferSyntax.all.map(\.uid)).count)
    for transferSyntax in TransferSyntax.all {
      #expect(TransferSyntax(uid: transferSyntax.uid) == transferSyntax)
    }
    #expect(TransferSyntax(uid: .ctImageStorage) == nil)
  }
}
