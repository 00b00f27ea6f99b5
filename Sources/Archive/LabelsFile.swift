internal import Files
import FoundationEssentials

public import struct Foundation.URL

/// The rows of a labels.csv: `SOPInstanceUID,PatientID,Finding,Split`.
///
/// The header may stand in any order and letter case, with extra columns; `PatientID`, `Finding` and `Split`
/// may be missing (but not both of the last two). `Finding` is `normal`, `pneumonia` or empty, `Split` is
/// `train`, `val`, `test` or empty. What a row gets wrong is reported with its line and that field, or row,
/// is left out.
public struct LabelsFile: Sendable {
  /// The usable rows in the order of the file, at most one for a SOP Instance UID.
  public let labels: [ArchiveLabel]
  /// The name of the file in problems.
  public let path: String
  /// What was wrong, alike problems counted together.
  public let problems: [ArchiveProblem]

  /// Reads a labels file.
  /// - Throws: ``ArchiveError/labelsMissing(path:)`` or ``ArchiveError/labelsUnusable(path:reason:)``.
  public init(reading url: URL) throws(ArchiveError) {
    try self.init(parsing: Self.text(of: url), path: url.lastPathComponent)
  }

  /// The text of a table that people made.
  static func text(of url: URL) throws(ArchiveError) -> String {
    guard FileManager.default.fileExists(atPath: url.path) else { throw .labelsMissing(path: url.path) }
    let data: Data
    do { data = try Data(contentsOf: url) } catch {
      throw .labelsUnusable(path: url.path, reason: "can't be read; check its rights")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw .labelsUnusable(path: url.path, reason: "not UTF-8 text; save it as CSV in UTF-8")
    }
    return text
  }

  /// Parses the text of a labels file. `path` names it in problems and errors.
  /// - Throws: ``ArchiveError/labelsUnusable(path:reason:)`` when the header doesn't do.
  public init(parsing text: String, path: String) throws(ArchiveError) {
    let records = CommaSeparatedValues(text).records
    guard let header = records.first else {
      throw .labelsUnusable(path: path, reason: "empty; the first line must name the columns")
    }
    let columns = try Columns(header.fields, path: path)
    var tally = ProblemTally(path: path)
    var labels: [ArchiveLabel] = []
    var firstLine: [String: Int] = [:]
    for record in records.dropFirst() {
      guard !record.isMalformed, record.fields.count == header.fields.count else {
        let reason =
          record.isMalformed
          ? "broken quotes" : "a row needs \(header.fields.count) fields as the header has"
        tally.note(.malformedLabel, line: record.line, message: "\(reason); row left out")
        continue
      }
      guard let uid = columns.value(of: columns.uid, in: record) else {
        tally.note(.malformedLabel, line: record.line, message: "no SOPInstanceUID; row left out")
        continue
      }
      if let first = firstLine[uid] {
        let message = "second label for an image that line \(first) labels; row left out"
        tally.note(.duplicateLabel, line: record.line, message: message, key: "")
        continue
      }
      firstLine[uid] = record.line
      labels.append(
        ArchiveLabel(
          sopInstanceUID: uid,
          patientID: columns.value(of: columns.patient, in: record),
          finding: columns.word(of: columns.finding, in: record, .unknownFinding, &tally),
          split: columns.word(of: columns.split, in: record, .unknownSplit, &tally),
          line: record.line))
    }
    self.labels = labels
    problems = tally.problems
    self.path = path
  }

  /// Where the header puts each column.
  private struct Columns {
    let uid: Int
    let patient, finding, split: Int?

    init(_ header: [String], path: String) throws(ArchiveError) {
      func column(_ name: String) throws(ArchiveError) -> Int? {
        let places = header.indices.filter { header[$0].lowercased() == name.lowercased() }
        if places.count > 1 { throw .labelsUnusable(path: path, reason: "two columns named \(name)") }
        return places.first
      }
      guard let uid = try column("SOPInstanceUID") else {
        throw .labelsUnusable(path: path, reason: "no SOPInstanceUID column in the first line")
      }
      self.uid = uid
      patient = try column("PatientID")
      finding = try column("Finding")
      split = try column("Split")
      if finding == nil, split == nil {
        throw .labelsUnusable(path: path, reason: "neither a Finding nor a Split column in the first line")
      }
    }

    func value(of column: Int?, in record: CommaSeparatedValues.Record) -> String? {
      guard let column, !record.fields[column].isEmpty else { return nil }
      return record.fields[column]
    }

    func word<Word: RawRepresentable & CaseIterable>(
      of column: Int?, in record: CommaSeparatedValues.Record, _ kind: ArchiveProblem.Kind,
      _ tally: inout ProblemTally
    ) -> Word? where Word.RawValue == String {
      guard let column, let text = value(of: column, in: record) else { return nil }
      if let word = Word(rawValue: text.lowercased()) { return word }
      let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
      let name = kind == .unknownFinding ? "finding" : "split"
      // Not the text itself: it may be a remark on a patient.
      let message = "unknown \(name) in column \(column + 1); use \(known) or leave it empty"
      tally.note(kind, line: record.line, message: message)
      return nil
    }
  }
}

/// Counts alike problems of one file together, in the order of their first occurrence.
struct ProblemTally {
  let path: String
  private var order: [String] = []
  private var found: [String: ArchiveProblem] = [:]

  init(path: String) { self.path = path }

  /// Problems of one kind with the same `key` (the message, unless given) are counted as one.
  mutating func note(_ kind: ArchiveProblem.Kind, line: Int?, message: String, key: String? = nil) {
    let key = kind.rawValue + " " + (key ?? message)
    if let first = found[key] {
      found[key] = ArchiveProblem(
        kind, path: path, line: first.line, count: first.count + 1, message: first.message)
    } else {
      order.append(key)
      found[key] = ArchiveProblem(kind, path: path, line: line, message: message)
    }
  }

  var problems: [ArchiveProblem] { order.compactMap { found[$0] } }
}
