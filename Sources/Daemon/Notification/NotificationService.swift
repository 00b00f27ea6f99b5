import DICOMNetwork
import Files
import FoundationEssentials
package import Ledger
package import Logging
import ServiceLifecycle
import SystemPackage

/// Tells others of what happens: follows the audit trail, which the ledger writes with what it tells of, and lays down a
/// notice for each line that somebody wants to know of. Each of them is told by a task of its own, so that one that hangs
/// slows nothing.
package struct NotificationService: Sendable {
  private let configuration: DaemonConfiguration
  private let ledger: any StudyLedger
  private let health: ServiceHealth
  private let logger: Logger
  private let couriers: [NoticeCourier]
  static let interval = Duration.seconds(2)

  /// Nil where nobody is told.
  /// - Throws: ``ConfigurationFailure`` when the keys can't be used.
  package init?(
    _ configuration: DaemonConfiguration, _ ledger: any StudyLedger, _ health: ServiceHealth, logger: Logger
  ) throws(ConfigurationFailure) {
    let settings = configuration.notification
    guard !settings.targets.isEmpty else { return nil }
    let keys = try settings.keys()
    (self.configuration, self.ledger, self.health, self.logger) = (configuration, ledger, health, logger)
    couriers = settings.targets.map { target in
      let way: NoticeCourier.Way
      switch target.address {
      case .command(let path): way = .command(CommandHook(path: path, timeLimit: .seconds(30)))
      case .web(let url):
        var endpoint = WebhookEndpoint(url: url)
        endpoint.key = keys[target.name]
        endpoint.tls = configuration.tls
        let launcher = ProcessSenderLauncher(
          reading: NoticeQueue(target.name, configuration.folders).place,
          certificates: configuration.tls.files.map { FilePath($0) }, silence: .seconds(90)
        ) { process in
          logger.error(
            "a sender can't be ended; it is left behind",
            metadata: ["destination": "\(target.name)", "process": "\(process)"])
        }
        way = .sender(endpoint, launcher)
      }
      return NoticeCourier(
        target.name, way: way, follower: NoticeFollower(target.name, configuration, ledger),
        duty: SharedDuty(.notification, for: target.name, configuration.folders, ledger),
        configuration.folders, logger: logger)
    }
  }

  /// Until the task is cancelled or a stop is asked for: what isn't told by then is told after the next start.
  package func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await watch() }
      for courier in couriers { group.addTask { await courier.run() } }
      await group.waitForAll()
    }
  }

  // MARK: Stalls and pauses

  /// Writes into the trail when a part stands still or pauses, and when it goes on: it is told of from there.
  private func watch() async {
    var known = PartStates()
    while !Task.isCancelled, !Task.isShuttingDownGracefully {
      let silent = Set(health.heart.silent().map(\.rawValue))
      let paused = Set(
        PauseNote.Part.allCases.filter { PauseNote($0, configuration.folders).text != nil }.map(\.rawValue))
      var next = known
      for (word, part) in next.change(silent: silent, paused: paused) {
        do { try await ledger.note(word, detail: part, at: .now) } catch {
          // It is noted as soon as the ledger answers.
          next = known
          break
        }
      }
      known = next
      try? await Task.sleep(for: Self.interval)
    }
  }
}

/// Which parts stand still or pause. Pure.
package struct PartStates: Sendable, Equatable {
  private var silent: Set<String> = []
  private var paused: Set<String> = []

  package init() {}

  /// Takes note of how it is.
  /// - Returns: what the trail is to be told, in order.
  package mutating func change(
    silent now: Set<String>, paused nowPaused: Set<String>
  ) -> [(word: String, part: String)] {
    defer { (silent, paused) = (now, nowPaused) }
    func words(
      _ old: Set<String>, _ new: Set<String>, _ begins: String, _ ends: String
    ) -> [(word: String, part: String)] {
      new.subtracting(old).sorted().map { (word: begins, part: $0) }
        + old.subtracting(new).sorted().map { (word: ends, part: $0) }
    }
    return words(silent, now, Notice.Word.stalled, Notice.Word.recovered)
      + words(paused, nowPaused, Notice.Word.paused, Notice.Word.resumed)
  }
}
