import Analysis
import Files
import FoundationEssentials
import Ledger
import SystemPackage

extension ReadingTerms {
  /// What a worker has to know to read a row by a configuration: the same each time, whatever came since.
  init(
    of record: InstanceRecord, standing: StandingImage?, ledger: any StudyLedger,
    _ configuration: DaemonConfiguration
  ) async throws {
    var earlier: [ReplacedResult] = []
    for result in try await ledger.results(of: record.id).reversed() {
      earlier.append(ReplacedResult(result))
      guard let replaced = result.replaces, let other = try await ledger.result(replaced) else { continue }
      earlier.append(ReplacedResult(other))
    }
    let results = ResultTerms(
      options: configuration.results,
      createdAt: Date(timeIntervalSince1970: Double(record.admittedAt.milliseconds) / 1000),
      number: try await Self.number(of: record, in: ledger), replaced: earlier)
    self.init(
      results: results, content: record.content,
      standing: standing.map { Standing($0, configuration.folders) })
  }

  /// Its number among the images of its study in order of arrival: that of its result objects in their series.
  private static func number(of record: InstanceRecord, in ledger: any StudyLedger) async throws -> Int {
    guard !record.studyInstanceUID.isEmpty else { return 1 }
    return 1 + (try await ledger.images(of: record.studyInstanceUID, before: record.id))
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
    return folders.home(of: verdict).pushing(FilePath(bytes: home))
  }
}
