/// Records of RFC 4180 text: quoted fields with commas, line ends and doubled quotes; LF, CRLF or CR; a
/// byte order mark. Blank lines are skipped.
///
/// A reader of our own: a label file's mistakes are reported with their lines and leave the other rows usable, and
/// SwiftCSV (0.10) tells no lines and gives the whole text up at the first broken quote.
package struct CommaSeparatedValues: Sendable {
  package struct Record: Sendable, Equatable {
    /// Fields, unquoted, outer white space of unquoted fields trimmed.
    package var fields: [String]
    /// The line where the record begins, counted from 1.
    package var line: Int
    /// Set when a quote isn't closed or text follows a closing quote.
    package var isMalformed = false
  }

  package let records: [Record]

  /// Records as text: CRLF ends each, and a field is quoted where it has commas, quotes or line ends, or white space
  /// at an end that a reader might trim.
  package static func text(_ records: [[String]]) -> String {
    records.map { fields in fields.map(quoted).joined(separator: ",") + "\r\n" }.joined()
  }

  private static func quoted(_ field: String) -> String {
    // Bytes: as a character, CR and LF are one.
    let isSpecial = field.utf8.contains { Array(",\"\r\n".utf8).contains($0) }
    let ends = [field.utf8.first, field.utf8.last].compactMap { $0 }
    guard isSpecial || ends.contains(where: { Array(" \t".utf8).contains($0) }) else { return field }
    return "\"" + field.replacing("\"", with: "\"\"") + "\""
  }

  package init(_ text: String) {
    var reader = Reader(bytes: Array(text.utf8))
    var records: [Record] = []
    while let record = reader.next() { records.append(record) }
    self.records = records
  }

  private struct Reader {
    let bytes: [UInt8]
    var position: Int
    var line = 1

    init(bytes: [UInt8]) {
      self.bytes = bytes
      position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    mutating func next() -> Record? {
      while position < bytes.count {
        var record = Record(fields: [], line: line)
        repeat { field(into: &record) } while accept(UInt8(ascii: ","))
        endLine()
        if record.fields != [""] || record.isMalformed { return record }
      }
      return nil
    }

    private mutating func accept(_ byte: UInt8) -> Bool {
      guard position < bytes.count, bytes[position] == byte else { return false }
      position += 1
      return true
    }

    private mutating func field(into record: inout Record) {
      let start = position
      skipBlanks()
      guard accept(UInt8(ascii: "\"")) else {
        position = start
        record.fields.append(plainField())
        return
      }
      var value: [UInt8] = []
      var isClosed = false
      while position < bytes.count {
        let byte = bytes[position]
        position += 1
        if byte == UInt8(ascii: "\"") {
          guard accept(UInt8(ascii: "\"")) else {
            isClosed = true
            break
          }
        } else if byte == UInt8(ascii: "\n") {
          line += 1
        }
        value.append(byte)
      }
      skipBlanks()
      if !isClosed || !plainField().isEmpty { record.isMalformed = true }
      record.fields.append(String(decoding: value, as: UTF8.self))
    }

    private mutating func plainField() -> String {
      let start = position
      while position < bytes.count, !Self.ends.contains(bytes[position]) { position += 1 }
      var slice = bytes[start..<position]
      while let last = slice.last, Self.blanks.contains(last) { slice.removeLast() }
      while let first = slice.first, Self.blanks.contains(first) { slice.removeFirst() }
      return String(decoding: slice, as: UTF8.self)
    }

    private mutating func skipBlanks() {
      while position < bytes.count, Self.blanks.contains(bytes[position]) { position += 1 }
    }

    private mutating func endLine() {
      guard position < bytes.count else { return }
      if accept(UInt8(ascii: "\r")) { _ = accept(UInt8(ascii: "\n")) } else { _ = accept(UInt8(ascii: "\n")) }
      line += 1
    }

    private static let blanks: [UInt8] = [UInt8(ascii: " "), UInt8(ascii: "\t")]
    private static let ends: [UInt8] = [UInt8(ascii: ","), UInt8(ascii: "\n"), UInt8(ascii: "\r")]
  }
}
