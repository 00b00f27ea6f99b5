package import Analysis
package import Files
import FoundationEssentials
import Glibc
package import Ledger
package import SystemPackage

/// Brings files from the spool to their homes: `done`, or `rejected` with the reason beside it.
///
/// What lies at a home already is never replaced. If it is the same bytes the file is there already, be it from an
/// attempt that was cut off or from an earlier day; other bytes keep the name, and the file gets the next number.
package actor SourceDesk {
  private nonisolated let executor = QueueExecutor("sources")
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }

  private let folders: InboxFolders
  private let spool: Spool
  /// Takes in what archives held, whatever the inbox keeps the other waiting for.
  private let archives: Spool
  private let ledger: any StudyLedger
  /// Files with the same bytes as a row's, which go where that row's goes, and the reason that it was rejected for.
  private var twins: [Int64: [SpooledFile]] = [:]

  package init(_ folders: InboxFolders, spool: Spool, ledger: any StudyLedger) {
    self.folders = folders
    self.spool = spool
    archives = Spool(beside: spool)
    self.ledger = ledger
  }

  // MARK: Reasons

  /// Writes the reason of a rejected file where the file will lie, before it is moved: whoever finds the file finds why.
  package nonisolated func announce(
    _ row: ReportRow, detail: String, of file: SpooledFile, tag: String
  ) throws(WriteFailure) {
    // Of two hosts, or workers, that reject files of one name at a time, one has the name, and the other the next number.
    while true {
      let home = try home(of: file, .rejected, tag: tag)
      // Where the same bytes lie already, they stay: a reason that tells of another file's time would have them read
      // again.
      guard let there = FolderWalk.entry(home) ?? FolderWalk.entry(spool.place(of: file)) else { return }
      let described = InboxFile(path: file.sender, stamp: there.stamp)
      let text = RejectionReason(row, detail: detail, file: described, tag: tag).text
      let isOurs =
        Self.reason(beside: home)?.isOf(file.sender, tag: tag) ?? false
        || spool.place(of: file).hasSameContents(as: home)
      if try write(text, beside: home, replacing: isOurs) { return }
    }
  }

  /// How the names of reasons in the making begin.
  package static let draftName = ".mmdicom.reason"

  /// Written under a name of ours first, each its own, for two may be written at a time: the reason's own name may be
  /// bytes that are no text.
  /// - Parameter replacing: whether a reason that is there gives way.
  /// - Returns: false where another's is.
  @discardableResult
  private nonisolated func write(
    _ text: String, beside file: FilePath, replacing: Bool = true
  ) throws(WriteFailure) -> Bool {
    try Folder.create(file.removingLastComponent())
    let mark = String(UInt64.random(in: .min ... .max), radix: 16)
    let url = folders.rejected.appending(path: "\(Self.draftName)-\(mark)")
    let draft = FilePath(of: url)
    try DurableFile.write(text, to: url)
    do throws(WriteFailure) {
      if replacing {
        try Move.replacing(draft, RejectedFiles.reason(of: file))
        return true
      }
      switch try Move.file(from: draft, to: RejectedFiles.reason(of: file)) {
      case .moved: return true
      case .destinationTaken:
        try? Move.remove(draft)
        return false
      // Somebody removed it: the file would lie there without its reason.
      case .sourceMissing: throw WriteFailure(path: draft.text, action: "rename into place", code: ENOENT)
      }
    } catch {
      try? Move.remove(draft)
      throw error
    }
  }

  // MARK: In

  /// Takes files that lie elsewhere into the spool, under names as in the inbox.
  func take(
    _ files: [InboxFile], from folder: FilePath, as names: [FilePath]
  ) async throws(WriteFailure) -> [Spool.Outcome] {
    try await archives.take(files, from: folder, as: names)
  }

  // MARK: Homes

  /// Where the file goes, or lies already. Bytes are compared only at the place that the ledger knows, at the file's own
  /// name, where a reason names the file, and where what lies there looks like this very file, whose move was cut off
  /// behind its second name: the ledger has every content once, so that what else lies under a number is another's, and
  /// a thousand files of one name aren't read for each that comes.
  /// - Parameters:
  ///   - known: where the ledger says that these bytes lie.
  ///   - homes: of others that aren't there yet.
  package nonisolated func home(
    of file: SpooledFile, _ verdict: Verdict, tag: String, known: FilePath? = nil,
    besides homes: Set<FilePath> = []
  ) throws(WriteFailure) -> FilePath {
    let root = folders.home(of: verdict)
    let place = spool.place(of: file)
    func hasReason(beside candidate: FilePath) -> Bool {
      Self.reason(beside: candidate)?.isOf(file.sender, tag: tag) ?? false
    }
    var isFirst = true
    func look(_ path: FilePath) throws(WriteFailure) -> DestinationPath.Found {
      homes.contains(path) ? .other : try DestinationPath.look(path)
    }
    return try DestinationPath(look: look).file(file.sender, in: root) {
      candidate throws(WriteFailure) in
      defer { isFirst = false }
      guard !homes.contains(candidate) else { return false }
      switch try DestinationPath.look(candidate) {
      case .folder: return false
      case .nothing: return hasReason(beside: candidate)
      case .other:
        guard let there = FolderWalk.entry(candidate)?.stamp,
          let here = FolderWalk.entry(place)?.stamp, there.size == here.size,
          isFirst || candidate == known || there.mayBeCopy(of: here) || hasReason(beside: candidate)
        else {
          return false
        }
        return place.hasSameContents(as: candidate)
      }
    }
  }

  nonisolated static func reason(beside file: FilePath) -> RejectionReason? {
    let place = RejectedFiles.reason(of: file)
    // As nearly always.
    guard place.status(followingLink: true) != nil else { return nil }
    let opened = OpenedFile(place)
    defer { extendLifetime(opened) }
    return (try? String(contentsOf: opened.url, encoding: .utf8)).map(RejectionReason.init(text:))
  }

  /// Moves the sources of finished rows home, with all that hold the same bytes, and notes that.
  /// - Returns: why some stay, by their rows.
  /// - Throws: what keeps the ledger from taking note, and what keeps a twin from its home.
  package func bringHome(
    _ records: [InstanceRecord], at now: Timestamp
  ) async throws -> [Int64: WriteFailure] {
    var failures: [Int64: WriteFailure] = [:]
    var moved: [InstanceRecord] = []
    var folders = UnsyncedFolders()
    for record in records {
      guard case .finished(_, let verdict, _) = record.state else { continue }
      do {
        try await move(SpooledFile(record), verdict, of: record, &folders)
        moved.append(record)
      } catch let failure as WriteFailure { failures[record.id] = failure }
    }
    guard !moved.isEmpty else { return failures }
    try folders.sync()
    for record in moved { spool.left(SpooledFile(record)) }
    do throws(WriteFailure) {
      // Their results are committed, and a crash behind their commit or admission may have kept note or mark. Before they
      // are filed: from then on somebody may want them anew.
      try PublicationIntent.forget(moved.map { PublicationIntent(of: $0.content, self.folders) })
      try WantedContent(self.folders).forget(moved.map(\.content))
    } catch {
      for record in moved { failures[record.id] = error }
      return failures
    }
    let home = moved.map(\.id)
    try await note(home, at: now)
    for id in home { try await bringTwins(of: id) }
    return failures
  }

  /// Notes which rows' sources are home.
  private func note(_ ids: [Int64], at now: Timestamp) async throws(LedgerError) {
    let failure: LedgerError
    do throws(LedgerError) { return try await ledger.file(ids, at: now) } catch { failure = error }
    guard folders.host != nil else { throw failure }
    // While this host stood still, another brought one home, and it is read once more, or forgotten.
    switch failure {
    case .impossible, .unknown: return
    default: throw failure
    }
  }

  /// The same of one row.
  package func bringHome(_ id: Int64, at now: Timestamp) async throws {
    let records = try await ledger.instances(.instance(id), after: 0, limit: 1)
    if let failure = try await bringHome(records, at: now)[id] { throw failure }
  }

  /// Takes charge of a file whose content the ledger knows.
  /// - Returns: whether it went home at once; otherwise it goes when its like does.
  package func add(_ twin: SpooledFile, of id: Int64) async throws -> Bool {
    if twins[id]?.contains(twin) != true { twins[id, default: []].append(twin) }
    return try await bringTwins(of: id)
  }

  /// Whether the file waits for its like.
  package func isWaiting(_ file: SpooledFile) -> Bool { twins.values.contains { $0.contains(file) } }

  /// Brings home what waits for files that others have brought home meanwhile.
  package func bringTwins() async throws {
    for id in twins.keys.sorted() { try await bringTwins(of: id) }
  }

  @discardableResult
  private func bringTwins(of id: Int64) async throws -> Bool {
    guard twins[id] != nil, let record = try await ledger.instances(.instance(id), after: 0, limit: 1).first,
      case .filed(_, let verdict, _) = record.state
    else { return false }
    while let twin = twins[id]?.first {
      try await findAgain(record, by: twin, verdict)
      if verdict == .rejected { try repeatReason(of: record, for: twin) }
      var folders = UnsyncedFolders()
      try await move(twin, verdict, of: record, &folders)
      try folders.sync()
      spool.left(twin)
      twins[id]?.removeAll { $0 == twin }
    }
    twins[id] = nil
    return true
  }

  /// Where nothing lies any more where the ledger has the row's source, or something else does, the row's place is the
  /// twin's. Noted before the move: a crash between leaves the twin in the spool, to be brought there.
  private func findAgain(_ record: InstanceRecord, by twin: SpooledFile, _ verdict: Verdict) async throws {
    guard record.home != nil, let twinSize = FolderWalk.entry(spool.place(of: twin))?.stamp.size else {
      return
    }
    let known = record.place(in: folders)
    // The bytes themselves aren't compared: a thousand files of one name would be read for each that comes.
    guard try DestinationPath.look(known) == .nothing || FolderWalk.entry(known)?.stamp.size != twinSize
    else {
      return
    }
    let root = folders.home(of: verdict)
    let home = try home(of: twin, verdict, tag: record.tag, known: known)
    let below = FilePath(root: nil, home.components.dropFirst(root.components.count))
    do { try await ledger.rehome(record.id, to: below.bytes, at: .now) } catch {
      // It may be forgotten by now, as what was kept for long enough is.
      guard case .unknown = error else { throw error }
    }
  }

  /// Tells beside a twin what stands beside the first, of the file that will lie there.
  private func repeatReason(of record: InstanceRecord, for twin: SpooledFile) throws(WriteFailure) {
    guard let known = record.home.map({ folders.home(of: .rejected).pushing(FilePath(bytes: $0)) }),
      let text = Self.reason(beside: known)?.text
    else { return }
    let home = try home(of: twin, .rejected, tag: record.tag, known: known)
    // Where the same bytes lie already, they stay.
    guard
      let file = FolderWalk.entry(home) ?? FolderWalk.entry(spool.place(of: twin))
    else { return }
    let reason = RejectionReason(text: text).repeated(for: InboxFile(path: twin.sender, stamp: file.stamp))
    try write(reason.text, beside: home)
  }

  /// The place that the ledger names for a row's file, while nothing lies there.
  private func promised(_ known: FilePath?, _ record: InstanceRecord) throws(WriteFailure) -> FilePath? {
    guard case .finished = record.state, let known, try DestinationPath.look(known) == .nothing else {
      return nil
    }
    guard let reason = Self.reason(beside: known) else { return known }
    return reason.isOf(FilePath(bytes: record.sender), tag: record.tag) ? known : nil
  }

  /// Moves a file home, or removes it where the same bytes lie there. It is for the caller to sync the folders and to tell
  /// the spool.
  private func move(
    _ file: SpooledFile, _ verdict: Verdict, of record: InstanceRecord, _ folders: inout UnsyncedFolders
  ) async throws {
    let place = spool.place(of: file)
    let known = record.home.map { self.folders.home(of: verdict).pushing(FilePath(bytes: $0)) }
    while place.status(followingLink: false) != nil {
      let promised = try promised(known, record)
      let home = try promised ?? home(of: file, verdict, tag: record.tag, known: known)
      if try promised == nil && DestinationPath.look(home) != .nothing {
        // The same bytes.
        return try Move.remove(place)
      }
      switch try Move.file(from: place, to: home, &folders) {
      case .moved, .sourceMissing: return
      case .destinationTaken: continue
      }
    }
    // A start after a crash finds it moved already.
  }
}
