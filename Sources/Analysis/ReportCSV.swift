internal import Files

/// RFC 4180 text: fields split by commas, records by CR LF, UTF-8 without a byte order mark.
public enum ReportCSV {
  /// The header record with its line end.
  public static var header: String { record(ReportRow.header) }

  /// One record with its line end. The fields come from files that strangers wrote, so each is made
  /// harmless for a spreadsheet first (see ``neutralised(_:)``), but for what programs find patients and requests by:
  /// these are as the image has them. A spreadsheet gets them as text (``Files/Spreadsheet``).
  public static func record(_ row: ReportRow) -> String {
    record(
      zip(ReportRow.header, row.fields).map { column, field in
        exact.contains(column) ? singleLine(field) : neutralised(field)
      })
  }

  private static let exact: Set<String> = ["patient_id", "accession_number"]

  static func record(_ fields: [String]) -> String { CommaSeparatedValues.text([fields]) }

  /// The header of versions that had no column for notes.
  static var earlierHeader: String { record(Array(ReportRow.header.dropLast())) }

  /// A record, with its line end, as this version writes it: earlier ones held the notes of analysed images under
  /// `reason`.
  package static func upToDate(_ record: String) -> String {
    guard var fields = CommaSeparatedValues(record).records.first?.fields,
      fields.count == ReportRow.header.count - 1
    else { return record }
    let isAnalysed = fields[7] == ReportRow.Status.analysed.rawValue
    fields.append(isAnalysed ? fields[8] : "")
    if isAnalysed { fields[8] = "" }
    return self.record(fields)
  }

  /// A field that a spreadsheet won't take for a formula: one that begins with `=`, `+`, `-`, `@`, a tab or
  /// a carriage return gets an apostrophe in front (OWASP, "CSV Injection"). Control characters become
  /// spaces, so that a record is always one line.
  static func neutralised(_ field: String) -> String {
    let text = singleLine(field)
    guard let first = field.unicodeScalars.first, "=+-@\t\r\n".unicodeScalars.contains(first) else {
      return text
    }
    return "'" + text
  }

  /// Control characters, which neither value may hold (PS3.5 section 6.2: LO, SH), as spaces.
  private static func singleLine(_ field: String) -> String {
    var text = ""
    // As nearly every field is: nothing in it needs a look.
    if field.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) {
      text = field
    } else {
      text.unicodeScalars.reserveCapacity(field.unicodeScalars.count)
      for scalar in field.unicodeScalars {
        let isControl = scalar.properties.generalCategory == .control
        text.unicodeScalars.append(isControl ? " " : scalar)
      }
    }
    return text
  }
}
