import DICOM
import Foundation
import Testing

/// Files whose structure breaks the standard where neither pixels nor identity are touched: they are read, and say
/// what was forgiven. What may have lost something is refused.
@Suite struct OddStructureTests {
  static let explicit = "1.2.840.10008.1.2.1"
  private static let delimiter: [UInt8] = [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]
  private static let itemDelimiter: [UInt8] = [0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0]

  /// An image of 2 x 2 pixels; `odd` puts something between its patient and its image attributes.
  private func image(
    _ transferSyntax: String? = explicit, isImplicit: Bool = false, after: [UInt8] = [],
    _ odd: (inout RawFile) -> Void
  ) -> RawFile {
    var raw = RawFile(transferSyntax: transferSyntax)
    raw.isImplicit = isImplicit
    raw.element(0x0008, 0x0016, "UI", text: UID.computedRadiographyImageStorage.string)
    raw.element(0x0008, 0x0018, "UI", text: "1.2.3.4")
    raw.element(0x0010, 0x0020, "LO", text: "P-1")
    odd(&raw)
    raw.element(0x0028, 0x0004, "CS", text: "MONOCHROME2")
    for (element, value) in [
      (0x0002, 1), (0x0010, 2), (0x0011, 2), (0x0100, 8), (0x0101, 8), (0x0102, 7), (0x0103, 0),
    ] {
      raw.element(0x0028, element, word: value)
    }
    raw.element(0x7FE0, 0x0010, "OB", [1, 2, 3, 4])
    raw.bytes += after
    return raw
  }

  private func read(_ raw: RawFile) throws -> DICOMFile {
    let folder = try TemporaryFolder()
    try raw.write(to: folder.file("x.dcm"))
    let file = try DICOMFile(reading: folder.file("x.dcm"))
    #expect(file.dataSet.string(.patientID) == "P-1")
    #expect(file.dataSet.uid(.sopInstanceUID)?.string == "1.2.3.4")
    #expect(try file.frame(0).pixels == [1, 2, 3, 4])
    return file
  }

  private func kinds(_ raw: RawFile) throws -> [ParseRemark.Kind] { try read(raw).remarks.map(\.kind) }

  private func refusal(_ raw: RawFile) throws -> DICOMReadError.Reason? {
    let folder = try TemporaryFolder()
    try raw.write(to: folder.file("x.dcm"))
    do throws(DICOMReadError) { _ = try DICOMFile(reading: folder.file("x.dcm")) } catch {
      return error.reason
    }
    return nil
  }

  /// An item of undefined length with one element, and what ends it.
  private func openItem(_ raw: inout RawFile, endedBy end: [UInt8]) {
    raw.element(0xFFFE, 0xE000, "", [], length: 0xFFFF_FFFF)
    raw.element(0x0008, 0x0104, "LO", text: "inside")
    raw.bytes += end
  }

  @Test func soundFilesNeedNoRemark() throws {
    let file = try read(
      image {
        $0.element(0x0021, 0x1001, "SQ", [], length: 0xFFFF_FFFF)
        openItem(&$0, endedBy: Self.itemDelimiter)
        $0.bytes += Self.delimiter
      })
    #expect(file.remarks.isEmpty)
    #expect(file.dataSet.items(DICOM.Tag(0x0021, 0x1001)).first?.string(.codeMeaning) == "inside")
  }

  // MARK: Elements without representation

  @Test(arguments: [2, 8, 300, 70_000])
  func elementsWithoutRepresentation(length: Int) throws {
    let value = [UInt8](repeating: 0x41, count: length)
    #expect(try kinds(image { $0.element(0x0021, 0x1001, "", value) }) == [])
    // Two of them, one behind the other.
    _ = try read(
      image {
        $0.element(0x0021, 0x1001, "", value)
        $0.element(0x0023, 0x1001, "LO", text: "x")
        $0.element(0x0023, 0x1002, "", value)
      })
  }

