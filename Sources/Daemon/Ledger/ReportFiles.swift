import FoundationEssentials
import Ledger

/// The names of a report that is rotated by day: `report-2026-11-25.csv` beside `report.csv`, and of what was put aside:
/// `report.aside-20261126T130500Z.csv`.
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

  /// A time as it stands in the name of what was put aside then; later ones come behind earlier ones.
  static func stamp(of time: Timestamp) -> String { time.text.filter { $0 != "-" && $0 != ":" } }

  /// What was put aside before a time, in order.
  static func putAside(before time: Timestamp, beside report: URL) -> [URL] {
    let folder = report.deletingLastPathComponent()
    let limit = stamp(of: time)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted().compactMap { name in
      guard let match = name.wholeMatch(of: /report[-0-9]*\.aside-(\d{8}T\d{6}Z)(?:-\d+)?\.csv/),
        String(match.1) < limit
      else { return nil }
      return folder.appending(path: name)
    }
  }
}
