import Analysis
import Files
import FoundationEssentials
package import Ledger
package import Logging
import SystemPackage

/// Prepares what reading goes by: copies the model, has a fresh worker read a picture with it, and only then lets it serve.
package struct ServingDesk: Sendable {
  package typealias Settings = ServingSettings<ProcessWorkerLauncher>

  private let ledger: any StudyLedger
  private let logger: Logger

  package init(ledger: any StudyLedger, logger: Logger) {
    self.ledger = ledger
    self.logger = logger
  }

  // MARK: Start

  /// At a start there is nothing older that could go on.
  /// - Throws: ``WorkerFailure`` when the model can't be used, ``ConfigurationFailure`` when the secrets of destinations
  ///   can't, ``WriteFailure``.
  package func begin(_ configuration: DaemonConfiguration, model: String) async throws -> Settings {
    let served = try ServedModel.take(model, pin: configuration.modelSHA256, in: configuration.folders)
    var settings = try settings(configuration, served)
    do { settings.model = try await settings.readers.rehearsed() } catch let failure as WorkerFailure {
      // A worker that doesn't start says nothing of the model; work begins, pauses and tries again.
      guard case .cannotStart = failure else { throw served.renamed(failure) }
    } catch is WriteFailure {}
    ServedModel.removeOthers(than: [served.sha256], in: configuration.folders)
    await tell("serving", settings, served)
    return settings
  }

  // MARK: Reload

  /// Validates what shall take the place of `present`.
  /// - Returns: nil when that was refused, which was told.
  package func reload(
    _ present: Settings, by read: @Sendable () async throws -> (DaemonConfiguration, model: String)
  ) async -> Settings? {
    let folders = present.configuration.folders
    do {
      let (configuration, model) = try await read()
      if let obstacle = present.configuration.obstacle(to: configuration) {
        throw ConfigurationFailure(obstacle)
      }
      let served = try ServedModel.take(model, pin: configuration.modelSHA256, in: folders)
      var settings = try settings(configuration, served)
      do { settings.model = try await settings.readers.rehearsed() } catch let failure as WorkerFailure {
        throw served.renamed(failure)
      }
      // Those that read now may need theirs once more.
      ServedModel.removeOthers(than: [served.sha256, present.sha256], in: folders)
      let waiting = present.configuration.waiting(in: configuration)
      if !waiting.isEmpty {
        logger.notice(
          "some keys take effect at the next start", metadata: ["keys": "\(waiting.joined(separator: ", "))"])
      }
      await tell("reloaded", settings, served)
      return settings
    } catch {
      let why = (error as? WriteFailure).map { "\($0.concealingNames(in: folders))" } ?? "\(error)"
      logger.error("a reload was refused; what served goes on", metadata: ["why": "\(why)"])
      try? await ledger.note("reload refused", detail: why, at: .now)
      ServingNote(folders).refuse("\(Timestamp.now.text) \(why)")
      return nil
    }
  }

  private func settings(
    _ configuration: DaemonConfiguration, _ model: ServedModel
  ) throws(ConfigurationFailure) -> Settings {
    Settings(
      configuration, readers: .readers(configuration, model: model.copy, logger: logger),
      sha256: model.sha256,
      routes: try DeliveryRoute.routes(configuration, logger: logger))
  }

  private func tell(_ event: String, _ settings: Settings, _ served: ServedModel) async {
    let name = settings.model?.name ?? "a model that couldn't be tried"
    try? await ledger.note(event, detail: "\(name) \(served.sha256)", at: .now)
    ServingNote(settings.configuration.folders).set(
      ServingNote.Content(
        model: settings.model?.name ?? "", sha256: served.sha256, workers: settings.configuration.workers))
    logger.notice(
      "\(event)",
      metadata: [
        "model": "\(name)", "sha256": "\(served.sha256)",
        "workers": "\(settings.configuration.workers)",
      ])
  }
}

extension ProcessWorkerLauncher {
  /// Workers that read by a configuration.
  static func readers(_ configuration: DaemonConfiguration, model: URL, logger: Logger)
    -> ProcessWorkerLauncher
  {
    let folders = configuration.folders
    return ProcessWorkerLauncher(
      model: model.path, threads: configuration.threadsPerWorker,
      confinement: WorkerConfinement(
        // The picture that stands under a UID lies in "done".
        readable: [FilePath(of: folders.spool), FilePath(of: folders.done)],
        writable: [FilePath(of: folders.staging)]),
      limits: configuration.workerLimits, timeLimit: configuration.workerTimeLimit,
      rehearsal: folders.staging.appending(path: "rehearsal"), onLeftBehind: leftBehind(logger))
  }

  /// Workers that identify by a configuration.
  /// - Parameter more: folders beside the spool in which they do.
  static func identifiers(
    _ configuration: DaemonConfiguration, beside more: [URL] = [], logger: Logger
  ) -> ProcessWorkerLauncher {
    ProcessWorkerLauncher(
      identifyingIn: WorkerConfinement(
        readable: ([configuration.folders.spool] + more).map { FilePath(of: $0) }),
      limits: configuration.workerLimits, timeLimit: configuration.workerTimeLimit,
      onLeftBehind: leftBehind(logger))
  }

  private static func leftBehind(_ logger: Logger) -> @Sendable (Int) -> Void {
    { process in
      logger.error(
        "a worker can't be ended, perhaps for a mount that doesn't answer; it is left behind",
        metadata: ["process": "\(process)"])
    }
  }
}

extension DaemonConfiguration {
  /// With several workers, each has its share of the cores; one alone leaves a core to decoding and
  /// drawing where more than one image is under way.
  var threadsPerWorker: Int {
    guard threads == 0, workers > 1 else { return threads }
    return max(1, ProcessInfo.processInfo.activeProcessorCount / workers)
  }
}
