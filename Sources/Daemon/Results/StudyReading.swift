import Analysis
import Files
import FoundationEssentials
package import Ledger
package import Logging
import ServiceLifecycle
import Synchronization
import SystemPackage

/// Reads studies: claims them from the ledger, hands them to the worker, publishes what comes back and commits it.
///
/// The order that loses nothing: results under their final names and synced, then one commit of the ledger, then the
/// source is moved. Whatever a crash interrupts is read again, with the same bytes, or found unfiled and finished.
package actor StudyReading: WorkSource {
  private nonisolated let executor = QueueExecutor("reading")
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }
  package nonisolated var preferredExecutor: QueueExecutor? { executor }

  static let lease = Duration.seconds(60)
  /// Nothing is put into place any more when the lease has only so long.
  static let margin = Duration.seconds(10)
  /// A single run waits so long for the next attempt of what failed.
  private static let patience = Duration.seconds(60)
  /// Files claimed ahead: enough to keep the worker busy, few enough that the newest study is soon drawn.
  private static let ahead = 6

  package private(set) var configuration: DaemonConfiguration
  let runsOnce: Bool
  let ledger: any StudyLedger
  let sources: SourceDesk
  let publication: Publication
  let report: ReportProjection
  let settling: SharedDuty
  let logger: Logger
  let pauseNote: PauseNote
  let health: ServiceHealth
  private(set) var model = LoadedModel(name: "", sha256: "")
  var held = HeldRows()
  /// For what is claimed next.
  var spares = SpareFolders()
  /// What workers answered and isn't published yet.
  var answers = Answers()
  /// Rung when they are due. Nil while nobody is there who publishes them: then each is published at once.
  private var answered: WakeUpCall?
  private var isIntakeOver = false
  /// Whether the start is over.
  private var isServing = false
  /// Whether other settings wait: then nothing new is begun.
  private nonisolated let relief = Mutex(Relief())
  package nonisolated var laysDown: Bool { relief.withLock { $0 }.isThere() }
  /// A closure that lay in the mutex by itself would be wrapped once more each time that it is looked at.
  private struct Relief: Sendable {
    var isThere: @Sendable () -> Bool = { false }
  }
  /// Whether a fresh worker reads a picture that is known to be sound.
  private(set) var canRead: @Sendable () async -> Bool = { false }
  private var turnstile = Turnstile()
  /// Rung when there may be something to read, or other settings.
  private let wakeUp: WakeUpCall
  /// Rung when results were published.
  let published: WakeUpCall
  package internal(set) var breaker = Breaker()
  /// Lets the report wait where it can't be written.
  var reportBreaker = Breaker()
  var nextReport = ContinuousClock.now
  /// Since when somebody else writes the report.
  var reportHeldSince: ContinuousClock.Instant?
  /// What became of the images so far.
  package internal(set) var tally = Tally()
  /// Rows that wait for a person or for a later start.
  var left: Set<Int64> = []
  /// What a single run left in the queue.
  private var leftInQueue = 0
  package var leftBehind: Int { left.count + leftInQueue }
  let filingInterval: Duration
  /// When those that stayed in the spool are tried again.
  var nextFiling: ContinuousClock.Instant
  /// Images that the ledger has, whose sources and rows of the report are still to be seen to.
  var unsettled = Unsettled()

  /// - Parameters:
  ///   - wakeUp: rung when files were admitted.
  ///   - published: rung when results were published.
  ///   - filingInterval: how often sources that stayed in the spool are tried again: somebody may have made room.
  package init(
    _ configuration: DaemonConfiguration, runsOnce: Bool, ledger: any StudyLedger, sources: SourceDesk,
    wakeUp: WakeUpCall = WakeUpCall(), published: WakeUpCall = WakeUpCall(), logger: Logger,
    filingInterval: Duration = .seconds(60),
    health: ServiceHealth = ServiceHealth()
  ) {
    self.wakeUp = wakeUp
    self.published = published
    self.health = health
    self.filingInterval = filingInterval
    nextFiling = .now + filingInterval
    self.configuration = configuration
    self.runsOnce = runsOnce
    self.ledger = ledger
    self.sources = sources
    self.logger = logger
    publication = Publication(configuration.folders, sources: sources)
    report = ReportProjection(
      configuration.folders, isByDay: configuration.reportsByDay, patients: configuration.reportPatients)
    settling = SharedDuty(.settling, configuration.folders, ledger)
    pauseNote = PauseNote(.reading, configuration.folders)
  }

  /// Reads by these settings from now on.
  /// - Parameter isRelieved: whether others wait, for which what is in hand is to be finished and nothing new begun.
  package func serve(
    _ configuration: DaemonConfiguration, canRead: @escaping @Sendable () async -> Bool,
    isRelieved: @escaping @Sendable () -> Bool = { false }
  ) {
    self.configuration = configuration
    self.canRead = canRead
    relief.withLock { $0.isThere = isRelieved }
    isServing = true
    beat()
  }

  /// Looks at once whether other settings wait.
  package func wake() async { await wakeUp.ring() }

  /// One at a time publishes: names of results depend on those that are there, and the report has one end.
  private func enter() async {
    if turnstile.enters() { return }
    await withCheckedContinuation { turnstile.wait($0) }
  }

  /// Takes out of the report what the ledger has forgotten.
  package func pruneReport() async throws {
    let end = ContinuousClock.now + ReportLock.patience
    // Between its tries reading goes on.
    while try await !prune() {
      guard .now < end else { throw report.heldByOther }
      try await Task.sleep(for: .milliseconds(200))
    }
    await tellOfReport()
  }

  /// - Returns: false while another writes it.
  private func prune() async throws -> Bool {
    await enter()
    defer { turnstile.leave() }
    return try await settling.alone { try await report.prune(from: ledger, patience: .zero) } ?? false
  }

  /// Takes up, at the start and after a pause, what was left: sources that aren't home, rows that the report hasn't.
  package func takeUp() async throws {
    await enter()
    defer { turnstile.leave() }
    try await giveBack()
    unsettled.add(at: .now)
    try await settleAlone { try await self.bringHome() }
    // What was left is where it belongs. Where an image waits, it tells whether reading goes on, and whether workers live.
    if breaker.filesLost == 0, try await ledger.counts().queued == 0 { pauseNote.clear() }
  }

  /// Finishes what a crash interrupted.
  package func start() async throws {
    await enter()
    defer { turnstile.leave() }
    var waiting: Set<String> = []
    unsettled.add(at: .now)
    try await settleAlone {
      waiting = try await self.bringHome()
      return waiting
    }
    // Of other hosts nobody knows here what they are just writing.
    guard configuration.folders.host == nil else { return }
    // Those that couldn't be brought home have reasons that wait for them.
    RejectedFiles.removeStrayReasons(in: configuration.folders.rejected, except: waiting)
  }

  /// Sees to what is done, and gives back what is in hand.
  package func release() async throws {
    await enter()
    defer { turnstile.leave() }
    do { try await publishAnswers() } catch {
      try await giveBack()
      throw error
    }
    try await giveBack()
    try await settle(atOnce: true)
  }

  private func giveBack() async throws {
    let results = ResultDesk(configuration.folders)
    answers.drop()
    spares.clear(results)
    for token in held.tokens {
      try await ledger.release(token: token, at: .now)
      for id in held.remove(token: token) { results.clear(results.staging(id, token: token)) }
    }
  }

  // MARK: Publication

  /// From now on somebody calls ``keepPublishing()``.
  package func beginPublishing() { answered = WakeUpCall() }

  /// Publishes what workers answered, beside them, until ``endPublishing()`` is called or it is cancelled.
  package func keepPublishing() async throws {
    defer { answered = nil }
    while let bell = answered, !Task.isCancelled {
      let rings = await bell.rings
      if areAnswersDue {
        await enter()
        defer { turnstile.leave() }
        try await publishAnswers()
      } else {
        // Those that wait for others, for a while; without any, whoever brings one rings.
        let pause = answers.count > 0 ? Answers.longest / 4 : .seconds(60)
        await bell.wait(atMost: pause, unlessRungSince: rings)
      }
    }
  }

  /// No more answers will come beside those that are there, which are left.
  package func endPublishing() async {
    let bell = answered
    answered = nil
    await bell?.ring()
  }

  private var areAnswersDue: Bool { answers.areDue(hasLast: held.count <= answers.count, at: .now) }

  /// Sees that what was answered is published soon; waits for it where much has gathered.
  private func publishSoon() async throws {
    if let answered, !answers.isFull {
      if answers.count == 1 || areAnswersDue { await answered.ring() }
    } else {
      await enter()
      defer { turnstile.leave() }
      try await publishAnswers()
    }
  }

  /// No more files will come: the end of a single run.
  package func intakeIsOver() { isIntakeOver = true }

  /// Prolongs the leases in hand.
  package func renewLeases() async throws {
    for token in held.tokens { try? await ledger.renew(token: token, for: Self.lease, at: .now) }
  }

  /// How often ``renewLeases()`` is needed.
  package static var renewalInterval: Duration { lease / 3 }

  /// A worker has so long for a file; those who wait for its answer are heard of after that.
  private func beat() { health.heart.beat(.reading, within: configuration.workerTimeLimit + Heart.usual) }

  /// A hundred sources may be on their way home from and to slow mounts.
  func beatWhileFiling() {
    if isServing {
      health.heart.beat(.reading, within: max(Heart.batch, configuration.workerTimeLimit + Heart.usual))
    } else {
      health.heart.beat(.starting, within: Heart.step)
    }
  }

  // MARK: WorkSource

  package func workerReady(_ model: LoadedModel) {
    if self.model.name.isEmpty, !model.sandboxLacks.isEmpty {
      logger.warning(
        "this system doesn't offer all that workers are shut in with; the rest holds",
        metadata: ["missing": "\(model.sandboxLacks.joined(separator: ", "))"])
    }
    self.model = model
    logger.info("worker ready", metadata: ["model": "\(model.name)", "sha256": "\(model.sha256)"])
  }

  package nonisolated var isStopping: Bool { laysDown || Task.isShuttingDownGracefully || Task.isCancelled }

  package func nextJobs() async throws -> [WorkerJob<ClaimedFile>]? {
    var wasExhausted = false
    while !isStopping {
      beat()
      let rings = await wakeUp.rings
      try await fileAgain()
      let jobs = try await claim()
      if !jobs.isEmpty { return jobs }
      try await settleAll()
      if runsOnce, isIntakeOver {
        let counts = try await ledger.counts()
        // A second look: the clock may have been set behind the claim, and what waited by the old one is due.
        if Self.isExhausted(counts), wasExhausted {
          leftInQueue = counts.queued
          return nil
        }
        wasExhausted = Self.isExhausted(counts)
      }
      await wakeUp.wait(atMost: try await idleTime(), unlessRungSince: rings)
    }
    return nil
  }

  /// Whether a single run has nothing more to wait for. What another worker has in hand may let something go that waits
  /// behind it.
  private static func isExhausted(_ counts: LedgerCounts) -> Bool {
    guard counts.working == 0, counts.queued == counts.delayed + counts.behind else { return false }
    return counts.nextRetry.map { $0 > Timestamp.now + patience } ?? true
  }

  /// How long nothing can become ready by itself. Other processes may let something go, and stops aren't told of.
  private func idleTime() async throws -> Duration {
    let longest = Duration.milliseconds(runsOnce ? 200 : 500)
    guard let next = try await ledger.nextWakeUp() else { return longest }
    let wait = Duration.milliseconds(next.milliseconds - Timestamp.now.milliseconds)
    return max(.milliseconds(10), min(wait, longest))
  }

  private func fileAgain() async throws {
    guard .now >= nextFiling else { return }
    await enter()
    defer { turnstile.leave() }
    _ = try await settling.alone { try await bringHome() }
    if configuration.folders.host != nil { try await sources.bringTwins() }
  }

  /// Nothing comes next for which it could wait.
  private func settleAll() async throws {
    guard answers.count > 0 || unsettled.areDue(atOnce: true, at: .now) else { return }
    await enter()
    defer { turnstile.leave() }
    try await publishAnswers()
    try await settle(atOnce: true)
  }

  package func moreJobs() async throws -> [WorkerJob<ClaimedFile>] {
    guard !isStopping else { return [] }
    beat()
    try await fileAgain()
    return try await claim()
  }

  package func take(_ outcome: WorkerOutcome, of job: WorkerJob<ClaimedFile>) async throws {
    beat()
    if case .finished(let row, let detail, let trace) = outcome {
      breaker.workerAnswered()
      answers.add(Answers.Answer(job: job.context, row: row, detail: detail, trace: trace), at: .now)
      return try await publishSoon()
    }
    await enter()
    defer { turnstile.leave() }
    defer { ResultDesk(configuration.folders).clear(job.context.staging) }
    try await unlessLost(job.context) {
      switch outcome {
      case .identified, .finished: break  // Never asked for here; dealt with above.
      case .heldBack(let identity, let why):
        breaker.workerAnswered()
        try await holdBack(job.context, identity, why)
      case .workerCrashed: try await workerDied(on: job.context)
      }
    }
    try await settle()
  }

  private func claim() async throws -> [WorkerJob<ClaimedFile>] {
    // Of dismissed files alone there is nothing to read, and others wait.
    while let jobs = try await claimOnce() {
      if !jobs.isEmpty { return jobs }
    }
    return []
  }

  /// - Returns: nil where nothing waits.
  private func claimOnce() async throws -> [WorkerJob<ClaimedFile>]? {
    guard !isStopping else { return nil }
    // A claim takes back what has run out; what is in the worker here is still ours after a machine stood still.
    let claims = try await ledger.claim(
      by: configuration.folders.holder, files: Self.ahead, limit: configuration.workers > 1 ? 4 : 16,
      order: runsOnce ? .arrival : configuration.order, for: Self.lease, keeping: held.tokens, at: .now)
    guard !claims.isEmpty else { return nil }
    for claim in claims { held.add(claim) }
    let known = try await ledger.circumstances(of: claims.flatMap { $0.instances.map(\.id) })
    var jobs: [WorkerJob<ClaimedFile>] = []
    for claim in claims {
      let token = claim.lease.token
      logger.info("study complete", metadata: ["files": "\(claim.instances.count)", "lease": "\(token)"])
      for instance in claim.instances {
        guard let circumstances = known[instance.id] else { throw LedgerError.unknown(row: instance.id) }
        let job = try request(for: instance, circumstances, token: token)
        guard instance.isDismissed else {
          jobs.append(job)
          continue
        }
        try await dismiss(job.context)
      }
    }
    return jobs
  }

  private func dismiss(_ job: ClaimedFile) async throws {
    await enter()
    defer { turnstile.leave() }
    try await reject(
      job, InstanceRecord.dismissalCode,
      "another picture than the one that stands under its UID, and somebody refused it")
    try await settle()
  }

  private func request(
    for instance: InstanceRecord, _ circumstances: Circumstances, token: Int64
  ) throws -> WorkerJob<ClaimedFile> {
    let results = ResultDesk(configuration.folders)
    let staging = results.staging(instance.id, token: token)
    spares.give(to: staging, results)
    if configuration.folders.host != nil {
      try results.revoke(instance.id, except: token, in: configuration.folders)
    }
    let place = instance.place(in: configuration.folders)
    let terms = ReadingTerms(circumstances, configuration)
    let request = WorkerRequest.analyse(
      id: Int(instance.id), path: place.text, output: staging.path, tensors: configuration.tensors,
      terms: terms)
    let file = ClaimedFile(
      instance: instance, token: token, staging: staging, standing: circumstances.standing)
    return WorkerJob(request, context: file)
  }

  /// What failed and may pass: how long to wait.
  package func pause() -> Duration { breaker.failed() }
}
