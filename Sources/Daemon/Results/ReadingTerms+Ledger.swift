import Analysis
import Files
import FoundationEssentials
package import Ledger
package import SystemPackage
import Unpacking

extension ReadingTerms {
  /// What a worker has to know to read a row by a configuration: the same each time, whatever came since.
  init(_ circumstances: Circumstances, _ configuration: DaemonConfiguration) {
    let record = circumstances.instance
    let earlier = circumstances.results.reversed().flatMap { result in
      [ReplacedResult(result)]
        + circumstances.replaced.filter { $0.id == result.replaces }.map { ReplacedResult($0) }
    }
    let results = ResultTerms(
      options: configuration.results,
      createdAt: Date(timeIntervalSince1970: Double(record.admittedAt.milliseconds) / 1000),
      number: record.number, replaced: earlier)
    self.init(
      results: results, content: record.content,
      standing: circumstances.standing.map { Standing($0, configuration.folders) })
    // A worker that takes longer than it may says nothing any more.
    archives.seconds = configuration.workerTimeLimit.inSeconds * 0.75
    archives.fullest = configuration.diskStopPercent
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
  package func place(in folders: InboxFolders) -> FilePath {
    guard case .filed(_, let verdict, _) = state, let home else {
      return FilePath(of: folders.spool).pushing(FilePath(bytes: spooled))
    }
    return folders.home(of: verdict).pushing(FilePath(bytes: home))
  }
}
