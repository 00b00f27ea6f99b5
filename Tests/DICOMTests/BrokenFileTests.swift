import DICOM
import Foundation
import Testing

@Suite struct BrokenFileTests {
  private func reason(_ bytes: [UInt8], headerOnly: Bool = false) throws -> DICOMReadError.Reason? {
    let folder = try TemporaryFolder()
    let url = folder.file("x.dcm")
    try Data(bytes).write(to: url)
    do throws(DICOMReadError) {
      if headerOnly { _ = try DICOMFile.header(of: url) } else { _ = try DICOMFile(reading: url) }
    } catch {
      #expect(error.description.contains(url.path) && !error.description.contains("\n"))
      #expect(error.code == error.reason.rawValue)
      return error.reason
    }
    return nil
  }

  private func written(_ transferSyntax: TransferSyntax, frames: Int = 1) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    let values = (0..<frames).map { Synthetic.values(40 * 40, bits: 12, seed: UInt64($0 + 3)) }
    var dataSet = Synthetic.radiograph(rows: 40, columns: 40, bits: 12)
    dataSet.set(.numberOfFrames, frames)
    try DICOMWriter.write(
      dataSet, pixels: .words(frames: values), as: transferSyntax, to: folder.file("x.dcm"))
    return Array(try Data(contentsOf: folder.file("x.dcm")))
  }

  @Test func refusesWhatIsNotDICOM() throws {
    #expect(try reason([]) == .emptyFile)
    #expect(try reason(Array("hello".utf8)) == .notDICOM)
    #expect(try reason([UInt8](repeating: 0, count: 5000)) == .notDICOM)
    #expect(try reason(Array("%PDF-1.7\n".utf8) + [UInt8](repeating: 0x20, count: 5000)) == .notDICOM)
    var numbers = SeededNumbers(seed: 11)
    for _ in 0..<50 {
      let noise = (0..<2000).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
      #expect(try reason(noise) == .notDICOM)
      #expect(try reason([8, 0, 5, 0] + noise) == .notDICOM)
    }
  }

  @Test func saysWhatTheSystemRefuses() throws {
    let folder = try TemporaryFolder()
    let missing = #expect(throws: DICOMReadError.self) { try DICOMFile(reading: folder.file("missing")) }
    #expect(missing?.reason == .unreadable && missing?.toolkitCode == 2 && missing?.isRetryable == true)
    let directory = #expect(throws: DICOMReadError.self) { try DICOMFile.header(of: folder.url) }
    #expect(directory?.reason == .unreadable)
  }

  /// Offsets of frames are of 64 bits and may lead anywhere.
  @Test func absurdOffsetsOfFrames() throws {
    let folder = try TemporaryFolder()
    var raw = RawFile(transferSyntax: TransferSyntax.rleLossless.uid.string)
    raw.image(rows: 1, columns: 2, allocated: 8, stored: 8, frames: 2)
    raw.element(0x7FE0, 0x0001, "OV", [], length: 0)
    raw.bytes.removeLast(4)
    raw.word(0)
    raw.long(16)
    raw.bytes += [UInt8](repeating: 0xFF, count: 16)
    raw.fragments([[1, 2], [3, 4], [5, 6]])
    try raw.write(to: folder.file("x.dcm"))
    let file = try DICOMFile(reading: folder.file("x.dcm"))
    for frame in 0..<2 { #expect(throws: DICOMPixelError.self) { try file.frame(frame) } }
  }

  /// A large file that isn't DICOM isn't read: it would take as much memory.
  @Test func largeForeignFilesAreNotRead() throws {
    let folder = try TemporaryFolder()
    let url = folder.file("x.mp4")
    try Data("....ftypisom".utf8).write(to: url)
    let handle = try FileHandle(forWritingTo: url)
    try handle.truncate(atOffset: 3 << 30)
    try handle.close()
    var isLookedAt = false
    let error = #expect(throws: DICOMReadError.self) {
      try DICOMFile(reading: url) { _ in isLookedAt = true }
    }
    #expect(error?.reason == .notDICOM && !isLookedAt)
    let other = #expect(throws: DICOMReadError.self) { try DICOMFile.header(of: url) }
    #expect(other?.reason == .notDICOM)
  }

  /// Attributes of the image may be written as text or in 64 bits and say anything.
  @Test(arguments: ["-9223372036854775808", "9223372036854775807", "65536", "-32769"])
  func absurdNumbersOfTheImage(number: String) throws {
    let folder = try TemporaryFolder()
    for element in [0x0002, 0x0010, 0x0011, 0x0100, 0x0101, 0x0102, 0x0103] {
      var raw = RawFile(transferSyntax: TransferSyntax.explicitVRLittleEndian.uid.string)
      raw.element(0x0008, 0x0016, "UI", text: UID.computedRadiographyImageStorage.string)
      let usual = [
        (0x0002, 1), (0x0010, 2), (0x0011, 2), (0x0100, 16), (0x0101, 12), (0x0102, 11), (0x0103, 0),
      ]
      for (other, value) in usual {
        if other == element {
          raw.element(0x0028, other, "IS", text: number)
        } else {
          raw.element(0x0028, other, word: value)
        }
      }
      raw.element(0x7FE0, 0x0010, "OW", [UInt8](repeating: 1, count: 8))
      try raw.write(to: folder.file("x.dcm"))
      // Some have a default; no other may be taken for what it isn't, and nothing ends the process.
      let frame = try? DICOMFile(reading: folder.file("x.dcm")).frame(0)
      #expect(frame == nil || [0x0002, 0x0101, 0x0102, 0x0103].contains(element))
      if let frame { #expect(frame.pixels.count == 4) }
    }
  }

  /// Wherever a file is cut, it is noticed: never a crash, never a data set that passes for whole.
  @Test(arguments: [
    TransferSyntax.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian,
    .deflatedExplicitVRLittleEndian, .rleLossless, .jpegLosslessSV1, .jpegLSLossless, .jpeg2000Lossless,
  ])
  func noticesEveryCut(transferSyntax: TransferSyntax) throws {
    let whole = try written(transferSyntax)
    #expect(try reason(whole) == nil)
    let step = max(1, whole.count / 150)
    for length in stride(from: whole.count - 2, to: 0, by: -step) {
      let cut = Array(whole.prefix(length))
      let reason = try reason(cut)
      if reason == nil {
        // Cut exactly between two elements before the pixel data: whole as far as it goes, but without pixels.
        let folder = try TemporaryFolder()
        try Data(cut).write(to: folder.file("x.dcm"))
        #expect(try DICOMFile(reading: folder.file("x.dcm")).numberOfFrames == 0, "cut at \(length)")
      } else {
        #expect(
          [.truncated, .notDICOM, .corrupt].contains(reason),
          "cut at \(length): \(String(describing: reason))")
      }
    }
  }

  @Test func noticesACutInTheHeaderOnly() throws {
    let whole = try written(.explicitVRLittleEndian)
    #expect(try reason(Array(whole.prefix(whole.count - 100)), headerOnly: true) == nil)
    #expect(try reason(Array(whole.prefix(401)), headerOnly: true) == .truncated)
  }

  @Test func noticesPixelDataShorterThanDeclared() throws {
    var raw = RawFile(transferSyntax: "1.2.840.10008.1.2.1")
    raw.image(rows: 10, columns: 10, allocated: 16, stored: 12)
    raw.element(0x7FE0, 0x0010, "OW", [UInt8](repeating: 0, count: 198))
    #expect(try reason(raw.bytes) == .truncated)
  }

  @Test func noticesMissingFragmentsAndDelimiter() throws {
    var raw = RawFile(transferSyntax: TransferSyntax.rleLossless.uid.string)
    raw.image(rows: 1, columns: 1, allocated: 8, stored: 8, frames: 2)
    var empty = raw
    empty.fragments([])
    #expect(try reason(empty.bytes) == .truncated)
    var one = raw
    one.fragments([[0, 0]])
    #expect(try reason(one.bytes) == .truncated)
    var open = raw
    open.fragments([[0, 0], [0, 0]], isDelimited: false)
    #expect(try reason(open.bytes) == .truncated)
  }

  /// 65535 x 65535 x 2^31 frames in a file of a few hundred bytes.
  @Test func refusesAbsurdSizes() throws {
    var raw = RawFile(transferSyntax: "1.2.840.10008.1.2.1")
    raw.image(
      rows: 65535, columns: 65535, allocated: 32, stored: 32, isSigned: true, samples: 4,
      frames: 2_147_483_647)
    var native = raw
    native.element(0x7FE0, 0x0010, "OW", [0, 0])
    #expect(try reason(native.bytes) == .truncated)

    let folder = try TemporaryFolder()
    var encapsulated = RawFile(transferSyntax: TransferSyntax.jpeg2000Lossless.uid.string)
    encapsulated.image(rows: 65535, columns: 65535, allocated: 16, stored: 16)
    encapsulated.fragments([[0xFF, 0x4F, 0xFF, 0x51]])
    try encapsulated.write(to: folder.file("x.dcm"))
    let error = #expect(throws: DICOMPixelError.self) {
      try DICOMFile(reading: folder.file("x.dcm")).frame(0)
    }
    #expect(error?.reason == .invalidImage)
  }

  @Test func refusesEndlessNesting() throws {
    var raw = RawFile(transferSyntax: "1.2.840.10008.1.2.1")
    for _ in 0..<20000 {
      raw.element(0x0040, 0x0275, "SQ", [], length: 0xFFFF_FFFF)
      raw.element(0xFFFE, 0xE000, "", [], length: 0xFFFF_FFFF)
    }
    #expect(try reason(raw.bytes) == .corrupt)
  }

  /// Bytes flipped anywhere may be refused or may go unnoticed; they never crash and never run out of bounds.
  @Test(arguments: [
    TransferSyntax.explicitVRLittleEndian, .implicitVRLittleEndian, .deflatedExplicitVRLittleEndian,
    .rleLossless,
    .jpegLosslessSV1, .jpegLSLossless, .jpeg2000Lossless,
  ])
  func survivesDamage(transferSyntax: TransferSyntax) throws {
    let whole = try written(transferSyntax, frames: 2)
    let folder = try TemporaryFolder()
    let url = folder.file("x.dcm")
    var numbers = SeededNumbers(seed: 77)
    for _ in 0..<150 {
      var damaged = whole
      for _ in 0..<(1 + numbers.next() % 4) {
        damaged[132 + Int(numbers.next() % UInt64(whole.count - 132))] = UInt8(
          truncatingIfNeeded: numbers.next())
      }
      try Data(damaged).write(to: url)
      guard let file = try? DICOMFile(reading: url) else { continue }
      for index in 0..<min(2, file.numberOfFrames) {
        guard let frame = try? file.frame(index) else { continue }
        #expect(frame.pixels.count == frame.rows * frame.columns * frame.samplesPerPixel)
      }
    }
  }

  /// A codestream that ends early must not decode to grey.
  @Test(arguments: [
    TransferSyntax.rleLossless, .jpegLossless, .jpegLosslessSV1, .jpegLSLossless, .jpeg2000Lossless,
    .jpegExtended,
  ])
  func refusesShortCodestreams(transferSyntax: TransferSyntax) throws {
    let whole = try written(transferSyntax)
    // The one fragment: its length stands eight bytes before the sequence delimiter's eight, minus its value.
    let pixelTag: [UInt8] = [0xE0, 0x7F, 0x10, 0x00]
    let start = try #require(whole.firstRange(of: pixelTag)).lowerBound
    let tableLength = Int(whole[start + 16]) | Int(whole[start + 17]) << 8
    let item = start + 20 + tableLength
    let value = item + 8
    let end = whole.count - 8
    let kept = (end - value) / 2 & ~1
    var short = Array(whole[..<value]) + Array(whole[value..<value + kept]) + Array(whole[end...])
    for index in 0..<4 { short[item + 4 + index] = UInt8(truncatingIfNeeded: kept >> (8 * index)) }
    let folder = try TemporaryFolder()
    try Data(short).write(to: folder.file("x.dcm"))
    let file = try DICOMFile(reading: folder.file("x.dcm"))
    let error = #expect(throws: DICOMPixelError.self) { try file.frame(0) }
    #expect(error?.reason == .corruptPixelData)
  }

  @Test func saysThatThereAreNoPixels() throws {
    let folder = try TemporaryFolder()
    var raw = RawFile(transferSyntax: "1.2.840.10008.1.2.1")
    raw.image(rows: 1, columns: 1, allocated: 8, stored: 8)
    try raw.write(to: folder.file("x.dcm"))
    let error = #expect(throws: DICOMPixelError.self) {
      try DICOMFile(reading: folder.file("x.dcm")).frame(0)
    }
    #expect(error?.reason == .noPixelData && error?.code == "no_pixel_data")
  }

  @Test func namesAnUnsupportedTransferSyntax() throws {
    let folder = try TemporaryFolder()
    var raw = RawFile(transferSyntax: "1.2.840.10008.1.2.4.100")
    raw.image(rows: 1, columns: 1, allocated: 8, stored: 8)
    raw.fragments([[0, 0]])
    try raw.write(to: folder.file("x.dcm"))
    let file = try DICOMFile(reading: folder.file("x.dcm"))
    let error = #expect(throws: DICOMPixelError.self) { try file.frame(0) }
    #expect(error?.reason == .unsupportedTransferSyntax)
    #expect(error?.description.contains("1.2.840.10008.1.2.4.100") == true)
  }

  @Test func refusesAFileThatHasBecomeAnother() throws {
    let folder = try TemporaryFolder()
    let url = folder.file("x.dcm")
    for seed in ["1", "2"] {
      let dataSet = Synthetic.radiograph(rows: 4, columns: 4, bits: 12, seed: seed)
      let pixels = PixelData.words(frames: [[UInt16](repeating: 5, count: 16)])
      let earlier = seed == "2" ? try DICOMFile(reading: url) : nil
      try DICOMWriter.write(dataSet, pixels: pixels, as: .explicitVRLittleEndian, to: url)
      guard let earlier else { continue }
      let error = #expect(throws: DICOMPixelError.self) { try earlier.frame(0) }
      #expect(error?.reason == .unreadable && error?.isRetryable == true)
    }
  }

  @Test func acceptsPaddingAfterTheEnd() throws {
    let whole = try written(.explicitVRLittleEndian)
    #expect(try reason(whole + [UInt8](repeating: 0, count: 300)) == nil)
    let trailing: [UInt8] = [0xFC, 0xFF, 0xFC, 0xFF, 0x4F, 0x42, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]
    #expect(try reason(whole + trailing) == nil)
  }
}
