import Analysis
import Files
import FoundationEssentials
package import Ledger
package import Logging
import ServiceLifecycle
package import SystemPackage

/// Takes complete files out of the inbox into the spool, has them identified, and admits them to the ledger: all the
/// time, whatever waits to be read.
///
/// Four stages work beside each other: looking, taking, identifying, admitting. Each hands its batches to the next with
/// a bound, so that a slow ledger or a full disk is felt back to the inbox, where files wait; looking never waits.
package actor Intake: WorkSource {
  private nonisolated let executor = QueueExecutor("intake")
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }
  package nonisolated var preferredExecutor: QueueExecutor? { executor }

  let configuration: DaemonConfiguration
  let ledger: any StudyLedger
  let spool: Spool
  /// For what comes over the network, which needn't wait for an inbox that doesn't answer.
  let receivingSpool: Spool
  let sources: SourceDesk
  let watcher: InboxWatcher
  private let rejected: RejectedWatcher
  let logger: Logger
  let runsOnce: Bool
  var room: IntakeRoom
  /// Whether the disks have room for more.
  var isOpen: Bool { room.isOpen }
  /// What stays free where the spool lies.
  package static var reserve: Int { IntakeRoom.reserve }
  private var batchSize = BatchSize()
  /// Batches that lie in the spool and are to be identified.
  private var taken = Handover<[IntakeFile]>(bound: 2)
  /// The same of an earlier run, in order.
  private var recovered: [[IntakeFile]] = []
  /// Batches that are to be admitted.
  var identified = Handover<[IntakeFile]>(bound: 2)
  /// Batches that the worker has, and the number of the batch that each of its jobs belongs to.
  var batches: [Int: IdentifiedBatch] = [:]
  var inHand: [Int: (batch: Int, file: IntakeFile)] = [:]
  private var lastJob = 0
  private var lastBatch = 0
  /// Rung when files were admitted.
  let admittedFiles: WakeUpCall
  /// Tries in a row that failed.
  var breaker = Breaker()
  let pauseNote: PauseNote
  /// Those who wait until a file has its row.
  var admissions: [SpooledFile: AsyncStream<(SpooledFile, Bool)>.Continuation] = [:]
  /// Whether the stages run, so that what comes gets its row.
  private(set) var isRunning = false
  let heart: Heart
  package var leftBehind: Int { get async { await watcher.leftBehind + rejected.leftBehind } }

  /// - Parameters:
  ///   - admitted: rung when files were admitted.
  ///   - freeSpace: bytes that are free where a path lies.
  ///   - diskUse: percent of the file system where a path lies that are in use.
  package init(
    _ configuration: DaemonConfiguration, runsOnce: Bool, ledger: any StudyLedger, spool: Spool,
    sources: SourceDesk, admitted: WakeUpCall = WakeUpCall(), logger: Logger,
    freeSpace: @escaping @Sendable (FilePath) -> Int? = FreeSpace.bytes(at:),
    diskUse: @escaping @Sendable (FilePath) -> Double? = FreeSpace.usedPercent(at:), heart: Heart = Heart()
  ) {
    self.heart = heart
    admittedFiles = admitted
    self.configuration = configuration
    self.runsOnce = runsOnce
    self.ledger = ledger
    self.spool = spool
    receivingSpool = Spool(beside: spool)
    self.sources = sources
    self.logger = logger
    watcher = InboxWatcher(configuration, runsOnce: runsOnce, logger: logger, heart: heart)
    rejected = RejectedWatcher(configuration, logger: logger)
    room = IntakeRoom(configuration, freeSpace: freeSpace, diskUse: diskUse)
    pauseNote = PauseNote(.intake, configuration.folders)
  }

  /// What failed and may pass: how long to wait.
  package func pause() -> Duration { breaker.failed() }

  /// Prepares the first look. `fileSystemTime` is the inbox's own clock.
  package func start(fileSystemTime: Int?) async throws {
    await watcher.start(after: try await ledger.counts().lastArrival, fileSystemTime: fileSystemTime)
    try await takeUp()
    if runsOnce { await rejected.look(fileSystemTime: fileSystemTime) }
  }

  /// Takes up, at the start and after a pause, what lies in the spool without a row.
  package func takeUp() async throws {
    giveUpAdmissions()
    // Who takes in from the network isn't one of the stages that ended, and may wait there.
    await taken.abandon()
    await identified.abandon()
    (taken, identified) = (Handover(bound: 2), Handover(bound: 2))
    (inHand, batches, recovered) = ([:], [:], [])
    let found = try await spool.recover()
    let strangers = await spool.strangers.count
    if strangers > 0 {
      logger.warning(
        "files lie in the spool that none of its lists names; they are left there",
        metadata: ["files": "\(strangers)"])
    }
    let unknown = try await unknown(among: found)
    recovered = stride(from: 0, to: unknown.count, by: batchSize.files).map {
      Array(unknown[$0..<min($0 + batchSize.files, unknown.count)])
    }
  }

  /// Those of the spool that have no row.
  private func unknown(among found: [SpooledFile]) async throws -> [IntakeFile] {
    var unknown: [IntakeFile] = []
    let arrival = watcher.nextArrival()
    for file in found {
      let isKnown = try await !ledger.instances(.spooled(file.name.bytes), after: 0, limit: 1).isEmpty
      if !isKnown, await !sources.isWaiting(file) { unknown.append(IntakeFile(file, arrival: arrival)) }
    }
    return unknown
  }

  /// Other hosts that took files in.
  package nonisolated var otherHosts: [String] { spool.otherHosts.map(\.text) }

  /// Takes charge of files that a host took in that isn't there any more, and that have no row.
  package func adopt(from host: String) async throws {
    guard isRunning else { return }
    let unknown = try await unknown(among: try await spool.recover(of: FilePath(host)))
    guard !unknown.isEmpty, isRunning else { return }
    logger.notice(
      "another host isn't there any more: what it took in is taken over",
      metadata: ["host": "\(host)", "files": "\(unknown.count)"])
    try await handOn(unknown)
  }

  // MARK: Stages

  private enum Stage { case looking, taking, identifying, admitting }

  /// Runs until a stop is asked for or, with `--once`, until all that lay in the inbox has its row.
  package func run(_ identifiers: some WorkerLauncher) async throws {
    isRunning = true
    defer {
      isRunning = false
      giveUpAdmissions()
    }
    try await withThrowingTaskGroup(of: Stage.self) { group in
      group.addTask {
        await self.watcher.keepLooking()
        return .looking
      }
      if !runsOnce {
        group.addTask {
          await self.rejected.keepLooking()
          return .looking
        }
      }
      group.addTask {
        try await self.takeIn()
        return .taking
      }
      group.addTask {
        try await WorkerLoop(launcher: identifiers, source: self, depth: 32).run()
        try await self.identifyingIsOver()
        return .identifying
      }
      group.addTask {
        try await self.admitAll()
        return .admitting
      }
      // The last stage ends when there is nothing more from those before it.
      while let stage = try await group.next(), stage != .admitting {}
      group.cancelAll()
    }
  }

  private func takeIn() async throws {
    while !isStopping {
      heart.beat(.intake, within: Heart.batch)
      let rings = await watcher.found.rings
      if try await takeBatch() > 0 { continue }
      if runsOnce, watcher.isEmpty, await watcher.hasNothingToWaitFor() { break }
      await watcher.found.wait(atMost: .milliseconds(runsOnce ? 200 : 1000), unlessRungSince: rings)
    }
    await taken.close()
  }

  /// Takes files into the spool, and hands them on.
  /// - Returns: how many there were to be taken.
  @discardableResult
  package func takeBatch() async throws -> Int {
    if runsOnce { await watcher.look() }
    let isEmpty = watcher.isEmpty
    // A single run looks at the disks only for what it would take, a daemon also to say that it goes on.
    if runsOnce && isEmpty { return 0 }
    guard try hasRoom(), !isEmpty else { return 0 }
    let begun = ContinuousClock.now
    let files = watcher.draw(batchSize.files, room: try room.bytes())
    let outcomes: [Spool.Outcome]
    do { outcomes = try await spool.take(files.map(\.file)) } catch {
      watcher.putBack(files)
      throw error
    }
    watcher.note(outcomes, files)
    batchSize.took(begun.duration(to: .now), for: files.count)
    let spooled = zip(outcomes, files).compactMap { outcome, drawn in
      switch outcome {
      case .taken(let file), .copied(let file, _): IntakeFile(file, arrival: drawn.arrival)
      case .notNow, .refused: nil
      }
    }
    if !spooled.isEmpty { try await taken.put(spooled) }
    return files.count
  }

  /// Hands on what lies in the spool.
  func handOn(_ files: [IntakeFile]) async throws { try await taken.put(files) }

  /// Whether the disks have room for more; tells once where they haven't, and once when they have it again.
  func hasRoom() throws -> Bool {
    guard let change = room.look() else { return room.isOpen }
    switch change {
    case .shut(let why):
      if runsOnce { throw why.failure }
      logger.warning("nothing is taken in", metadata: ["why": "\(why)"])
      pauseNote.set("\(why)")
    case .opened:
      logger.notice("files are taken in again")
      pauseNote.clear()
    }
    return room.isOpen
  }

  // MARK: WorkSource

  package func workerReady(_ model: LoadedModel) {}

  package nonisolated var isStopping: Bool { Task.isShuttingDownGracefully || Task.isCancelled }

  package func nextJobs() async throws -> [WorkerJob<Int>]? {
    guard !isStopping else { return nil }
    if !recovered.isEmpty { return jobs(recovered.removeFirst()) }
    return try await taken.next().map(jobs)
  }

  package func moreJobs() async throws -> [WorkerJob<Int>] {
    guard !isStopping else { return [] }
    if !recovered.isEmpty { return jobs(recovered.removeFirst()) }
    return await taken.nextIfAny().map(jobs) ?? []
  }

  private func jobs(_ files: [IntakeFile]) -> [WorkerJob<Int>] {
    lastBatch += 1
    batches[lastBatch] = IdentifiedBatch(open: files.count)
    return files.map { file in
      lastJob += 1
      inHand[lastJob] = (lastBatch, file)
      return WorkerJob(.identify(id: lastJob, path: spool.place(of: file.file).text), context: lastJob)
    }
  }
}
