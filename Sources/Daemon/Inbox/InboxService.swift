import Analysis
internal import Files
import FoundationEssentials
import Ledger
public import Logging
public import ServiceLifecycle
import UnixSignals

/// `mmdicom serve`: reads what is dropped into the inbox until it is asked to stop.
public struct InboxService: Service {
  private let configuration: DaemonConfiguration
  private let runsOnce: Bool
  private let rebuildsLedger: Bool
  private let model: String
  private let logger: Logger
  private let readSettings: (@Sendable () async throws -> (DaemonConfiguration, model: String))?
  private let outcome = Outcome()
  private let health: ServiceHealth

  /// - Parameters:
  ///   - model: the model file.
  ///   - runsOnce: end when all that lies in the inbox now is done.
  ///   - rebuildsLedger: put the ledger aside and begin a new one from report and spool.
  ///   - readSettings: reads the configuration again, at SIGHUP.
  public init(
    _ configuration: DaemonConfiguration, model: String, runsOnce: Bool, rebuildsLedger: Bool = false,
    logger: Logger, readSettings: (@Sendable () async throws -> (DaemonConfiguration, model: String))? = nil
  ) {
    self.readSettings = readSettings
    self.configuration = configuration
    self.runsOnce = runsOnce
    self.rebuildsLedger = rebuildsLedger
    self.logger = logger
    self.model = model
    health = ServiceHealth(runsOnce ? nil : SystemdNotice(ProcessInfo.processInfo.environment))
  }

  /// Runs until the inbox is done (`runsOnce`) or a graceful shutdown is asked for; the file in the worker is
  /// finished first.
  /// - Throws: ``WriteFailure`` that names no file of a patient's, ``WorkerFailure``, ``LedgerFailure``.
  public func run() async throws {
    do {
      // A single run is over before anybody asks how it is.
      let pages =
        runsOnce
        ? nil
        : try StatusService(configuration, environment: ProcessInfo.processInfo.environment, logger: logger)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await health.pulse.run() }
        defer { group.cancelAll() }
        try await readInbox(pages)
      }
    } catch let failure as WriteFailure {
      logger.debug("can't go on", metadata: ["why": "\(failure)"])
      throw failure.concealingNames(in: configuration.folders)
    } catch let error as LedgerError { throw LedgerFailure(error) }
  }

  private func readInbox(_ pages: StatusService?) async throws {
    health.heart.beat(.starting, within: Heart.step)
    defer { health.heart.rest(.starting) }
    let folders = configuration.folders
    if rebuildsLedger { try LedgerOpening.refuseRoot(folders) }
    try folders.create()
    let locks = try folders.lock()
    defer { extendLifetime(locks) }
    if rebuildsLedger, let old = try LedgerOpening.setAside(configuration) {
      logger.notice("the old ledger was put aside", metadata: ["as": "\(old)"])
    }
    let ledger = try await LedgerOpening.keeper(configuration, runsOnce: runsOnce, logger: logger)
    let identifiers = ProcessWorkerLauncher.identifiers(
      configuration, beside: [folders.done, folders.rejected], logger: logger)
    let goesOn = { @Sendable [heart = health.heart] in heart.beat(.starting, within: Heart.step) }
    do { try await LedgerOpening.finishRebuild(ledger, folders, identifiers, logger, goesOn: goesOn) } catch {
      try? ledger.close()
      throw error
    }
    let work = InboxWork(configuration, runsOnce: runsOnce, ledger: ledger, logger: logger, health: health)
    do {
      goesOn()
      try await work.start(fileSystemTime: locks.inboxTime)
      goesOn()
      try await withThrowingTaskGroup(of: Void.self) { group in
        if !runsOnce { group.addTask { await StatusGathering(configuration, ledger, health).run() } }
        if !runsOnce, let notices = try NotificationService(configuration, ledger, health, logger: logger) {
          group.addTask { await notices.run() }
        }
        if let pages {
          group.addTask { await pages.run(LedgerVisit(configuration, ledger), health) }
        }
        defer { group.cancelAll() }
        try await serve(work, ledger)
      }
    } catch {
      await outcome.note(work)
      try? ledger.close()
      throw error
    }
    await outcome.note(work)
    let images = await work.tally.total
    logger.info("stopped", metadata: ["images": "\(images)"])
    try ledger.close()
  }

  private func serve(_ work: InboxWork, _ ledger: any StudyLedger) async throws {
    let desk = ServingDesk(ledger: ledger, logger: logger)
    let settings = try await desk.begin(configuration, model: model)
    note(settings, model)
    let handover = OfferedSettings<ServingDesk.Settings>()
    try await withThrowingTaskGroup(of: Void.self) { group in
      if let readSettings, !runsOnce {
        // Before that, the signal would end the process.
        let signals = await UnixSignalsSequence(trapping: .sighup)
        group.addTask {
          var present = settings
          for await _ in signals {
            guard let next = await desk.reload(present, by: readSettings) else { continue }
            present = next
            note(next, next.configuration.model?.path ?? model)
            handover.offer(next)
            await work.wakeReaders()
          }
        }
      }
      health.pulse.ready()
      try await work.run(
        settings, identifiers: ProcessWorkerLauncher.identifiers(configuration, logger: logger),
        handover: handover)
      group.cancelAll()
    }
  }

  private func note(_ settings: ServingDesk.Settings, _ origin: String) {
    guard let model = settings.model else { return }
    health.served.set(
      ServedNow.Content(
        name: model.name, sha256: settings.sha256, origin: origin, workers: settings.configuration.workers))
  }

  /// What became of the images so far.
  public var tally: Tally { get async { await outcome.tally } }

  /// Whether something in the inbox couldn't be dealt with and is still there.
  public var leftSomething: Bool { get async { await outcome.leftBehind > 0 } }
}

/// What a run brought, to be asked when it is over.
private actor Outcome {
  private(set) var tally = Tally()
  private(set) var leftBehind = 0

  func note(_ work: InboxWork) async { (tally, leftBehind) = await (work.tally, work.leftBehind) }
}

extension InboxService {
  /// Runs the service in a group of its own that turns SIGTERM and SIGINT into a graceful shutdown, and
  /// gives up on the current file when that takes longer than the configuration allows.
  public func runInGroup(logger: Logger) async throws {
    var group = ServiceGroupConfiguration(
      services: [
        .init(
          service: self, successTerminationBehavior: .gracefullyShutdownGroup,
          failureTerminationBehavior: .cancelGroup)
      ],
      gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    group.maximumGracefulShutdownDuration = configuration.stopTimeLimit
    try await ServiceGroup(configuration: group).run()
  }
}
