import Analysis
import Files
import FoundationEssentials
import SystemPackage

/// What a ledger that was there before leaves in the folders beside it. Where it is lost, a new one would take all of
/// that for a stranger's: files that come again would be read again, and their results numbered beside the first.
enum LedgerTraces {
  /// The first that is found, in words that name no patient; nil where there are none.
  static func first(in folders: InboxFolders) -> String? {
    if !FolderWalk(FilePath(of: folders.done), .inbox()).files.isEmpty {
      return "\(folders.done.path) holds files"
    }
    let reason = RejectedFiles.ending
    let rejected = FolderWalk(FilePath(of: folders.rejected), .inbox()).files
    if rejected.contains(where: { $0.path.bytes.suffix(reason.count) == reason[...] }) {
      return "\(folders.rejected.path) holds files"
    }
    let reports = [folders.report] + ReportFiles.ofEarlierDays(beside: folders.report).map(\.file)
    if let report = reports.first(where: holdsRows) { return "\(report.path) has rows" }
    let outbox = FolderWalk(FilePath(of: folders.outbox), .inbox()).files
    return outbox.contains { isResult($0.path) } ? "\(folders.outbox.path) holds results" : nil
  }

  /// More than a header, with any line ends.
  private static func holdsRows(_ report: URL) -> Bool {
    (FolderWalk.entry(FilePath(of: report))?.stamp.size ?? 0) > ReportCSV.header.utf8.count + 3
  }

  /// An object in the folder of a study.
  private static func isResult(_ path: FilePath) -> Bool {
    path.components.count == 2 && ResultFiles.isObject(ResultFiles.kind(of: path.lastComponent?.string ?? ""))
  }
}
