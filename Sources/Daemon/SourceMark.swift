import Analysis
import Files
import FoundationEssentials
import SystemPackage

/// Remembers which content each result was made of, in a small file per image beside the journal. A rerun of the
/// same file replaces its results; another file with the same SOP Instance UID doesn't, however much later it
/// comes.
struct SourceMark {
  /// The digest of the file's content.
  let text: String

  /// Nil when the digest isn't known yet and the file can't be read.
  init?(_ digest: String?, of path: FilePath) {
    guard let digest = digest ?? ContentDigest(ofFileAt: path)?.description else { return nil }
    text = digest + "\n"
  }

  /// Where the mark of the `copy`-th file with the row's UID is kept.
  static func place(_ row: ReportRow, copy: Int, in folders: InboxFolders) -> URL {
    let identity = row.identity
    let name = ResultFiles.name(for: identity.sopInstanceUID)
    return folders.sources.appending(path: ResultFiles.studyFolder(for: identity.studyInstanceUID))
      .appending(path: copy > 1 ? "\(name)-\(copy)" : name)
  }

  /// `copy`, or the first number after it whose results aren't there or were made of this content. What has no mark
  /// was made by somebody else, and isn't written over either.
  func copyNumber(_ row: ReportRow, from copy: Int, in folders: InboxFolders) -> Int {
    var number = copy
    while isThere(row, copy: number, in: folders),
      text != (try? String(contentsOf: Self.place(row, copy: number, in: folders), encoding: .utf8))
    {
      number += 1
    }
    return number
  }

  private func isThere(_ row: ReportRow, copy: Int, in folders: InboxFolders) -> Bool {
    var row = row
    row.note(copy: copy)
    let study = folders.outbox.appending(
      path: ResultFiles.studyFolder(for: row.identity.studyInstanceUID))
    return row.outputs.contains { DestinationPath.look(FilePath(of: study.appending(path: $0))) == .other }
  }
}
