import Analysis
package import Files
package import FoundationEssentials
package import Ledger

/// The rows of a report that is older than the ledger beside it: of a version that had none, or of one that is lost.
package enum ReportAdoption {
  /// Reads all rows, of earlier days first, where it was rotated.
  package static func rows(in folders: InboxFolders) throws(WriteFailure) -> [AdoptedRow] {
    var all: [AdoptedRow] = []
    for (_, file) in ReportFiles.ofEarlierDays(beside: folders.report) { all += try rows(of: file) }
    return all + (try rows(of: folders.report))
  }

  /// Reads a report's rows; none where there is no report.
  /// - Throws: ``WriteFailure`` when it is there and can't be read, or isn't a report of this program.
  package static func rows(of url: URL) throws(WriteFailure) -> [AdoptedRow] {
    guard FileManager.default.fileExists(atPath: url.path) else { return [] }
    guard let bytes = FileManager.default.contents(atPath: url.path) else {
      throw WriteFailure(path: url.path, message: "can't be read")
    }
    _ = try ReportFile(at: url)
    var rows: [AdoptedRow] = []
    for line in bytes.split(separator: UInt8(ascii: "\n")).dropFirst() where line.last == UInt8(ascii: "\r") {
      let fields = CommaSeparatedValues(String(decoding: line, as: UTF8.self)).records.first?.fields ?? []
      // Verdict and UID by their columns, which are fixed.
      guard fields.count >= 9, let verdict = Verdict(rawValue: fields[7]) else { continue }
      let image = fields[2].isEmpty ? "=\(ContentDigest(of: Data(line)))" : fields[2]
      var row = AdoptedRow(image: image, verdict: verdict, record: Array(line) + [UInt8(ascii: "\n")])
      row.at = fields.count > 15 ? Timestamp(text: fields[15]) : nil
      rows.append(row)
    }
    return rows
  }
}
