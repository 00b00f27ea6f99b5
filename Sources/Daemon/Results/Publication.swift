import Analysis
import Files
import Ledger
import SystemPackage

/// Puts what was found in a file into place, short of the ledger: its results under their final names, the reason of a
/// rejected one where the file will lie, and its home chosen. May be done again.
struct Publication: Sendable {
  private let folders: InboxFolders
  private let ledger: any StudyLedger
  private let sources: SourceDesk
  private let results: ResultDesk

  init(_ folders: InboxFolders, ledger: any StudyLedger, sources: SourceDesk) {
    self.folders = folders
    self.ledger = ledger
    self.sources = sources
    results = ResultDesk(folders)
  }

  /// - Parameter row: its `outputs` are names in the staging folder; they come back relative to the outbox.
  /// - Returns: what the ledger is to be told.
  func publish(_ row: inout ReportRow, _ detail: String, of job: ClaimedFile) async throws -> Completion {
    let record = job.instance
    let file = SpooledFile(record)
    let own = Set(try await ledger.results(of: record.id).map { FilePath(bytes: $0.path) })
    let published = try results.publish(&row, from: job.staging, copy: try await copy(of: record), own: own)
    let verdict = Verdict(row.status)
    if verdict == .rejected { try sources.announce(row, detail: detail, of: file, tag: record.tag) }
    let root = FilePath(of: verdict == .rejected ? folders.rejected : folders.done)
    let home = try sources.home(of: file, verdict, tag: record.tag)
    let below = FilePath(root: nil, home.components.dropFirst(root.components.count))
    return Completion(
      verdict, reason: verdict == .analysed ? "" : row.reasonCode,
      record: Array(ReportCSV.record(row).utf8), results: published, home: below.bytes)
  }

  /// Its number among the images of the study that state the same SOP Instance UID and hold other bytes, in order of
  /// arrival. No two instances may share a UID (PS3.5 section 9) and nobody here can tell which is right.
  private func copy(of record: InstanceRecord) async throws -> Int {
    guard !record.sopInstanceUID.isEmpty else { return 1 }
    let rows = try await ledger.instances(.uid(record.sopInstanceUID), after: 0, limit: 10_000)
    return 1 + rows.count { $0.id < record.id && $0.hasResultsLike(record) }
  }
}

extension SpooledFile {
  /// The file of a row.
  init(_ record: InstanceRecord) {
    self.init(name: FilePath(bytes: record.spooled), sender: FilePath(bytes: record.sender))
  }
}

extension InstanceRecord {
  /// Whether its results have, or will have, the names that those of `other` would have.
  fileprivate func hasResultsLike(_ other: InstanceRecord) -> Bool {
    guard sopInstanceUID == other.sopInstanceUID, studyInstanceUID == other.studyInstanceUID else {
      return false
    }
    switch state {
    case .finished(_, let verdict, _), .filed(_, let verdict, _): return verdict == .analysed
    default: return true
    }
  }
}
