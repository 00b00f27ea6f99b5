import Analysis
package import Files
package import FoundationEssentials
import Glibc
package import Ledger

/// The rows of a report that is older than the ledger beside it: of a version that had none, or of one that is lost.
///
/// Editors and spreadsheets may have saved it since: line ends, a byte order mark and quotes are read as they come.
package enum ReportAdoption {
  /// What a file held.
  package struct Report: Sendable {
    package let file: URL
    package fileprivate(set) var rows: [AdoptedRow] = []
    /// Lines that are no rows of a report, or that can't be read.
    package fileprivate(set) var unread = 0
  }

  /// Reads all rows, of earlier days first, where it was rotated.
  package static func rows(in folders: InboxFolders) throws(WriteFailure) -> [AdoptedRow] {
    var all: [AdoptedRow] = []
    for report in try read(in: folders) { all += report.rows }
    return all
  }

  /// Reads every file of the report, those of earlier days first.
  package static func read(in folders: InboxFolders) throws(WriteFailure) -> [Report] {
    var all: [Report] = []
    for (_, file) in ReportFiles.ofEarlierDays(beside: folders.report) { all.append(try read(file)) }
    return all + [try read(folders.report)]
  }

  /// Reads a report; no rows where there is none. One that nobody lets us read counts as one line.
  /// - Throws: ``WriteFailure`` when the disk answers with an error.
  package static func read(_ url: URL) throws(WriteFailure) -> Report {
    guard FileManager.default.fileExists(atPath: url.path) else { return Report(file: url) }
    guard let bytes = FileManager.default.contents(atPath: url.path) else {
      guard try ReportFile.look(url) == .other else {
        throw WriteFailure(path: url.path, message: "can't be read")
      }
      return Report(file: url, unread: 1)
    }
    return Report(Array(bytes), of: url)
  }
}

extension ReportAdoption.Report {
  /// Pure.
  init(_ bytes: [UInt8], of file: URL) {
    self.file = file
    let header = ReportRow.header
    var records = CommaSeparatedValues(String(decoding: bytes, as: UTF8.self)).records
    // What a crash left of a record: each ends in CR LF, but where somebody else saved the file.
    if bytes.last != UInt8(ascii: "\n"), bytes.contains(UInt8(ascii: "\r")), !records.isEmpty {
      records.removeLast()
    }
    let earlier = Array(header.dropLast())
    for record in records where record.fields != header && record.fields != earlier {
      // Without notes, of an earlier version.
      let isRow = [header.count, earlier.count].contains(record.fields.count) && !record.isMalformed
      // Verdict and UID by their columns, which are fixed.
      guard isRow, let verdict = Verdict(rawValue: record.fields[7]) else {
        unread += 1
        continue
      }
      let text = Array(CommaSeparatedValues.text([record.fields]).utf8)
      let uid = record.fields[2]
      var row = AdoptedRow(
        image: uid.isEmpty ? "=\(ContentDigest(of: Data(text.dropLast())))" : uid, verdict: verdict,
        record: text)
      row.at = Timestamp(text: record.fields[15])
      rows.append(row)
    }
  }
}
