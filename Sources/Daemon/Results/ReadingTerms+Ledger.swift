import Analysis
import Files
import FoundationEssentials
import Ledger
import SystemPackage

extension ReadingTerms {
  /// What a worker has to know to read a row: the same each time, whatever came since.
  init(
    of record: InstanceRecord, standing: StandingImage?, ledger: any StudyLedger, folders: InboxFolders
  ) async throws {
    var earlier: [ReplacedResult] = []
    for result in try await ledger.results(of: record.id).reversed() {
      earlier.append(ReplacedResult(result))
      guard let replaced = result.replaces, let other = try await ledger.result(replaced) else { continue }
      earlier.append(ReplacedResult(other))
    }
    self.init(
      createdAt: Date(timeIntervalSince1970: Double(record.admittedAt.milliseconds) / 1000),
      content: record.content, standing: standing.map { Standing($0, folders) }, earlier: earlier)
  }
}

extension ReadingTerms.Standing {
  fileprivate init(_ image: StandingImage, _ folders: InboxFolders) {
    self.init(
      pixels: image.instance.pixels, source: image.instance.place(in: folders).text,
      content: image.instance.content, isAccepted: image.isAccepted,
      results: image.results.map { ReplacedResult($0) })
  }
}

extension InstanceRecord {
  /// Where its file lies: in the spool, or in its home.
  func place(in folders: InboxFolders) -> FilePath {
    guard case .filed(_, let verdict, _) = state, let home else {
      return FilePath(of: folders.spool).pushing(FilePath(bytes: spooled))
    }
    let root = verdict == .rejected ? folders.rejected : folders.done
    return FilePath(of: root).pushing(FilePath(bytes: home))
  }
}
