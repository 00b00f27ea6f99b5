internal import Files
internal import FoundationEssentials
internal import SystemPackage

/// The rows of the CSV file that tells of pictures: `image`, and any of `mask`, `patient`, `finding`, `split`, `view`, `sex`,
/// `age`; in any order and letter case, beside other columns.
struct ImportTable: Sendable {
  struct Row: Sendable, Equatable {
    /// Below the folder of pictures.
    var image: String
    var mask: String?
    var patient: String?
    var finding: Finding?
    var split: Split?
    /// PA, AP, LL or RL.
    var view: String?
    /// M, F or O.
    var sex: String?
    /// Years.
    var age: Int?
    var line: Int

    /// Such a picture belongs into the archive, where nothing takes it for one to learn from.
    var isLateral: Bool { view == "LL" || view == "RL" }
  }

  private(set) var rows: [Row] = []
  private(set) var problems: [ArchiveProblem] = []
  private let path: String

  init(reading url: URL) throws(ArchiveError) {
    try self.init(parsing: LabelsFile.text(of: url), path: url.lastPathComponent)
  }

  init(parsing text: String, path: String) throws(ArchiveError) {
    self.path = path
    let records = CommaSeparatedValues(text).records
    guard let header = records.first else {
      throw .labelsUnusable(path: path, reason: "empty; the first line must name the columns")
    }
    let columns = try Self.columns(of: header.fields, path: path)
    var tally = ProblemTally(path: path)
    var firstLine: [String: Int] = [:]
    for record in records.dropFirst() {
      guard !record.isMalformed, record.fields.count == header.fields.count else {
        let reason =
          record.isMalformed ? "broken quotes" : "a row needs \(header.fields.count) fields as the header has"
        tally.note(.malformedLabel, line: record.line, message: "\(reason); row left out")
        continue
      }
      let fields = Fields(columns: columns, record: record)
      guard let row = Row(fields, &tally) else {
        tally.note(.malformedLabel, line: record.line, message: "no image; row left out")
        continue
      }
      if let first = firstLine[row.image] {
        tally.note(
          .duplicateLabel, line: record.line,
          message: "second row for a picture that line \(first) is about; row left out", key: "")
        continue
      }
      firstLine[row.image] = record.line
      rows.append(row)
    }
    problems = tally.problems
  }

  private static func columns(of header: [String], path: String) throws(ArchiveError) -> [String: Int] {
    var columns: [String: Int] = [:]
    for (index, name) in header.enumerated() {
      guard columns.updateValue(index, forKey: name.lowercased()) == nil || name.isEmpty else {
        throw .labelsUnusable(path: path, reason: "two columns named \(name)")
      }
    }
    guard columns["image"] != nil else {
      let known = "image, mask, patient, finding, split, view, sex, age"
      throw .labelsUnusable(path: path, reason: "no image column in the first line; it takes \(known)")
    }
    return columns
  }

  /// Rows about pictures that aren't there, counted as one problem.
  func unmatched(_ pictures: [String]) -> [ArchiveProblem] {
    let known = Set(pictures)
    var tally = ProblemTally(path: path)
    for row in rows where !known.contains(row.image) {
      tally.note(
        .labelWithoutImage, line: row.line, message: "a row about a picture that isn't there; row left out")
    }
    return tally.problems
  }

  /// A record by the names of its columns.
  fileprivate struct Fields {
    let columns: [String: Int]
    let record: CommaSeparatedValues.Record

    subscript(_ name: String) -> String? {
      guard let column = columns[name], !record.fields[column].isEmpty else { return nil }
      return record.fields[column]
    }

    /// A path as a file is called: without `./` and the like.
    func path(_ name: String) -> String? { self[name].map { FilePath(text: $0).lexicallyNormalized().text } }

    /// Never says the text itself: it may be a remark on a patient.
    func word<Word>(
      _ name: String, _ kind: ArchiveProblem.Kind, _ known: [String: Word], _ tally: inout ProblemTally
    ) -> Word? {
      guard let text = self[name] else { return nil }
      if let word = known[text.lowercased()] { return word }
      tally.note(
        kind, line: record.line,
        message: "unknown \(name); use \(known.keys.sorted().joined(separator: ", ")) or leave it empty")
      return nil
    }
  }
}

extension ImportTable.Row {
  /// Nil where it names no picture. What else is wrong costs the field, and is noted.
  fileprivate init?(_ fields: ImportTable.Fields, _ tally: inout ProblemTally) {
    guard let image = fields.path("image") else { return nil }
    self.image = image
    mask = fields.path("mask")
    patient = fields["patient"]
    finding = fields.word("finding", .unknownFinding, Self.words(Finding.self), &tally)
    split = fields.word("split", .unknownSplit, Self.words(Split.self), &tally)
    view = fields.word("view", .malformedLabel, Self.views, &tally)
    sex = fields.word("sex", .malformedLabel, Self.sexes, &tally)
    line = fields.record.line
    guard let text = fields["age"] else { return }
    age = Self.years(text)
    if age == nil {
      tally.note(.malformedLabel, line: line, message: "an age that isn't 0 to 120 years; left out")
    }
  }

  private static let views = ["pa": "PA", "ap": "AP", "ll": "LL", "rl": "RL", "lateral": "LL"]
  private static let sexes = ["m": "M", "f": "F", "o": "O", "male": "M", "female": "F"]

  private static func words<Word: RawRepresentable & CaseIterable>(_: Word.Type) -> [String: Word]
  where Word.RawValue == String {
    Dictionary(uniqueKeysWithValues: Word.allCases.map { ($0.rawValue, $0) })
  }

  /// Also as tables have it that once held gaps ("57.0"), and as DICOM ("057Y").
  private static func years(_ text: String) -> Int? {
    let digits = text.hasSuffix("Y") ? text.dropLast() : text[...]
    guard let years = Double(digits), 0...120 ~= years else { return nil }
    return Int(years)
  }
}
