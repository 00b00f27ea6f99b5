import Analysis
import Files
import Ledger
import SystemPackage

/// Puts what was found in a file into place, short of the ledger: its results under their final names, the reason of a
/// rejected one where the file will lie, and its home chosen. May be done again.
struct Publication: Sendable {
  private let folders: InboxFolders
  private let sources: SourceDesk
  private let results: ResultDesk

  init(_ folders: InboxFolders, sources: SourceDesk) {
    self.folders = folders
    self.sources = sources
    results = ResultDesk(folders)
  }

  /// - Parameters:
  ///   - row: its `outputs` are names in the staging folder; they come back relative to the outbox.
  ///   - amended: the image whose results these replace.
  ///   - delivery: who gets them.
  ///   - circumstances: of the file, as of now.
  /// - Returns: what the ledger is to be told.
  func publish(
    _ row: inout ReportRow, _ detail: String, _ trace: ReadingTrace, of job: ClaimedFile,
    amending amended: StandingImage?, to delivery: DeliverySettings, _ circumstances: Circumstances,
    fence: PublicationFence? = nil
  ) throws -> Completion {
    let record = job.instance
    let file = SpooledFile(record)
    let verdict = Verdict(row.status)
    // A file that can't be used takes nothing away.
    let amended = verdict == .rejected ? nil : amended
    let own = verdict == .rejected ? [] : circumstances.results
    let replaced = (own + (amended?.results ?? [])).filter { !$0.isSuperseded }
    if amended != nil { row.note("amended") }
    if record.reason == Self.changed, verdict != .rejected { row.note("content_changed") }
    var published = try results.publish(
      &row, from: job.staging, copy: copy(of: amended?.instance ?? record, among: circumstances),
      replacing: Set(replaced.map { FilePath(bytes: $0.path) }),
      intent: PublicationIntent(of: record.content, folders), fence: fence)
    for index in published.indices where !published[index].uid.isEmpty {
      published[index].destinations = delivery.destinations(
        of: RoutedResult(published[index].kind, row, trace.traits, from: file.sender))
    }
    try fence?.check(hasResults: false)
    if verdict == .rejected { try sources.announce(row, detail: detail, of: file, tag: record.tag) }
    let root = folders.home(of: verdict)
    let home = try sources.home(of: file, verdict, tag: record.tag)
    let below = FilePath(root: nil, home.components.dropFirst(root.components.count))
    return Completion(
      verdict, reason: verdict == .analysed ? "" : row.reasonCode,
      record: Array(ReportCSV.record(row).utf8), results: published, home: below.bytes,
      chain: Completion.Chain(trace, of: row), amends: amended?.instance.id)
  }

  /// The reason of a row whose file held other bytes than those that were identified first.
  static let changed = "content_changed"

  /// Its number among the images of the study that state the same SOP Instance UID and hold other bytes, in order of
  /// arrival. No two instances may share a UID (PS3.5 section 9) and nobody here can tell which is right.
  ///
  /// What amends another has its name, and doesn't count.
  private func copy(of record: InstanceRecord, among circumstances: Circumstances) -> Int {
    guard !record.sopInstanceUID.isEmpty else { return 1 }
    let rows = circumstances.others + [circumstances.instance]
    var first = record
    while let earlier = first.replaces, let row = rows.first(where: { $0.id == earlier }) { first = row }
    return 1 + rows.count { $0.id < first.id && $0.replaces == nil && $0.hasResultsLike(first) }
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
    case .parked(_, let isConflict): return !isConflict
    default: return true
    }
  }
}

extension Completion.Chain {
  init(_ trace: ReadingTrace, of row: ReportRow) {
    self.init(
      // A file that can't be used doesn't speak for its UID.
      pixels: row.status == .rejected ? nil : trace.pixels, tensor: trace.tensor,
      weights: trace.tensor == nil ? nil : ContentDigest(hexadecimal: row.modelSHA256),
      standingPixels: trace.standingPixels)
  }
}
