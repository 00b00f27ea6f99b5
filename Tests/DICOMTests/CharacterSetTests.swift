import DICOM
import Foundation
import Testing

/// Person names of PS3.5 annexes H to K and some that real archives hold.
@Suite struct CharacterSetTests {
  struct Example: Sendable, CustomTestStringConvertible {
    let characterSet: String
    let bytes: [UInt8]
    let text: String
    var testDescription: String { characterSet }

    init(_ characterSet: String, _ text: String, _ bytes: [UInt8]) {
      self.characterSet = characterSet
      self.bytes = bytes
      self.text = text
    }
  }

  /// Text of escape sequences: `~` stands for ESC.
  private static func escaped(_ text: String) -> [UInt8] { text.utf8.map { $0 == 0x7E ? 0x1B : $0 } }

  static let examples = [
    Example(
      "ISO_IR 100", "Müller^Jörg", Array("M\u{FC}ller^J\u{F6}rg".unicodeScalars.map { UInt8($0.value) })),
    Example("ISO_IR 192", "王^小東", Array("王^小東".utf8)),
    Example("ISO_IR 144", "Люк", [0xBB, 0xEE, 0xDA]),
    Example("ISO_IR 126", "Δι", [0xC4, 0xE9]),
    Example("ISO_IR 13", "ﾔﾏﾀﾞ^ﾀﾛｳ", [0xD4, 0xCF, 0xC0, 0xDE, 0x5E, 0xC0, 0xDB, 0xB3]),
    Example("GB18030", "王^小东", [0xCD, 0xF5, 0x5E, 0xD0, 0xA1, 0xB6, 0xAB]),
    // The second byte of a GBK character may be a backslash.
    Example("GBK", "乗", [0x81, 0x5C]),
    Example(
      "\\ISO 2022 IR 87", "Yamada^Tarou=山田^太郎=やまだ^たろう",
      escaped("Yamada^Tarou=~$B;3ED~(B^~$BB@O:~(B=~$B$d$^$@~(B^~$B$?$m$&~(B")),
    Example(
      "ISO 2022 IR 13\\ISO 2022 IR 87", "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎",
      [0xD4, 0xCF, 0xC0, 0xDE, 0x5E, 0xC0, 0xDB, 0xB3] + escaped("=~$B;3ED~(J^~$BB@O:~(J")),
    Example(
      "\\ISO 2022 IR 149", "Hong^Gildong=洪^吉洞",
      escaped("Hong^Gildong=~$)C") + [0xFB, 0xF3] + escaped("^~$)C") + [0xD1, 0xCE, 0xD4, 0xD7]),
    Example(
      "\\ISO 2022 IR 58", "Zhang=张^小东",
      escaped("Zhang=~$)A") + [0xD5, 0xC5] + escaped("^~$)A") + [0xD0, 0xA1, 0xB6, 0xAB]),
    Example("ISO 2022 IR 100\\ISO 2022 IR 144", "Ä Ж", [0xC4, 0x20] + escaped("~-L") + [0xB6]),
    // Misspelt, undeclared and plainly wrong declarations; what can be read is read.
    Example("ISO-IR 100", "é", [0xE9]),
    Example("UTF-8", "é", [0xC3, 0xA9]),
    Example("", "é", [0xE9]),
    Example("", "王", Array("王".utf8)),
    Example("ISO_IR 192", "é", [0xE9]),
  ]

  private func file(_ example: Example) -> RawFile {
    var raw = RawFile(transferSyntax: "1.2.840.10008.1.2.1")
    if !example.characterSet.isEmpty { raw.element(0x0008, 0x0005, "CS", text: example.characterSet) }
    raw.element(0x0008, 0x0016, "UI", text: UID.computedRadiographyImageStorage.string)
    raw.element(0x0008, 0x0018, "UI", text: "1.2.3.4")
    raw.element(0x0010, 0x0010, "PN", example.bytes + (example.bytes.count % 2 == 1 ? [0x20] : []))
    return raw
  }

  @Test(arguments: examples) func decodes(example: Example) throws {
    let folder = try TemporaryFolder()
    try file(example).write(to: folder.file("x.dcm"))
    #expect(try DICOMFile(reading: folder.file("x.dcm")).dataSet.string(.patientName) == example.text)
  }

  /// Copied under the same character set, a name keeps its very bytes.
  @Test(arguments: examples) func copiesKeepTheirBytes(example: Example) throws {
    let folder = try TemporaryFolder()
    try file(example).write(to: folder.file("x.dcm"))
    let read = try DICOMFile(reading: folder.file("x.dcm"))
    try DICOMWriter.write(read.dataSet, pixels: nil, as: .explicitVRLittleEndian, to: folder.file("y.dcm"))
    let written = Array(try Data(contentsOf: folder.file("y.dcm")))
    #expect(written.firstRange(of: example.bytes) != nil)
    #expect(try DICOMFile(reading: folder.file("y.dcm")).dataSet.string(.patientName) == example.text)
  }

  /// New text goes into the declared set where it fits and turns the object into UTF-8 where it doesn't.
  @Test(arguments: [
    ("ISO_IR 100", "Jörg", "ISO_IR 100"), ("ISO_IR 100", "山田", "ISO_IR 192"), ("", "Jörg", "ISO_IR 192"),
    ("\\ISO 2022 IR 87", "Jörg", "ISO_IR 192"), ("GB18030", "山田", "GB18030"), ("", "Jorg", ""),
  ])
  func encodesNewText(declared: String, text: String, written: String) throws {
    let folder = try TemporaryFolder()
    var dataSet = Synthetic.radiograph(rows: 1, columns: 1, bits: 8)
    if !declared.isEmpty { dataSet.set(.specificCharacterSet, declared) }
    dataSet.set(.patientName, text)
    var item = DataSet()
    item.set(.codeMeaning, text)
    dataSet.set(.procedureCodeSequence, items: [item])
    try DICOMWriter.write(dataSet, pixels: nil, as: .explicitVRLittleEndian, to: folder.file("x.dcm"))
    let read = try DICOMFile(reading: folder.file("x.dcm")).dataSet
    #expect(read.strings(.specificCharacterSet).joined(separator: "\\") == written)
    #expect(read.string(.patientName) == text)
    #expect(read.items(.procedureCodeSequence).first?.string(.codeMeaning) == text)
  }

  /// An item may have a character set of its own.
  @Test func itemsMayDiffer() throws {
    let folder = try TemporaryFolder()
    var raw = file(Example("ISO_IR 100", "é", [0xE9]))
    var item = RawFile(transferSyntax: nil)
    item.element(0x0008, 0x0005, "CS", text: "ISO_IR 144")
    item.element(0x0008, 0x0104, "LO", [0xBB, 0xEE])
    var sequence = RawFile(transferSyntax: nil)
    sequence.element(0xFFFE, 0xE000, "", item.bytes)
    raw.element(0x0040, 0x0275, "SQ", sequence.bytes)
    try raw.write(to: folder.file("x.dcm"))
    let read = try DICOMFile(reading: folder.file("x.dcm")).dataSet
    #expect(read.string(.patientName) == "é")
    #expect(read.items(.requestAttributesSequence).first?.string(.codeMeaning) == "Лю")
  }
}