  @Test(arguments: ["  ", "\0\0", "--", "zz", "QQ"])
  func elementsOfNonsenseRepresentation(vr: String) throws {
    _ = try read(image { $0.element(0x0021, 0x1001, vr, [0x41, 0x41]) })
    // Its length is taken for what makes sense, short or long.
    _ = try read(
      image {
        $0.bytes += [0x21, 0, 1, 0x10] + Array(vr.utf8) + [0, 0, 4, 0, 0, 0, 1, 2, 3, 4]
      })
  }

  @Test func firstElementWithoutRepresentation() throws {
    var raw = RawFile(transferSyntax: Self.explicit)
    raw.element(0x0008, 0x0005, "", Array("ISO_IR 100".utf8))
    raw.bytes += image(nil) { _ in }.bytes
    let file = try read(raw)
    #expect(file.dataSet.string(.specificCharacterSet) == "ISO_IR 100")
  }

  /// Their lengths are in the byte order of the file.
  @Test(arguments: ["", "  ", "QQ"]) func elementsWithoutRepresentationInBigEndian(vr: String) throws {
    var raw = RawFile(transferSyntax: TransferSyntax.explicitVRBigEndian.uid.string)
    raw.isBigEndian = true
    raw.element(0x0008, 0x0018, "UI", text: "1.2.3.4")
    raw.element(0x0010, 0x0020, "LO", text: "P-1")
    raw.element(0x0021, 0x1001, vr, [UInt8](repeating: 0x41, count: 300))
    raw.element(0x0023, 0x1001, "LO", text: "behind")
    for (element, value) in [
      (0x0002, 1), (0x0010, 2), (0x0011, 2), (0x0100, 8), (0x0101, 8), (0x0102, 7), (0x0103, 0),
    ] {
      raw.element(0x0028, element, word: value)
    }
    raw.element(0x7FE0, 0x0010, "OB", [1, 2, 3, 4])
    #expect(try read(raw).dataSet.string(DICOM.Tag(0x0023, 0x1001)) == "behind")
  }

  // MARK: Size

  /// What takes little in a file may take all memory once it is read.
  @Test func absurdlyManyItemsAndElements() throws {
    let item: [UInt8] = [0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0]
    let items = [UInt8](repeatElement(item, count: 4 << 20).joined())
    #expect(try refusal(image { $0.element(0x0021, 0x1001, "SQ", items) }) == .tooLarge)
    let open = image {
      $0.element(0x0021, 0x1001, "SQ", [], length: 0xFFFF_FFFF)
      $0.bytes += items + Self.delimiter
    }
    #expect(try refusal(open) == .tooLarge)
    var fragments = RawFile(transferSyntax: TransferSyntax.rleLossless.uid.string)
    fragments.image(rows: 2, columns: 2, allocated: 8, stored: 8)
    fragments.fragments([])
    fragments.bytes.removeLast(8)
    fragments.bytes += items + Self.delimiter
    #expect(try refusal(fragments) == .tooLarge)
  }

  @Test func oneRemarkForEachElement() throws {
    let delimiters = [UInt8](repeatElement(Self.itemDelimiter, count: 1000).joined())
    let file = try read(
      image {
        $0.element(0x0021, 0x1001, "SQ", [])
        $0.bytes += delimiters
      })
    #expect(file.remarks == [ParseRemark(.surplusDelimiter, DICOM.Tag(0xFFFE, 0xE00D))])
  }

  // MARK: Sequences

  @Test func sequenceDelimiterInPlaceOfTheItems() throws {
    let file = try read(
      image {
        $0.element(0x0021, 0x1001, "SQ", [], length: 0xFFFF_FFFF)
        openItem(&$0, endedBy: Self.delimiter)
        $0.bytes += Self.delimiter
      })
    #expect(file.dataSet.items(DICOM.Tag(0x0021, 0x1001)).count == 1)
  }

