package import Analysis
package import FoundationEssentials

/// Everything that has to happen when one file is done, written down before any of it happens, so that it can
/// be finished after a crash at any point. Carrying it out twice does no harm.
package struct Delivery: Sendable, Equatable, Codable {
  /// A result file on its way from the staging folder to its study's folder.
  package struct Result: Sendable, Equatable, Codable {
    package let staged: String
    package let final: String
  }

  /// Result files to rename; an earlier result of the same image is replaced.
  package var results: [Result]
  /// The report's record, with its line end.
  package var record: String
  /// Length of the report before the record.
  package var reportOffset: Int
  /// The file in the inbox, and what it was like.
  package var source: String
  package var stamp: FileStamp
  /// Where the file goes.
  package var destination: String
  /// What the file beside it says, when it was rejected.
  package var reasonText: String?

  /// The reason file.
  package var reasonFile: String { destination + ".reason.txt" }

  /// Decides where everything goes.
  /// - Parameters:
  ///   - row: its `outputs` are names in `staging`; they come back relative to the outbox.
  ///   - detail: one line for people.
  ///   - copy: 2 for the second file with the same SOP Instance UID in a study, 3 for the third ...
  ///   - look: what lies at a path.
  package static func plan(
    _ file: InboxFile, _ row: inout ReportRow, detail: String, copy: Int = 1, staging: URL,
    reportOffset: Int, folders: InboxFolders,
    look: @escaping (String) -> DestinationPath.Found
  ) -> Delivery {
    let place = DestinationPath(look: look)
    let wanted = ResultFiles.studyFolder(for: row.identity.studyInstanceUID)
    let studyFolder = URL(filePath: place.folder(wanted, in: folders.outbox.path))
    let study = studyFolder.lastPathComponent
    let staged = row.outputs
    row.note(copy: copy)
    let results = zip(staged, row.outputs).map { staged, final in
      Result(
        staged: staging.appending(path: staged).path,
        final: studyFolder.appending(path: final).path)
    }
    row.outputs = row.outputs.map { "\(study)/\($0)" }
    let isRejected = row.status == .rejected
    let home = isRejected ? folders.rejected : folders.done
    let destination = place.file(file.path, in: home.path)
    return Delivery(
      results: results, record: ReportCSV.record(row), reportOffset: reportOffset,
      source: folders.inbox.appending(path: file.path).path, stamp: file.stamp, destination: destination,
      reasonText: isRejected ? reasonText(row, detail: detail, file: file.path) : nil)
  }

  private static func reasonText(_ row: ReportRow, detail: String, file: String) -> String {
    """
    status: \(row.status.rawValue)
    reason: \(row.reasonCode)
    detail: \(detail)
    file: \(file)
    sop_instance_uid: \(row.identity.sopInstanceUID)
    when: \(row.analysedAt)

    """
  }
}
