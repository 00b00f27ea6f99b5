/// A table as an Office Open XML workbook (ECMA-376) of one sheet, whose every cell is text: no spreadsheet runs a formula
/// of it, takes an ID for a number or a date, or loses a zero at its beginning. A CSV file can't say that.
package enum Spreadsheet {
  /// The longest text that a cell holds, in UTF-16 units.
  private static let longestText = 32_767

  /// - Parameter rows: the first holds the columns' names.
  /// - Returns: the bytes of an `.xlsx` file, the same for the same rows.
  package static func workbook(_ rows: [[String]], sheet: String) -> [UInt8] {
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    let package = "http://schemas.openxmlformats.org/package/2006"
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    var archive = StoredZip()
    archive.add(
      "[Content_Types].xml",
      document(
        "<Types xmlns=\"\(package)/content-types\">"
          + "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
          + "<Override PartName=\"/xl/workbook.xml\" ContentType=\"\(kind).sheet.main+xml\"/>"
          + "<Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"\(kind).worksheet+xml\"/></Types>"
      ))
    archive.add(
      "_rels/.rels",
      document(
        "<Relationships xmlns=\"\(package)/relationships\"><Relationship Id=\"rId1\" "
          + "Type=\"\(relations)/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"))
    archive.add(
      "xl/workbook.xml",
      document(
        "<workbook xmlns=\"\(main)\" xmlns:r=\"\(relations)\"><sheets>"
          + "<sheet name=\"\(escaped(sheet))\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"))
    archive.add(
      "xl/_rels/workbook.xml.rels",
      document(
        "<Relationships xmlns=\"\(package)/relationships\"><Relationship Id=\"rId1\" "
          + "Type=\"\(relations)/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"))
    var cells = "<worksheet xmlns=\"\(main)\"><sheetViews><sheetView workbookViewId=\"0\">"
    cells += "<pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/>"
    cells += "</sheetView></sheetViews><sheetData>"
    for (index, row) in rows.enumerated() {
      cells += "<row r=\"\(index + 1)\">"
      for (column, text) in row.enumerated() where !text.isEmpty {
        cells += "<c r=\"\(name(ofColumn: column))\(index + 1)\" t=\"inlineStr\"><is>"
        cells += "<t xml:space=\"preserve\">\(escaped(text))</t></is></c>"
      }
      cells += "</row>"
    }
    archive.add("xl/worksheets/sheet1.xml", document(cells + "</sheetData></worksheet>"))
    return archive.bytes
  }

  private static func document(_ root: String) -> [UInt8] {
    Array(("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n" + root).utf8)
  }

  /// A, B ... Z, AA ...
  static func name(ofColumn number: Int) -> String {
    let letter = String(UnicodeScalar(UInt8(ascii: "A") + UInt8(number % 26)))
    return (number < 26 ? "" : name(ofColumn: number / 26 - 1)) + letter
  }

  /// What XML can't hold is left out; what a cell can't hold is cut off.
  private static func escaped(_ text: String) -> String {
    var result = ""
    var length = 0
    for scalar in text.unicodeScalars {
      length += scalar.value > 0xFFFF ? 2 : 1
      guard length <= longestText else { break }
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\t", "\n": result.unicodeScalars.append(scalar)
      case "\r": result += "&#13;"
      case _ where scalar.value < 0x20 || (0xFFFE...0xFFFF).contains(scalar.value): break
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

/// A zip archive (APPNOTE 6.3) whose files aren't compressed.
private struct StoredZip {
  private(set) var body: [UInt8] = []
  private var directory: [UInt8] = []
  private var count: UInt16 = 0

  /// The time of every file: the first that the format knows.
  private static let (time, date): (UInt16, UInt16) = (0, 1 << 5 | 1)

  mutating func add(_ name: String, _ content: [UInt8]) {
    let place = UInt32(body.count)
    let checksum = Self.checksum(content)
    let name = Array(name.utf8)
    let common =
      Self.bytes(20 as UInt16, 0x0800, 0, Self.time, Self.date) + Self.bytes(checksum)
      + Self.bytes(UInt32(content.count)) + Self.bytes(UInt32(content.count))
      + Self.bytes(UInt16(name.count), 0)
    body += Self.bytes(0x0403_4B50 as UInt32) + common + name + content
    directory += Self.bytes(0x0201_4B50 as UInt32) + Self.bytes(20 as UInt16) + common
    directory += Self.bytes(0 as UInt16, 0, 0) + Self.bytes(0 as UInt32) + Self.bytes(place) + name
    count += 1
  }

  var bytes: [UInt8] {
    body + directory + Self.bytes(0x0605_4B50 as UInt32) + Self.bytes(0 as UInt16, 0, count, count)
      + Self.bytes(UInt32(directory.count)) + Self.bytes(UInt32(body.count)) + Self.bytes(0 as UInt16)
  }

  private static func bytes<Number: FixedWidthInteger>(_ numbers: Number...) -> [UInt8] {
    numbers.flatMap { number in
      (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> Number($0 * 8)) }
    }
  }

  /// CRC-32 (ISO 3309).
  private static func checksum(_ content: [UInt8]) -> UInt32 {
    var checksum = UInt32.max
    for byte in content { checksum = table[Int(UInt8(truncatingIfNeeded: checksum) ^ byte)] ^ checksum >> 8 }
    return ~checksum
  }

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
  }
}
