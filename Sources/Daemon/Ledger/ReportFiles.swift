import FoundationEssentials

/// The names of a report that is rotated by day: `report-2026-11-25.csv` beside `report.csv`.
enum ReportFiles {
  /// The file of a day, as `2026-11-25`.
  static func place(of day: String, beside report: URL) -> URL {
    report.deletingLastPathComponent().appending(path: "report-\(day).csv")
  }

  /// Those that are there, in order.
  static func ofEarlierDays(beside report: URL) -> [(day: String, file: URL)] {
    let folder = report.deletingLastPathComponent()
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted().compactMap { name in
      guard let match = name.wholeMatch(of: /report-(\d{4}-\d\d-\d\d)\.csv/) else { return nil }
      return (String(match.1), folder.appending(path: name))
    }
  }
}