  @Test(arguments: [true, false]) func missingDelimiters(itemHasOne: Bool) throws {
    let file = try read(
      image {
        $0.element(0x0021, 0x1001, "SQ", [], length: 0xFFFF_FFFF)
        openItem(&$0, endedBy: itemHasOne ? Self.itemDelimiter : Self.delimiter)
      })
    #expect(file.remarks == [ParseRemark(.missingDelimiter, DICOM.Tag(0x0021, 0x1001))])
    #expect(file.dataSet.items(DICOM.Tag(0x0021, 0x1001)).first?.string(.codeMeaning) == "inside")
  }

  @Test(arguments: [8, 16]) func zeroedDelimiters(zeros: Int) throws {
    _ = try read(
      image {
        $0.element(0x0021, 0x1001, "SQ", [], length: 0xFFFF_FFFF)
        openItem(&$0, endedBy: Self.itemDelimiter)
        $0.bytes += [UInt8](repeating: 0, count: zeros)
      })
  }

  @Test func surplusDelimiters() throws {
    for surplus in [Self.delimiter, Self.itemDelimiter, Self.delimiter + Self.delimiter] {
      let raw = image {
        $0.element(0x0021, 0x1001, "SQ", [], length: 0xFFFF_FFFF)
        openItem(&$0, endedBy: Self.itemDelimiter)
        $0.bytes += Self.delimiter + surplus
      }
      #expect(try Set(kinds(raw)) == [.surplusDelimiter])
    }
    // Between two items: the sequence is lost, nothing else.
    let raw = image {
      $0.element(0x0021, 0x1001, "SQ", [], length: 0xFFFF_FFFF)
      openItem(&$0, endedBy: Self.itemDelimiter + Self.itemDelimiter)
      openItem(&$0, endedBy: Self.itemDelimiter)
      $0.bytes += Self.delimiter
    }
    _ = try kinds(raw)
  }

  /// A broken element of known length costs only itself.
  @Test func brokenInsides() throws {
    let nonsense: [[UInt8]] = [
      [UInt8](repeating: 0x5A, count: 40),
      // An item that is longer than its sequence, one that begins with an element without an end.
      [0xFE, 0xFF, 0x00, 0xE0, 0x00, 0x01, 0, 0, 1, 2, 3, 4],
      [0xFE, 0xFF, 0x00, 0xE0, 12, 0, 0, 0] + [0x08, 0, 0, 1, 0x4C, 0x4F, 0xFF, 0x0F, 1, 2, 3, 4],
    ]
    for value in nonsense {
      let file = try read(image { $0.element(0x0021, 0x1001, "SQ", value) })
      #expect(file.remarks.allSatisfy { $0 == ParseRemark(.leftOut, DICOM.Tag(0x0021, 0x1001)) })
      #expect(file.remarks.allSatisfy { !$0.affectsPicture })
    }
    let file = try read(image { $0.element(0x0028, 0x0000, "SQ", nonsense[0]) })
    #expect(file.dataSet.integer(.rows) == 2)
  }

  @Test func aLostLookUpTableAffectsThePicture() throws {
    var raw = image { _ in }
    let pixels = raw.bytes.suffix(16)
    raw.bytes.removeLast(16)
    raw.element(0x0028, 0x3010, "SQ", [UInt8](repeating: 0x5A, count: 40))
    raw.bytes += pixels
    let file = try read(raw)
    #expect(file.remarks == [ParseRemark(.leftOut, .voiLUTSequence)])
    #expect(file.remarks.allSatisfy { $0.affectsPicture })
  }

  @Test func explicitElementsInUnknownSequences() throws {
    let file = try read(
      image {
        $0.element(0x0021, 0x1001, "UN", [], length: 0xFFFF_FFFF)
        openItem(&$0, endedBy: Self.itemDelimiter)
        $0.bytes += Self.delimiter
      })
    #expect(file.dataSet.items(DICOM.Tag(0x0021, 0x1001)).first?.string(.codeMeaning) == "inside")
    #expect(file.remarks.contains { $0.kind == .explicitInUnknown })
  }

