import Analysis
import Files
package import Ledger
package import Logging
import ServiceLifecycle

/// The daemon's parts under one root: the intake, which admits all the time, the reading, which takes what the ledger
/// offers, and the delivery, which sends what was read. When something outside fails, a part pauses and takes up where it was; the other goes on.
package struct InboxWork: Sendable {
  private let configuration: DaemonConfiguration
  private let runsOnce: Bool
  private let ledger: any StudyLedger
  private let intake: Intake
  private let reading: StudyReading
  private let delivery: DeliveryService
  private let logger: Logger
  private let health: ServiceHealth
  /// So long a clock has to go steadily before something is deleted by it, and so often it is.
  private static let (quietClock, retentionInterval) = (Duration.seconds(600), Duration.seconds(600))

  /// - Parameter runsOnce: end when all that lies in the inbox now is done.
  package init(
    _ configuration: DaemonConfiguration, runsOnce: Bool, ledger: any StudyLedger, logger: Logger,
    health: ServiceHealth = ServiceHealth()
  ) {
    self.health = health
    self.configuration = configuration
    self.runsOnce = runsOnce
    self.ledger = ledger
    self.logger = logger
    let spool = Spool(configuration.folders)
    let sources = SourceDesk(configuration.folders, spool: spool, ledger: ledger)
    let admitted = WakeUpCall()
    intake = Intake(
      configuration, runsOnce: runsOnce, ledger: ledger, spool: spool, sources: sources, admitted: admitted,
      logger: logger, heart: health.heart)
    let published = WakeUpCall()
    reading = StudyReading(
      configuration, runsOnce: runsOnce, ledger: ledger, sources: sources, wakeUp: admitted,
      published: published,
      logger: logger, health: health)
    delivery = DeliveryService(
      configuration.folders, ledger: ledger, runsOnce: runsOnce, bell: published, logger: logger)
  }

  /// What became of the images so far.
  package var tally: Tally { get async { await reading.tally } }
  /// How much was left for a person or a later start.
  package var leftBehind: Int { get async { await intake.leftBehind + reading.leftBehind } }

  /// Finishes what a crash interrupted. `fileSystemTime` is the inbox's own clock.
  package func start(fileSystemTime: Int?) async throws {
    for part in PauseNote.Part.allCases { PauseNote(part, configuration.folders).clear() }
    try ResultDesk(configuration.folders).clear()
    let folders = configuration.folders
    if let host = folders.host { try await HostPresence(ledger: ledger, host: host).tell() }
    try await ledger.recover(holder: folders.holder, at: .now)
    try await ledger.note("started", detail: runsOnce ? "once" : "", at: .now)
    try await reading.start()
    try await intake.start(fileSystemTime: fileSystemTime)
  }

  /// Runs until all is done (`runsOnce`) or a graceful shutdown is asked for; the file in the worker is finished first.
  /// - Parameters:
  ///   - readers: workers that read images.
  ///   - identifiers: workers that tell which image a file is.
  package func run(_ readers: some WorkerLauncher, identifiers: some WorkerLauncher) async throws {
    try await run(
      ServingSettings(configuration, readers: readers), identifiers: identifiers, handover: OfferedSettings())
  }

  /// The same, with other settings for reading once they are offered and ``wakeReaders()`` is called.
  package func run<Readers: WorkerLauncher>(
    _ settings: ServingSettings<Readers>, identifiers: some WorkerLauncher,
    handover: OfferedSettings<ServingSettings<Readers>>
  ) async throws {
    try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask {
        try await keepUp(.intake, pause: { await intake.pause() }, takeUp: { try await intake.takeUp() }) {
          try await intake.run(identifiers)
        }
        health.heart.rest(.intake)
        await reading.intakeIsOver()
        return true
      }
      group.addTask {
        var serving = settings
        await delivery.serve(serving.routes)
        while true {
          let present = serving
          await reading.serve(
            present.configuration, canRead: { await present.readers.canRead() },
            isRelieved: { handover.areThere })
          try await keepUp(.reading, pause: { await reading.pause() }, takeUp: { try await reading.takeUp() })
          {
            try await read(with: present)
          }
          guard let next = handover.take() else { break }
          serving = next
          await delivery.serve(serving.routes)
        }
        health.heart.rest(.reading)
        await delivery.readingIsOver()
        return true
      }
      group.addTask {
        try await delivery.run()
        return true
      }
      group.addTask {
        await keepTime()
        return false
      }
      if !runsOnce, let reception = configuration.reception {
        group.addTask {
          await Reception(
            reception, configuration.folders, intake: intake, commitments: LedgerCommitments(ledger),
            logger: logger
          ).run()
          return false
        }
      }
      var running = 3
      while running > 0, let isPart = try await group.next() { running -= isPart ? 1 : 0 }
      group.cancelAll()
    }
    // What it leaves is seen to at once.
    if let host = configuration.folders.host { try? await HostPresence(ledger: ledger, host: host).end() }
  }

  /// Tells those who read, and wait for files, that other settings were offered.
  package func wakeReaders() async { await reading.wake() }

  /// Each worker has leases of its own, so that one that dies takes no other with it.
  private func read(with settings: ServingSettings<some WorkerLauncher>) async throws {
    do {
      await reading.beginPublishing()
      try await withThrowingTaskGroup(of: Bool.self) { group in
        let workers = settings.configuration.workers
        for _ in 0..<workers {
          group.addTask {
            try await WorkerLoop(launcher: settings.readers, source: reading).run()
            return true
          }
        }
        group.addTask {
          try await reading.keepPublishing()
          return false
        }
        var running = workers
        while running > 0, let isWorker = try await group.next() { running -= isWorker ? 1 : 0 }
        await reading.endPublishing()
        // What it has begun to publish it finishes.
        while try await group.next() != nil {}
      }
    } catch {
      // What is done needn't wait for the next start, where it can still be seen to.
      try? await reading.release()
      throw error
    }
    try await reading.release()
  }

  /// Prolongs leases, looks whether the clock was set, and deletes what was kept for long enough.
  private func keepTime() async {
    var watch = ClockWatch(at: .now, .now)
    var nextPass = ContinuousClock.now + Self.quietClock
    var retained = RetentionPlace()
    while !Task.isCancelled {
      try? await Task.sleep(for: StudyReading.renewalInterval)
      try? await reading.renewLeases()
      await lookAfterOthers()
      if let step = watch.look(at: .now, .now) {
        logger.notice("the clock was set", metadata: ["seconds": "\(step.components.seconds)"])
      }
      guard !runsOnce, .now >= nextPass, watch.isSteady(for: Self.quietClock) else { continue }
      nextPass = .now + Self.retentionInterval
      await deleteOld(&retained)
    }
  }

  /// Says that this host is there, and takes over what hosts that aren't any more have left in the spool.
  private func lookAfterOthers() async {
    guard let host = configuration.folders.host else { return }
    let presence = HostPresence(ledger: ledger, host: host)
    do {
      try await presence.tell()
      for other in intake.otherHosts {
        try await presence.lookAfter(other) { try await intake.adopt(from: other) }
      }
    } catch {
      logger.warning("can't look after what other hosts left", metadata: ["why": "\(error)"])
    }
  }

  private func deleteOld(_ place: inout RetentionPlace) async {
    let configuration = await reading.configuration
    guard configuration.retention.areThere else { return }
    do {
      let retention = Retention(configuration, ledger: ledger, logger: logger)
      _ = try await SharedDuty(.retention, configuration.folders, ledger).alone {
        try await retention.pass(at: .now, from: &place)
      }
    } catch {
      logger.warning("can't delete what was kept for long enough", metadata: ["why": "\(error)"])
    }
    // Whatever came of the pass: what the ledger has forgotten, now or before the start, the report's mark tells.
    do {
      try await reading.pruneReport()
    } catch {
      logger.warning("can't take out of the report what was deleted", metadata: ["why": "\(error)"])
    }
  }

  /// Runs a part, again and again where it ends for a cause that may pass.
  private func keepUp(
    _ part: PauseNote.Part, pause: @Sendable () async -> Duration,
    takeUp: @Sendable () async throws -> Void, run: @Sendable () async throws -> Void
  ) async throws {
    var isInterrupted = false
    while true {
      do {
        if isInterrupted { try await takeUp() }
        return try await run()
      } catch {
        guard !runsOnce, !Task.isCancelled, Self.mayPass(error) else { throw error }
        isInterrupted = true
        let wait = await pause()
        tell(part, error, wait)
        guard await stayed(for: wait, part) else { return }
      }
    }
  }

  /// Names no file at `info` and above.
  private func tell(_ part: PauseNote.Part, _ error: any Error, _ wait: Duration) {
    let shown =
      (error as? WriteFailure).map { "\($0.concealingNames(in: configuration.folders))" } ?? "\(error)"
    logger.error(
      "\(part.rawValue) pauses and tries again by itself",
      metadata: ["why": "\(shown)", "seconds": "\(wait.components.seconds)"])
    let next = Timestamp.now + wait
    health.meter.paused(part)
    PauseNote(part, configuration.folders).set("\(shown); next try \(next.text)")
  }

  /// False when a stop came, or other settings.
  private func stayed(for wait: Duration, _ part: PauseNote.Part) async -> Bool {
    let end = ContinuousClock.now + wait
    while .now < end {
      if Task.isShuttingDownGracefully || Task.isCancelled { return false }
      if part == .reading, reading.laysDown { return false }
      // Taking up what was left may take a while.
      health.heart.beat(part == .intake ? .intake : .reading, within: Heart.batch)
      try? await Task.sleep(for: .milliseconds(200))
    }
    return true
  }

  private static func mayPass(_ error: any Error) -> Bool {
    switch error {
    case is CancellationError: false
    case let error as LedgerError: error.isRetryable
    case WorkerFailure.modelMissing, WorkerFailure.modelRefused: false
    default: true
    }
  }
}
