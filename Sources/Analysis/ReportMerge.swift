package import Files
package import FoundationEssentials

/// Keeps a report at one row per image when images are analysed again into the same folder.
package enum ReportMerge {
  /// What makes two rows rows of the same image: its SOP Instance UID, or, where the file told none, the
  /// reason, which then names the file.
  package static func key(of row: ReportRow) -> String {
    let fields = row.fields
    return key(ofFields: fields.map(ReportCSV.neutralised))
  }

  /// The result files that the rows of a report name.
  package static func outputs(in url: URL) throws(WriteFailure) -> Set<String> {
    guard let bytes = try? Data(contentsOf: url) else {
      throw WriteFailure(path: url.path, message: "can't be read")
    }
    var outputs: Set<String> = []
    guard let column = ReportRow.header.firstIndex(of: "outputs") else { return [] }
    for line in bytes.split(separator: UInt8(ascii: "\n")).dropFirst() {
      let fields = fields(ofLine: String(decoding: line, as: UTF8.self))
      guard fields.count > column else { continue }
      outputs.formUnion(fields[column].split(separator: ";").map(String.init))
    }
    return outputs
  }

  /// Removes the rows that lie before byte `offset` and that newer rows with the same keys replace.
  ///
  /// The report is written anew under a temporary name and renamed, so a crash leaves either version.
  package static func dropSuperseded(
    in url: URL, before offset: Int, by keys: Set<String>
  ) throws(WriteFailure) {
    let bytes: [UInt8]
    do { bytes = Array(try Data(contentsOf: url)) } catch {
      throw WriteFailure(path: url.path, message: "can't be read again")
    }
    let older = bytes[..<min(offset, bytes.count)]
    var kept: [UInt8] = []
    kept.reserveCapacity(bytes.count)
    var isHeader = true
    for line in older.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true) {
      let fields = fields(ofLine: String(decoding: line, as: UTF8.self))
      if isHeader || !keys.contains(key(ofFields: fields)) {
        kept += line
        kept.append(UInt8(ascii: "\n"))
      }
      isHeader = false
    }
    guard kept.count < older.count else { return }
    kept += bytes[older.endIndex...]
    try DurableFile.write(kept, to: url)
  }

  package static func key(ofFields fields: [String]) -> String {
    guard fields.count == ReportRow.header.count else { return "" }
    return fields[2].isEmpty ? fields[8] : fields[2]
  }

  /// The fields of one record of ``ReportCSV``, which never holds a line end inside.
  package static func fields(ofLine line: String) -> [String] {
    CommaSeparatedValues(line).records.first?.fields ?? []
  }
}