  @Test(arguments: [(0x6000, 0x3000), (0x0021, 0x1001), (0x5400, 0x1010)])
  func fragmentsOutsidePixelData(group: Int, element: Int) throws {
    for vr in ["OB", "OW"] {
      let raw = image {
        $0.element(min(group, 0x0021), element, vr, [], length: 0xFFFF_FFFF)
        $0.element(0xFFFE, 0xE000, "", [])
        $0.element(0xFFFE, 0xE000, "", [0xFF, 0xD8, 1, 2])
        $0.bytes += Self.delimiter
      }
      _ = try read(raw)
    }
    var raw = image { _ in }
    let pixels = raw.bytes.suffix(16)
    raw.bytes.removeLast(16)
    raw.element(0x6000, 0x3000, "OW", [], length: 0xFFFF_FFFF)
    raw.element(0xFFFE, 0xE000, "", [])
    raw.element(0xFFFE, 0xE000, "", [0xFF, 0xD8, 1, 2])
    raw.bytes += Self.delimiter + pixels
    #expect(try kinds(raw) == [.leftOut])
  }

  /// A compressed icon within a sequence.
  @Test func compressedIcons() throws {
    let raw = image {
      $0.element(0x0009, 0x1001, "SQ", [], length: 0xFFFF_FFFF)
      $0.element(0xFFFE, 0xE000, "", [], length: 0xFFFF_FFFF)
      $0.fragments([[0xFF, 0xD8, 0xFF, 0xD9]])
      $0.bytes += Self.itemDelimiter + Self.delimiter
    }
    #expect(try kinds(raw) == [])
  }

  /// The pixels of an icon in a sequence without end aren't the picture.
  @Test func iconsAreNeverThePicture() throws {
    var raw = RawFile(transferSyntax: Self.explicit)
    raw.element(0x0008, 0x0018, "UI", text: "1.2.3.4")
    raw.element(0x0021, 0x1001, "SQ", [], length: 0xFFFF_FFFF)
    raw.element(0xFFFE, 0xE000, "", [], length: 0xFFFF_FFFF)
    raw.element(0x0021, 0x1002, "SQ", [], length: 0xFFFF_FFFF)
    openItem(&raw, endedBy: Self.itemDelimiter)
    // The inner sequence ends nowhere; an icon follows, and then the outer one's end.
    for (element, value) in [(0x0010, 2), (0x0011, 2), (0x0100, 8), (0x0101, 8), (0x0102, 7), (0x0103, 0)] {
      raw.element(0x0028, element, word: value)
    }
    raw.element(0x7FE0, 0x0010, "OB", [9, 9, 9, 9])
    raw.bytes += Self.itemDelimiter + Self.delimiter
    raw.element(0x0028, 0x0010, word: 2)
    raw.element(0x7FE0, 0x0010, "OB", [1, 2, 3, 4])
    #expect(try refusal(raw) == .corrupt)
  }

  /// A file that ends within a sequence without a delimiter isn't whole, wherever it ends.
  @Test func cutsWithinSequencesAreNoticed() throws {
    let whole = image {
      $0.element(0x0021, 0x1001, "SQ", [], length: 0xFFFF_FFFF)
      for _ in 0..<3 {
        $0.element(0xFFFE, 0xE000, "", [], length: 0xFFFF_FFFF)
        $0.element(0x0008, 0x1140, "SQ", [], length: 0xFFFF_FFFF)
        openItem(&$0, endedBy: Self.itemDelimiter)
        $0.bytes += Self.delimiter
        $0.element(0x0040, 0x0007, "LO", text: "more")
        $0.bytes += Self.itemDelimiter
      }
      $0.bytes += Self.delimiter
    }
    let start = try #require(whole.bytes.firstRange(of: [0x21, 0, 1, 0x10])).lowerBound
    let end = try #require(whole.bytes.firstRange(of: [0x28, 0, 4, 0])).lowerBound
    for length in start + 1..<end {
      var cut = whole
      cut.bytes.removeLast(whole.bytes.count - length)
      #expect(try refusal(cut) != nil, "cut at \(length - start)")
    }
  }

