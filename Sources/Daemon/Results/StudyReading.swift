import Analysis
import Files
import FoundationEssentials
package import Ledger
package import Logging
import ServiceLifecycle
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

  /// The daemon's name in the ledger. The folders are locked, so there is one.
  package static let holder = "serve"
  static let lease = Duration.seconds(60)
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
  let logger: Logger
  let pauseNote: PauseNote
  private(set) var model = LoadedModel(name: "", sha256: "")
  var held = HeldRows()
  private var isIntakeOver = false
  /// Other settings wait: nothing new is begun.
  package private(set) var laysDown = false
  /// Whether a fresh worker reads a picture that is known to be sound.
  private(set) var canRead: @Sendable () async -> Bool = { false }
  private var turnstile = Turnstile()
  private let wakeUp = WakeUpCall()
  /// Rung when results were published.
  let published: WakeUpCall
  package internal(set) var breaker = Breaker()
  /// What became of the images so far.
  package internal(set) var tally = Tally()
  /// Rows that wait for a person or for a later start.
  var left: Set<Int64> = []
  /// What a single run left in the queue.
  private var leftInQueue = 0
  package var leftBehind: Int { left.count + leftInQueue }
  private let filingInterval: Duration
  /// When those that stayed in the spool are tried again.
  private var nextFiling: ContinuousClock.Instant

  /// - Parameters:
  ///   - published: rung when results were published.
  ///   - filingInterval: how often sources that stayed in the spool are tried again: somebody may have made room.
  package init(
    _ configuration: DaemonConfiguration, runsOnce: Bool, ledger: any StudyLedger, sources: SourceDesk,
    published: WakeUpCall = WakeUpCall(), logger: Logger, filingInterval: Duration = .seconds(60)
  ) {
    self.published = published
    self.filingInterval = filingInterval
    nextFiling = .now + filingInterval
    self.configuration = configuration
    self.runsOnce = runsOnce
    self.ledger = ledger
    self.sources = sources
    self.logger = logger
    publication = Publication(configuration.folders, ledger: ledger, sources: sources)
    report = ReportProjection(configuration.folders, isByDay: configuration.reportsByDay)
    pauseNote = PauseNote(.reading, configuration.folders)
  }

  /// Reads by these settings from now on.
  package func serve(_ configuration: DaemonConfiguration, canRead: @escaping @Sendable () async -> Bool) {
    self.configuration = configuration
    self.canRead = canRead
    laysDown = false
  }

  /// Begins nothing new until other settings serve.
  package func layDown() async {
    laysDown = true
    await wakeUp.ring()
  }

  /// One at a time publishes: names of results depend on those that are there, and the report has one end.
  private func enter() async {
    if turnstile.enters() { return }
    await withCheckedContinuation { turnstile.wait($0) }
  }

  /// Writes the report anew: rows of the ledger are gone.
  package func rewriteReport() async throws {
    await enter()
    defer { turnstile.leave() }
    try await report.rewrite(from: ledger)
  }

  /// Takes up, at the start and after a pause, what was left: sources that aren't home, rows that the report hasn't.
  package func takeUp() async throws {
    await enter()
    defer { turnstile.leave() }
    try await release()
    try await bringLeftHome()
    try await report.update(from: ledger)
  }

  /// Finishes what a crash interrupted.
  package func start() async throws {
    try await takeUp()
    // Those that couldn't be brought home have reasons that wait for them.
    var tags: Set<String> = []
    var last: Int64 = 0
    while true {
      let unfiled = try await ledger.instances(.unfiled, after: last, limit: 100)
      guard let end = unfiled.last else { break }
      tags.formUnion(unfiled.map(\.tag))
      last = end.id
    }
    RejectedFiles.removeStrayReasons(in: configuration.folders.rejected, except: tags)
  }

  private func bringLeftHome() async throws {
    var last: Int64 = 0
    while true {
      let unfiled = try await ledger.instances(.unfiled, after: last, limit: 100)
      guard let end = unfiled.last else { break }
      for record in unfiled { try await bringHome(record) }
      last = end.id
    }
    nextFiling = .now + filingInterval
  }

  /// Gives back what is in hand.
  package func release() async throws {
    let results = ResultDesk(configuration.folders)
    for token in held.tokens {
      try await ledger.release(token: token, at: .now)
      for id in held.remove(token: token) {
        try? FileManager.default.removeItem(at: results.staging(id, token: token))
      }
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

  package var isStopping: Bool { laysDown || Task.isShuttingDownGracefully || Task.isCancelled }

  package func nextJobs() async throws -> [WorkerJob<ClaimedFile>]? {
    var wasExhausted = false
    while !isStopping {
      try await fileAgain()
      let jobs = try await claim()
      if !jobs.isEmpty { return jobs }
      if runsOnce, isIntakeOver {
        let counts = try await ledger.counts()
        // A second look: the clock may have been set behind the claim, and what waited by the old one is due.
        if Self.isExhausted(counts), wasExhausted {
          leftInQueue = counts.queued
          return nil
        }
        wasExhausted = Self.isExhausted(counts)
      }
      await wakeUp.wait(atMost: try await idleTime())
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
    let longest = Duration.milliseconds(200)
    guard let next = try await ledger.nextWakeUp() else { return longest }
    let wait = Duration.milliseconds(next.milliseconds - Timestamp.now.milliseconds)
    return max(.milliseconds(10), min(wait, longest))
  }

  private func fileAgain() async throws {
    guard .now >= nextFiling else { return }
    await enter()
    defer { turnstile.leave() }
    try await bringLeftHome()
  }

  package func moreJobs() async throws -> [WorkerJob<ClaimedFile>] {
    guard !isStopping else { return [] }
    try await fileAgain()
    return try await claim()
  }

  package func take(_ outcome: WorkerOutcome, of job: WorkerJob<ClaimedFile>) async throws {
    await enter()
    defer { turnstile.leave() }
    defer { try? FileManager.default.removeItem(at: job.context.staging) }
    do {
      switch outcome {
      case .identified: break  // Never asked for here.
      case .finished(let row, let detail, let trace):
        breaker.workerAnswered()
        try await finish(job.context, row, detail, trace)
      case .heldBack(let identity, let why):
        breaker.workerAnswered()
        try await holdBack(job.context, identity, why)
      case .workerCrashed: try await workerDied(on: job.context)
      }
    } catch LedgerError.leaseLost {
      // Whoever has it now may have published; nothing of ours counts.
      log(.warning, "its lease was over; nothing was noted", job.context.instance)
      held.remove(job.context)
    }
  }

  private func claim() async throws -> [WorkerJob<ClaimedFile>] {
    // A claim takes back what has run out; what is in the worker here is still ours after a machine stood still.
    try await renewLeases()
    var jobs: [WorkerJob<ClaimedFile>] = []
    while jobs.count < Self.ahead,
      let claim = try await ledger.claim(
        by: Self.holder, limit: configuration.workers > 1 ? 4 : 16,
        order: runsOnce ? .arrival : configuration.order, for: Self.lease, at: .now)
    {
      let token = claim.lease.token
      held.add(claim)
      logger.info("study complete", metadata: ["files": "\(claim.instances.count)", "lease": "\(token)"])
      for instance in claim.instances { jobs.append(try await request(for: instance, token: token)) }
    }
    return jobs
  }

  private func request(
    for instance: InstanceRecord, token: Int64
  ) async throws -> WorkerJob<ClaimedFile> {
    let staging = ResultDesk(configuration.folders).staging(instance.id, token: token)
    try? FileManager.default.removeItem(at: staging)
    let place = instance.place(in: configuration.folders)
    let standing = try await ledger.standingImage(for: instance.id)
    let terms = try await ReadingTerms(of: instance, standing: standing, ledger: ledger, configuration)
    let request = WorkerRequest.analyse(
      id: Int(instance.id), path: place.text, output: staging.path, tensors: configuration.tensors,
      terms: terms)
    let file = ClaimedFile(instance: instance, token: token, staging: staging, standing: standing)
    return WorkerJob(request, context: file)
  }

  /// What failed and may pass: how long to wait.
  package func pause() -> Duration { breaker.failed() }
}
