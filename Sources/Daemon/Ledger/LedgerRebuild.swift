import Analysis
import Files
import FoundationEssentials
package import Ledger
package import Logging
import SystemPackage
import Unpacking

/// Learns for a new ledger what was done before there was one: the files in `done` and `rejected`, by their contents and
/// what their headers state, and the results that the report names. Strangers' files are opened by workers only.
package actor LedgerRebuild: WorkSource {
  /// A file in its home.
  package struct Source: Sendable {
    fileprivate let path: FilePath
    /// Relative to its home.
    fileprivate let home: FilePath
    fileprivate let isRejected: Bool
  }

  private struct Known {
    let source: Source
    let identity: ImageIdentity
    let content: ContentDigest
    /// A zip archive that was opened: its files lie beside it.
    let isArchive: Bool
  }

  private let folders: InboxFolders
  private let ledger: any StudyLedger
  private let logger: Logger
  private let goesOn: @Sendable () -> Void
  private var waiting: ArraySlice<Source>
  private var lastJob = 0
  private var known: [Known] = []
  private static let portion = 128

  /// - Parameter goesOn: called again and again while it goes on.
  package init(
    _ folders: InboxFolders, ledger: any StudyLedger, logger: Logger,
    goesOn: @escaping @Sendable () -> Void = {}
  ) {
    self.goesOn = goesOn
    self.folders = folders
    self.ledger = ledger
    self.logger = logger
    let reason = RejectedFiles.ending
    var sources: [(changed: Int, source: Source)] = []
    for (folder, isRejected) in [(folders.done, false), (folders.rejected, true)] {
      let root = FilePath(of: folder)
      for entry in FolderWalk(root, .inbox()).files
      where !isRejected || entry.path.bytes.suffix(reason.count) != reason[...] {
        let source = Source(path: root.pushing(entry.path), home: entry.path, isRejected: isRejected)
        sources.append((entry.changed, source))
      }
    }
    // In the order in which they came home: a later file of an image is what stands.
    waiting = ArraySlice(sources.sorted { $0.changed < $1.changed }.map(\.source))
  }

  /// How many files there are to be looked at.
  package var count: Int { waiting.count }

  // MARK: WorkSource

  package func workerReady(_ model: LoadedModel) {}
  package var isStopping: Bool { Task.isCancelled }

  package func nextJobs() -> [WorkerJob<Source>]? {
    let sources = waiting.prefix(Self.portion)
    waiting.removeFirst(sources.count)
    return sources.isEmpty
      ? nil
      : sources.map { source in
        lastJob += 1
        return WorkerJob(.identify(id: lastJob, path: source.path.text), context: source)
      }
  }

  package func take(_ outcome: WorkerOutcome, of job: WorkerJob<Source>) {
    goesOn()
    var identity = ImageIdentity()
    var digest: ContentDigest?
    if case .identified(let stated, let text) = outcome {
      identity = stated
      digest = text.flatMap(ContentDigest.init(hexadecimal:))
    }
    guard let content = digest ?? ContentDigest(ofFileAt: job.context.path) else { return }
    let isArchive =
      !job.context.isRejected && identity.sopInstanceUID.isEmpty && ZipArchive.isOne(at: job.context.path)
    known.append(Known(source: job.context, identity: identity, content: content, isArchive: isArchive))
    if known.count.isMultiple(of: 1000) {
      logger.notice("the ledger is written anew", metadata: ["files": "\(known.count)"])
    }
  }

  // MARK: Into the ledger

  /// Writes what was found.
  package func finish() async throws {
    let rows = try reported()
    var found: [FoundInstance] = []
    // The last file of an image goes with the last row about it: what came before was amended.
    var left = rows
    for item in known.reversed() {
      let isImage = !item.source.isRejected && !item.isArchive
      let row = isImage ? left[item.identity.sopInstanceUID]?.popLast() : nil
      found.append(try instance(item, row))
    }
    found.reverse()
    for start in stride(from: 0, to: found.count, by: 500) {
      goesOn()
      try await ledger.adopt(Array(found[start..<min(start + 500, found.count)]), at: .now)
    }
    logger.notice("the ledger was written anew", metadata: ["files": "\(found.count)"])
  }

  private struct Row {
    let verdict: Verdict
    let reason: String
    let outputs: [String]
  }

  /// The report's rows by SOP Instance UID, in their order.
  private func reported() throws -> [String: [Row]] {
    var rows: [String: [Row]] = [:]
    for row in try ReportAdoption.rows(in: folders) {
      let text = ReportCSV.upToDate(String(decoding: row.record, as: UTF8.self))
      guard let fields = CommaSeparatedValues(text).records.first?.fields,
        fields.count == ReportRow.header.count, row.verdict != .rejected
      else { continue }
      rows[fields[2], default: []].append(
        Row(
          verdict: row.verdict, reason: fields[8],
          outputs: fields[17].split(separator: ";").map(String.init)))
    }
    return rows
  }

  private func instance(_ item: Known, _ row: Row?) throws -> FoundInstance {
    let file = Admission(
      content: item.content, studyInstanceUID: item.identity.studyInstanceUID,
      seriesInstanceUID: item.identity.seriesInstanceUID, sopInstanceUID: item.identity.sopInstanceUID,
      spooled: [], sender: item.source.home.bytes)
    guard !item.isArchive else {
      return FoundInstance(
        file, verdict: .notAnalysed, reason: UnpackedArchive.openedCode, home: item.source.home.bytes,
        results: [])
    }
    let reason =
      item.source.isRejected ? SourceDesk.reason(beside: item.source.path)?.reason ?? "" : row?.reason ?? ""
    let verdict: Verdict = item.source.isRejected ? .rejected : row?.verdict ?? .analysed
    return FoundInstance(
      file, verdict: verdict, reason: reason, home: item.source.home.bytes,
      results: (row?.outputs ?? []).compactMap { ResultDesk(folders).result(at: $0) })
  }
}
