import Analysis
internal import Files
import FoundationEssentials
public import Logging
public import ServiceLifecycle
import UnixSignals

/// `mmdicom serve`: reads what is dropped into the inbox until it is asked to stop.
public struct InboxService: Service {
  private let configuration: DaemonConfiguration
  private let work: InboxWork
  private let launcher: ProcessWorkerLauncher
  private let logger: Logger

  /// - Parameters:
  ///   - model: the model file.
  ///   - runsOnce: end when all that lies in the inbox now is done.
  public init(_ configuration: DaemonConfiguration, model: String, runsOnce: Bool, logger: Logger) {
    self.configuration = configuration
    self.logger = logger
    work = InboxWork(configuration, runsOnce: runsOnce, logger: logger)
    launcher = ProcessWorkerLauncher(
      model: model, threads: configuration.threads, timeLimit: configuration.workerTimeLimit)
  }

  /// Runs until the inbox is done (`runsOnce`) or a graceful shutdown is asked for; the file in the worker is
  /// finished first.
  /// - Throws: ``WriteFailure`` that names no file of a patient's, ``WorkerFailure``.
  public func run() async throws {
    do { try await readInbox() } catch let failure as WriteFailure {
      logger.debug("can't go on", metadata: ["why": "\(failure)"])
      throw failure.concealingNames(in: configuration.folders)
    }
  }

  private func readInbox() async throws {
    try configuration.folders.create()
    let locks = try configuration.folders.lock()
    try await work.start(fileSystemTime: locks.inboxTime)
    try await WorkerLoop(launcher: launcher, source: work).run()
    extendLifetime(locks)
  }

  /// What became of the images so far.
  public var tally: Tally { get async { await work.tally } }

  /// Whether something in the inbox couldn't be dealt with and is still there.
  public var leftSomething: Bool { get async { await work.leftBehind > 0 } }
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
