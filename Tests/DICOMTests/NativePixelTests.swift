import DICOM
import Foundation
import Testing

/// Layouts of native pixels that the writer doesn't produce (PS3.5 section 8.1 and annex D).
@Suite struct NativePixelTests {
  private func decode(_ raw: RawFile, frame: Int = 0) throws -> Frame {
    let folder = try TemporaryFolder()
    try raw.write(to: folder.file("x.dcm"))
    return try DICOMFile(reading: folder.file("x.dcm")).frame(frame)
  }

  /// 10 bits stored at bits 2 to 11, overlay planes in the others.
  @Test func shiftsByHighBitAndDropsOverlays() throws {
    var raw = RawFile(transferSyntax: "1.2.840.10008.1.2.1")
    raw.image(rows: 1, columns: 3, allocated: 16, stored: 10, high: 11)
    let cells = [0xF003 | 1023 << 2, 0x8001 | 1 << 2, 0x7002]
    raw.element(0x7FE0, 0x0010, "OW", cells.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8 & 0xFF)] })
    #expect(try decode(raw).pixels == [1023, 1, 0])
  }

  @Test func signExtendsFromBitsStored() throws {
    var raw = RawFile(transferSyntax: "1.2.840.10008.1.2.1")
    raw.image(rows: 1, columns: 3, allocated: 16, stored: 12, isSigned: true)
    raw.element(0x7FE0, 0x0010, "OW", [0xFF, 0x0F, 0x00, 0x08, 0xFF, 0x07])
    #expect(try decode(raw).pixels == [-1, -2048, 2047])
  }

  @Test func readsBigEndian() throws {
    var raw = RawFile(transferSyntax: "1.2.840.10008.1.2.2")
    raw.isBigEndian = true
    raw.image(rows: 1, columns: 3, allocated: 16, stored: 16)
    raw.element(0x7FE0, 0x0010, "OW", [0x01, 0x02, 0xFF, 0x00, 0x00, 0xFF])
    #expect(try decode(raw).pixels == [0x0102, 0xFF00, 0x00FF])
  }

  /// Big-endian words of two 8-bit pixels come swapped; bytes (OB) don't. Frames of odd length share words.
  @Test func readsBigEndianBytes() throws {
    for (vr, bytes) in [("OW", [2, 1, 4, 3, 6, 5] as [UInt8]), ("OB", [1, 2, 3, 4, 5, 6])] {
      var raw = RawFile(transferSyntax: "1.2.840.10008.1.2.2")
      raw.isBigEndian = true
      raw.image(rows: 1, columns: 3, allocated: 8, stored: 8, frames: 2)
      raw.element(0x7FE0, 0x0010, vr, bytes)
      #expect(try decode(raw).pixels == [1, 2, 3], "\(vr)")
      #expect(try decode(raw, frame: 1).pixels == [4, 5, 6], "\(vr)")
    }
  }

  /// Bits are packed without gaps between frames.
  @Test func readsSingleBits() throws {
    var raw = RawFile(transferSyntax: "1.2.840.10008.1.2.1")
    raw.image(rows: 1, columns: 5, allocated: 1, stored: 1, frames: 3)
    raw.element(0x7FE0, 0x0010, "OB", [0b0011_0101, 0b0111_1010])
    #expect(try decode(raw).pixels == [1, 0, 1, 0, 1])
    #expect(try decode(raw, frame: 1).pixels == [1, 0, 0, 0, 1])
    #expect(try decode(raw, frame: 2).pixels == [0, 1, 1, 1, 1])
  }

  @Test func reads32Bits() throws {
    var raw = RawFile(transferSyntax: "1.2.840.10008.1.2.1")
    raw.image(rows: 1, columns: 2, allocated: 32, stored: 32, isSigned: true)
    raw.element(0x7FE0, 0x0010, "OW", [0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x80])
    #expect(try decode(raw).pixels == [-1, .min])
  }

  @Test func interleavesPlanes() throws {
    var raw = RawFile(transferSyntax: "1.2.840.10008.1.2.1")
    raw.image(rows: 1, columns: 2, allocated: 8, stored: 8, samples: 3, planar: 1, photometric: "RGB")
    raw.element(0x7FE0, 0x0010, "OB", [1, 2, 3, 4, 5, 6])
    let frame = try decode(raw)
    #expect(frame.pixels == [1, 3, 5, 2, 4, 6])
    #expect(frame.photometricInterpretation == "RGB" && frame.samplesPerPixel == 3)
  }

  @Test func refusesSubsampledColourByName() throws {
    var raw = RawFile(transferSyntax: "1.2.840.10008.1.2.1")
    raw.image(
      rows: 2, columns: 2, allocated: 8, stored: 8, samples: 3, planar: 0, photometric: "YBR_FULL_422")
    raw.element(0x7FE0, 0x0010, "OB", [1, 2, 3, 4, 5, 6, 7, 8])
    let error = #expect(throws: DICOMPixelError.self) { try decode(raw) }
    #expect(error?.reason == .unsupportedPixels)
  }

  /// The meta information says implicit, the data set is explicit; it is read as what it is.
  @Test func believesTheDataSetNotItsLabel() throws {
    var raw = RawFile(transferSyntax: "1.2.840.10008.1.2")
    raw.image(rows: 1, columns: 1, allocated: 8, stored: 8)
    raw.element(0x7FE0, 0x0010, "OB", [42, 0])
    #expect(try decode(raw).pixels == [42])
  }

  @Test func readsADataSetWithoutPreamble() throws {
    var raw = RawFile(transferSyntax: nil)
    raw.isImplicit = true
    raw.image(rows: 1, columns: 1, allocated: 8, stored: 8)
    raw.element(0x7FE0, 0x0010, "OW", [7, 0])
    #expect(try decode(raw).pixels == [7])
  }
}