  // MARK: The end

  @Test func bytesAfterTheEnd() throws {
    for garbage in [
      [0x0A], [0x0D, 0x0A], Array("-- \r\nsent by mail\r\n".utf8), [UInt8](repeating: 0xFF, count: 100),
    ] {
      #expect(try kinds(image(after: garbage) { _ in }) == [.bytesAfterEnd])
    }
    #expect(try kinds(image(after: Self.delimiter) { _ in }) == [.surplusDelimiter])
    #expect(try kinds(image(after: [UInt8](repeating: 0, count: 512)) { _ in }) == [])
  }

  /// What begins as an element behind the pixels must be whole.
  @Test(arguments: [true, false]) func cutsBehindThePixelsAreNoticed(isImplicit: Bool) throws {
    let syntax = isImplicit ? "1.2.840.10008.1.2" : Self.explicit
    var raw = image(syntax, isImplicit: isImplicit) { _ in }
    raw.element(0xFFFC, 0xFFFC, "OB", [UInt8](repeating: 0, count: 40))
    _ = try read(raw)
    raw.bytes[raw.bytes.count - 1] = 1
    _ = try read(raw)
    raw.bytes.removeLast()
    raw.bytes[raw.bytes.count - 1] = 1
    #expect(try refusal(raw) == .truncated)
  }

  @Test func endsOfCompressedPixels() throws {
    func raw(_ end: [UInt8]) -> RawFile {
      var raw = RawFile(transferSyntax: TransferSyntax.rleLossless.uid.string)
      raw.image(rows: 1, columns: 2, allocated: 8, stored: 8)
      var codestream = [UInt8](repeating: 0, count: 64)
      (codestream[0], codestream[4]) = (1, 64)
      raw.fragments([codestream + [1, 7, 9, 0]], isDelimited: false)
      raw.bytes += end
      return raw
    }
    func pixels(_ raw: RawFile) throws -> [Int32] {
      let folder = try TemporaryFolder()
      try raw.write(to: folder.file("x.dcm"))
      return try DICOMFile(reading: folder.file("x.dcm")).frame(0).pixels
    }
    let padding: [UInt8] = [0xFC, 0xFF, 0xFC, 0xFF, 0x4F, 0x42, 0, 0, 2, 0, 0, 0, 0, 0]
    for end in [
      Self.delimiter, Self.itemDelimiter, [UInt8](repeating: 0, count: 16), [UInt8](repeating: 0, count: 8),
      padding,
      Self.delimiter + Self.delimiter, Self.delimiter + [0x0A],
    ] { #expect(try pixels(raw(end)) == [7, 9], "\(end)") }
    for end in [[], [0, 0], Array(Self.delimiter.prefix(7)), [0xFE, 0xFF, 0, 0xE0, 8, 0, 0, 0, 1]]
      as [[UInt8]]
    {
      #expect(try refusal(raw(end)) == .truncated, "\(end)")
    }
  }

  // MARK: The head

  @Test func headsOfAllSorts() throws {
    let rest = image(nil) { _ in }.bytes
    let implicitRest = image(nil, isImplicit: true) { _ in }.bytes
    func head(_ syntax: String, isImplicit: Bool, group: [(Int, String, [UInt8])]) -> [UInt8] {
      var raw = RawFile(transferSyntax: nil)
      raw.bytes = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)
      raw.isImplicit = isImplicit
      for (element, vr, value) in group { raw.element(0x0002, element, vr, value) }
      raw.element(0x0002, 0x0010, "UI", text: syntax)
      return raw.bytes
    }
    // Without a length, with a wrong one, implicit.
    for isImplicit in [false, true] {
      let groups: [[(Int, String, [UInt8])]] = [
        [], [(0x0000, "UL", [1, 0, 0, 0])], [(0x0000, "UL", [0xFF, 0xFF, 0xFF, 0x0F])],
      ]
      for group in groups {
        var raw = RawFile(transferSyntax: nil)
        raw.bytes = head(Self.explicit, isImplicit: isImplicit, group: group) + rest
        #expect(try kinds(raw) == [])
      }
    }
    // A data set that begins with group 2 once more; says explicit and is implicit.
    var again = RawFile(transferSyntax: nil)
    again.isImplicit = true
    again.element(0x0002, 0x0003, "UI", text: "1.2.9")
    var raw = RawFile(transferSyntax: nil)
    raw.bytes = head("1.2.840.10008.1.2", isImplicit: false, group: []) + again.bytes + implicitRest
    #expect(try kinds(raw) == [])
    raw.bytes = head(Self.explicit, isImplicit: false, group: []) + implicitRest
    #expect(try kinds(raw) == [])
    raw.bytes = head("1.2.840.10008.1.2.2", isImplicit: false, group: []) + rest
    #expect(try kinds(raw) == [])
  }

