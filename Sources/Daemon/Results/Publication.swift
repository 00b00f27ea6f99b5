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

  /// An image that was read, as its worker answered.
  struct Item {
    let job: ClaimedFile
    /// Its `outputs` are names in the staging folder.
    var row: ReportRow
    let detail: String
    let trace: ReadingTrace
    /// The image whose results these replace.
    let amended: StandingImage?
    /// Of the file, as of now.
    let circumstances: Circumstances
    /// Keeps it out when its lease is over; nil where nobody else could have it.
    var fence: PublicationFence?

    fileprivate var isLost: Bool {
      do { try fence?.check(hasResults: !row.outputs.isEmpty) } catch { return true }
      return false
    }
  }

  /// What became of one.
  enum Outcome {
    /// What the ledger is to be told, and the row with outputs relative to the outbox.
    case published(Completion, ReportRow)
    /// Names and rights of this one are at fault.
    case misplaced(String)
    /// Another may have taken its file over: nothing of this one counts.
    case lost
  }

  /// Publishes images together, synced when this returns.
  /// - Parameters:
  ///   - delivery: who gets the results.
  ///   - homes: of files that haven't moved there yet; gets those of these.
  /// - Throws: what concerns them all.
  func publish(
    _ items: [Item], to delivery: DeliverySettings, besides homes: inout Set<FilePath>
  ) throws -> [Outcome] {
    var taken: Set<FilePath> = []
    let begun = try PublicationIntent.noted(folders)
    var plans = try items.map { item in
      try unlessHindered(item) {
        let plan = try plan(item, begun[item.job.instance.content] ?? [], besides: taken)
        taken.formUnion(plan.paths)
        return plan
      }
    }
    // Planning so many takes a while, and nothing was changed yet.
    plans = try zip(items, plans).map { item, plan in
      try unlessHindered(item) {
        let plan = try plan.get()
        try plan.checkFence()
        return plan
      }
    }
    try PublicationIntent.note(
      plans.compactMap { plan in
        guard case .success(let plan) = plan, let noted = plan.noted else { return nil }
        return (plan.intent, noted)
      })
    var unsynced = UnsyncedFolders()
    let outcomes = try zip(items, plans).map { item, plan -> Outcome in
      let published = try unlessHindered(item) {
        try complete(item, plan.get(), to: delivery, &unsynced, &homes)
      }
      switch published {
      case .success(let (completion, row)): return .published(completion, row)
      case .failure(.misplaced(let why)): return .misplaced(why)
      case .failure(.lost): return .lost
      }
    }
    try unsynced.sync()
    return outcomes
  }

  /// The ledger has these: nothing of them is to be taken back. A note that can't be removed keeps their sources from being
  /// filed, and is told of then.
  func settled(_ records: [InstanceRecord]) {
    try? PublicationIntent.forget(records.map { PublicationIntent(of: $0.content, folders) })
  }

  /// What keeps one image from being published, and no other.
  private enum Hindrance: Error {
    case misplaced(String)
    case lost
  }

  /// Tells what concerns one image alone from what concerns all, which is thrown.
  private func unlessHindered<T>(
    _ item: Item, _ body: () throws -> T
  ) throws -> Swift.Result<T, Hindrance> {
    do { return .success(try body()) } catch {
      switch error {
      case let hindrance as Hindrance: return .failure(hindrance)
      case LedgerError.leaseLost: return .failure(.lost)
      case let fault as DeliveryFault: return .failure(.misplaced("\(fault)"))
      // Whoever took its file over has removed what was staged for it.
      case is WriteFailure where item.isLost: return .failure(.lost)
      case let failure as WriteFailure where failure.isOfThePath(in: folders):
        return .failure(.misplaced(failure.reason))
      default: throw error
      }
    }
  }

  private func plan(
    _ item: Item, _ begun: Set<PublicationIntent.Result>, besides taken: Set<FilePath>
  ) throws -> ResultDesk.Plan {
    let record = item.job.instance
    var row = item.row
    // A file that can't be used takes nothing away.
    let isRejected = row.status == .rejected
    let amended = isRejected ? nil : item.amended
    let own = isRejected ? [] : item.circumstances.results
    let replaced = (own + (amended?.results ?? [])).filter { !$0.isSuperseded }
    if amended != nil { row.note("amended") }
    if record.reason == Self.changed, !isRejected { row.note("content_changed") }
    return try results.plan(
      row, from: item.job.staging, copy: copy(of: amended?.instance ?? record, among: item.circumstances),
      replacing: Set(replaced.map { FilePath(bytes: $0.path) }),
      intent: PublicationIntent(of: record.content, folders), begun: begun, objects: item.trace.objects,
      besides: taken, fence: item.fence)
  }

  private func complete(
    _ item: Item, _ plan: ResultDesk.Plan, to delivery: DeliverySettings, _ unsynced: inout UnsyncedFolders,
    _ homes: inout Set<FilePath>
  ) throws -> (Completion, ReportRow) {
    let record = item.job.instance
    let file = SpooledFile(record)
    let (row, verdict) = (plan.row, Verdict(plan.row.status))
    var published = try results.place(plan, &unsynced)
    for index in published.indices {
      published[index].destinations = delivery.destinations(
        of: RoutedResult(published[index].kind, row, item.trace.traits, from: file.sender))
    }
    try item.fence?.check(hasResults: false)
    if verdict == .rejected { try sources.announce(row, detail: item.detail, of: file, tag: record.tag) }
    let root = folders.home(of: verdict)
    let home = try sources.home(of: file, verdict, tag: record.tag, besides: homes)
    homes.insert(home)
    let below = FilePath(root: nil, home.components.dropFirst(root.components.count))
    let completion = Completion(
      verdict, reason: verdict == .analysed ? "" : row.reasonCode,
      record: Array(ReportCSV.record(row).utf8), results: published, home: below.bytes,
      chain: Completion.Chain(item.trace, of: row),
      amends: verdict == .rejected ? nil : item.amended?.instance.id)
    return (completion, row)
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
