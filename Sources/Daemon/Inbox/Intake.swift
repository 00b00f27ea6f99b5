import Analysis
import Files
import FoundationEssentials
import Glibc
package import Ledger
package import Logging
import ServiceLifecycle
package import SystemPackage

/// Takes complete files out of the inbox into the spool, has them identified, and admits them to the ledger: all the
/// time, whatever waits to be read.
package actor Intake: WorkSource {
  private let configuration: DaemonConfiguration
  private let ledger: any StudyLedger
  private let spool: Spool
  private let sources: SourceDesk
  private let logger: Logger
  private let runsOnce: Bool
  private let inbox: FilePath
  private var watch: InboxWatch
  private var rejected: RejectedFiles
  private var copied: CopiedFiles
  /// Complete files that aren't taken yet.
  private var complete: [InboxFile] = []
  /// Files in the spool that have no row yet, in order.
  private var unidentified: [SpooledFile] = []
  /// Of the batch in hand: those that the worker has, and those that it has told of.
  private var inHand: [Int: SpooledFile] = [:]
  private var identified: [(file: SpooledFile, identity: ImageIdentity, digest: ContentDigest)] = []
  private var lastJob = 0
  private var reportedUnreadable: Set<FilePath> = []
  private var reportedOpen: Set<FilePath> = []
  private var hasReportedCopies = false
  /// With `--once`: what lay in the inbox at the start; nil otherwise.
  private var batch: Set<FilePath>?
  private var waitingSince: ContinuousClock.Instant?
  private var emptied = EmptiedFolders()
  /// What was left in the inbox, each warned of once.
  private var left: Set<FilePath> = []
  package var leftBehind: Int { left.count }
  /// Tries in a row that failed.
  private var breaker = Breaker()
  private let pauseNote: PauseNote
  /// Files to a batch: one transaction, and one sync of its folder.
  private static let batchSize = 128
  /// What stays free where the spool lies, for the ledger and for results in the making.
  package static let reserve = 32 << 20
  private let freeSpace: @Sendable (FilePath) -> Int?

  /// - Parameter freeSpace: bytes that are free where a path lies.
  package init(
    _ configuration: DaemonConfiguration, runsOnce: Bool, ledger: any StudyLedger, spool: Spool,
    sources: SourceDesk, logger: Logger,
    freeSpace: @escaping @Sendable (FilePath) -> Int? = FreeSpace.bytes(at:)
  ) {
    self.freeSpace = freeSpace
    self.configuration = configuration
    self.runsOnce = runsOnce
    self.ledger = ledger
    self.spool = spool
    self.sources = sources
    self.logger = logger
    inbox = FilePath(of: configuration.folders.inbox)
    watch = InboxWatch(
      configuration.folders.inbox, ignoring: configuration.ignoredNames,
      settlingTime: configuration.settlingTime, scanInterval: configuration.scanInterval,
      usesEvents: !runsOnce)
    rejected = RejectedFiles(
      configuration.folders.rejected, settlingTime: configuration.settlingTime,
      scanInterval: configuration.scanInterval)
    copied = CopiedFiles(configuration.folders)
    pauseNote = PauseNote(.intake, configuration.folders)
  }

  /// What failed and may pass: how long to wait.
  package func pause() -> Duration { breaker.failed() }

  /// Prepares the first look. `fileSystemTime` is the inbox's own clock.
  package func start(fileSystemTime: Int?) async throws {
    copied.keepOnly(in: inbox)
    try await takeUp()
    guard runsOnce else { return }
    takeBackChanged(fileSystemTime: fileSystemTime)
    watch.scan(fileSystemTime: fileSystemTime)
    let walk = FolderWalk(inbox, .inbox(ignoring: configuration.ignoredNames))
    batch = Set(walk.files.map(\.path))
  }

  /// Takes up, at the start and after a pause, what lies in the spool without a row.
  package func takeUp() async throws {
    (inHand, identified) = ([:], [])
    unidentified = []
    let found = try await spool.recover()
    let strangers = await spool.strangers.count
    if strangers > 0 {
      logger.warning(
        "files lie in the spool that none of its lists names; they are left there",
        metadata: ["files": "\(strangers)"])
    }
    for file in found {
      let isKnown = try await !ledger.instances(.spooled(file.name.bytes), after: 0, limit: 1).isEmpty
      if !isKnown, await !sources.isWaiting(file) { unidentified.append(file) }
    }
  }

  // MARK: WorkSource

  package func workerReady(_ model: LoadedModel) {}

  package var isStopping: Bool { Task.isShuttingDownGracefully || Task.isCancelled }

  package func nextJobs() async throws -> [WorkerJob<Int>]? {
    while !isStopping {
      if !runsOnce { takeBackChanged(fileSystemTime: nil) }
      look()
      if unidentified.isEmpty, !complete.isEmpty { try await takeBatch() }
      if !unidentified.isEmpty { return identifications() }
      if complete.isEmpty, runsOnce, hasNothingToWaitFor { return nil }
      emptied.remove(from: inbox, logger)
      if complete.isEmpty {
        do { try await Task.sleep(for: .milliseconds(200)) } catch { return nil }
      }
    }
    return nil
  }

  package func take(_ outcome: WorkerOutcome, of job: WorkerJob<Int>) async throws {
    guard let file = inHand[job.id] else { return }
    switch outcome {
    case .identified(let identity, let text):
      try note(file, identity, text)
    case .finished, .heldBack, .workerCrashed:
      // Whoever reads it will see: here it is a file of which nothing is known.
      try note(file, ImageIdentity(), nil)
    }
    inHand[job.id] = nil
    if inHand.isEmpty { try await admit() }
  }

  /// Admits what was identified before a stop.
  package func end() async throws { try await admit() }

  // MARK: Out of the inbox

  private func look() {
    let found = watch.takeComplete().filter { (batch?.contains($0.path) ?? true) && !copied.contain($0) }
    complete += found
    reportUnreadable()
    reportOpen()
  }

  /// Half of a batch is the newest, so that what comes now doesn't wait for what came before it.
  private func takeBatch() async throws {
    let size = try batchSize()
    let newest = complete.suffix((size + 1) / 2)
    let oldest = complete.dropLast(newest.count).prefix(size - newest.count)
    let files = (oldest + newest).map { (text: $0.path.text, file: $0) }.sorted { $0.text < $1.text }
      .map(\.file)
    let outcomes = try await spool.take(files)
    complete.removeSubrange(oldest.startIndex..<oldest.endIndex)
    complete.removeLast(newest.count)
    for outcome in outcomes {
      switch outcome {
      case .taken(let file):
        unidentified.append(file)
        emptied.left(file.sender.removingLastComponent())
        watch.forget(file.sender)
        left.remove(file.sender)
      case .copied(let file, let original):
        unidentified.append(file)
        copied.add(original)
        left.remove(original.path)
        reportCopies()
      case .notNow(let file): watch.release(file)
      case .refused(let file, let failure):
        if left.insert(file.path).inserted {
          let why = failure?.reason ?? "no right to read it or to move it out of its folder"
          logger.warning("left in the inbox: \(why)", metadata: ["file": "\(LogTag(file.path))"])
        }
        watch.release(file)
        batch?.remove(file.path)
      }
    }
  }

  /// As many files as there is room for where they would have to be copied, and one at least while the reserve isn't
  /// touched. Without it nothing is taken in: what has been taken needs the room to get out again.
  private func batchSize() throws(WriteFailure) -> Int {
    guard let free = freeSpace(FilePath(of: configuration.folders.spool)) else { return Self.batchSize }
    guard free > Self.reserve else {
      throw WriteFailure(path: configuration.folders.ledger.path, action: "take files in", code: ENOSPC)
    }
    let largest = complete.reduce(1) { max($0, $1.stamp.size) }
    return max(1, min(Self.batchSize, (free - Self.reserve) / largest))
  }

  /// Rejected files that changed since then are read again.
  private func takeBackChanged(fileSystemTime: Int?) {
    for change in rejected.changed(fileSystemTime: fileSystemTime) {
      let file: Logger.Metadata = ["file": "\(LogTag(change.origin))"]
      do {
        try change.takeBack(to: inbox)
        logger.notice("changed after it was rejected; is read again", metadata: file)
      } catch  where left.insert(change.file).inserted {
        let why = error.concealingNames(in: configuration.folders)
        logger.warning(
          "changed after it was rejected, and can't be moved back into the inbox",
          metadata: file.merging(["why": "\(why)"]) { $1 })
      } catch {}
    }
  }

  private var hasNothingToWaitFor: Bool {
    let unfinished = watch.waiting(among: batch)
    guard !unfinished.isEmpty else {
      waitingSince = nil
      return true
    }
    let since = waitingSince ?? .now
    waitingSince = since
    guard since.duration(to: .now) > configuration.settlingTime + configuration.studyLongestWait else {
      return false
    }
    left.formUnion(unfinished)
    logger.warning(
      "files in the inbox are still being written; left for the next run",
      metadata: ["files": "\(unfinished.count)"])
    return true
  }

  // MARK: Into the ledger

  private func identifications() -> [WorkerJob<Int>] {
    let files = unidentified.prefix(Self.batchSize)
    unidentified.removeFirst(files.count)
    return files.map { file in
      lastJob += 1
      inHand[lastJob] = file
      return WorkerJob(.identify(id: lastJob, path: spool.place(of: file).text), context: lastJob)
    }
  }

  private func note(_ file: SpooledFile, _ identity: ImageIdentity, _ text: String?) throws {
    let place = spool.place(of: file)
    var digest = text.flatMap(ContentDigest.init(hexadecimal:)) ?? ContentDigest(ofFileAt: place)
    if digest == nil {
      let code = errno
      guard !FolderRights.may(R_OK, place), let status = place.status(followingLink: false) else {
        throw WriteFailure(path: place.text, action: "read", code: code)
      }
      // Nobody lets us read it: it is told apart by what can be seen of it.
      let stamp = FileStamp(status)
      digest = ContentDigest(
        of: "unreadable \(stamp.inode) \(stamp.size) \(stamp.modified) \(file.sender.text)")
    }
    if let digest { identified.append((file, identity, digest)) }
  }

  private func admit() async throws {
    guard !identified.isEmpty else { return }
    let wanted = WantedContent(configuration.folders)
    let batch = identified.map { file, identity, digest in
      Admission(
        content: digest, studyInstanceUID: identity.studyInstanceUID,
        seriesInstanceUID: identity.seriesInstanceUID, sopInstanceUID: identity.sopInstanceUID,
        spooled: file.name.bytes, sender: file.sender.bytes, isWanted: wanted.contains(digest))
    }
    let outcomes = try await ledger.admit(batch, at: .now)
    for (entry, outcome) in zip(identified, outcomes) {
      let tag = String(entry.digest.description.prefix(8))
      guard case .known(let id) = outcome else { continue }
      let isHome = try await sources.add(entry.file, of: id)
      logger.info(
        isHome
          ? "the same bytes as a file that was read before: answered by what is known"
          : "the same bytes as another file: one result for both", metadata: ["file": "\(tag)"])
    }
    for entry in identified { wanted.forget(entry.digest) }
    identified = []
    try copied.save()
    breaker.succeeded()
    pauseNote.clear()
  }

  // MARK: Telling

  private func reportCopies() {
    guard !hasReportedCopies else { return }
    hasReportedCopies = true
    logger.warning(
      """
      files lie in folders of the inbox that the daemon may not change: they are copied, read, and stay where they \
      are. 'mmdicom status' names the folders; see "inbox" in mmdicom.yaml for how senders make them changeable
      """)
  }

  private func reportUnreadable() {
    let paths = Set(watch.unreadable.map(\.path))
    for item in watch.unreadable where !reportedUnreadable.contains(item.path) {
      left.insert(item.path)
      var metadata: Logger.Metadata = ["file": "\(LogTag(item.path))", "why": "\(item.message)"]
      if logger.logLevel <= .debug { metadata["name"] = "\(item.path.text)" }
      logger.warning("a \(item.isFolder ? "folder" : "file") in the inbox can't be read", metadata: metadata)
    }
    reportedUnreadable = paths
  }

  /// A file that is held open waits without end: said once, for a program may have forgotten to close it.
  private func reportOpen() {
    for path in watch.heldOpen where reportedOpen.insert(path).inserted {
      logger.notice(
        "a file in the inbox is held open for writing; it is read once it is closed",
        metadata: ["file": "\(LogTag(path))"])
    }
    reportedOpen.formIntersection(watch.heldOpen)
  }
}