  // MARK: Transfer syntaxes and representations

  @Test func knownPrivateSyntaxesAreDecodedAndOthersRefused() throws {
    let folder = try TemporaryFolder()
    func frame(_ syntax: String, isImplicit: Bool) throws -> Frame {
      var raw = RawFile(transferSyntax: syntax)
      raw.isImplicit = isImplicit
      raw.image(rows: 1, columns: 2, allocated: 16, stored: 16)
      raw.element(0x7FE0, 0x0010, "OW", [1, 2, 3, 4])
      try raw.write(to: folder.file("x.dcm"))
      return try DICOMFile(reading: folder.file("x.dcm")).frame(0)
    }
    #expect(try frame("1.2.840.113619.5.2", isImplicit: true).pixels == [0x0102, 0x0304])
    #expect(try frame("1.2.840.10008.1.20", isImplicit: true).pixels == [0x0201, 0x0403])
    for syntax in ["1.3.46.670589.33.1.4.1", "1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.100"] {
      let error = #expect(throws: DICOMPixelError.self) { try frame(syntax, isImplicit: false) }
      #expect(error?.reason == .unsupportedTransferSyntax && error?.detail.contains(syntax) == true)
    }
  }

  @Test(arguments: ["US", "SS", "UL", "SL", "IS", "DS", "UN", "LO"])
  func attributesInAnyRepresentation(vr: String) throws {
    var raw = RawFile(transferSyntax: Self.explicit)
    func value(_ number: Int) -> [UInt8] {
      if ["IS", "DS", "LO"].contains(vr) { return Array("\(number) ".utf8.prefix(2)) }
      let wide = ["UL", "SL"].contains(vr) ? 4 : 2
      return (0..<wide).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
    raw.element(0x0008, 0x0018, "UI", text: "1.2.3.4")
    raw.element(0x0028, 0x0004, "UN", Array("MONOCHROME1 ".utf8))
    for (element, number) in [
      (0x0002, 1), (0x0010, 1), (0x0011, 2), (0x0100, 8), (0x0101, 8), (0x0102, 7), (0x0103, 0),
    ] {
      raw.element(0x0028, element, vr, value(number))
    }
    raw.element(0x7FE0, 0x0010, "OB", [1, 2])
    let folder = try TemporaryFolder()
    try raw.write(to: folder.file("x.dcm"))
    let frame = try DICOMFile(reading: folder.file("x.dcm")).frame(0)
    #expect(frame.pixels == [1, 2] && frame.photometricInterpretation == "MONOCHROME1")
  }
}
