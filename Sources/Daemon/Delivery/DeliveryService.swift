import Files
import FoundationEssentials
package import Ledger
package import Logging
import ServiceLifecycle

/// Sends what the ledger has for each destination: each by itself, so that one that is down or slow holds back no other.
///
/// Nothing is lost: a delivery is a row until the peer has taken it and the ledger has noted that. One that is cut off
/// between the two is sent again, with the same SOP Instance UID and the same bytes; DICOM has no way to tell that it was
/// there already.
package actor DeliveryService {
  private let folders: InboxFolders
  private let ledger: any StudyLedger
  private let logger: Logger
  private let runsOnce: Bool
  /// Rings when results were published, and when anything here changes.
  private let bell: WakeUpCall
  private var routes: [DeliveryRoute] = []
  /// Counts the settings.
  private var generation = 0
  private var stops = false
  private var isReadingOver = false

  /// - Parameters:
  ///   - runsOnce: end when reading is over and nothing is due any more; what a destination doesn't take waits for a
  ///     later start.
  ///   - bell: rung by whoever publishes results.
  package init(
    _ folders: InboxFolders, ledger: any StudyLedger, runsOnce: Bool, bell: WakeUpCall, logger: Logger
  ) {
    self.folders = folders
    self.ledger = ledger
    self.runsOnce = runsOnce
    self.bell = bell
    self.logger = logger
  }

  /// Delivers there from now on.
  package func serve(_ routes: [DeliveryRoute]) async {
    self.routes = routes
    generation += 1
    await bell.ring()
  }

  /// No more results will come: the end of a single run.
  package func readingIsOver() async {
    isReadingOver = true
    await bell.ring()
  }

  private func stop() async {
    stops = true
    await bell.ring()
  }

  /// Runs until a graceful shutdown is asked for, or all is done (`runsOnce`).
  package func run() async throws {
    PauseNote.clearDeliveries(in: folders)
    try await withGracefulShutdownHandler {
      while !stops, !Task.isCancelled {
        let present = generation
        do { try await deliver(present) } catch let error as LedgerError where error.isRetryable {
          logger.error("delivery pauses and tries again by itself", metadata: ["why": "\(error)"])
          await bell.wait(atMost: .seconds(5))
        }
        if runsOnce, isReadingOver, present == generation { return }
      }
    } onGracefulShutdown: {
      Task { await self.stop() }
    }
  }

  /// Delivers until there are other settings, or a stop.
  private func deliver(_ present: Int) async throws {
    let unserved = try await ledger.serve(routes.map(\.destination.name), by: folders.host, at: .now)
    if !unserved.parked.isEmpty {
      logger.warning(
        """
        destinations aren't configured any more: what waits for them is parked until they are again, or until \
        'mmdicom retry --destination NAME --give-up'
        """,
        metadata: ["destinations": "\(unserved.parked.joined(separator: ", "))"])
    }
    for (name, hosts) in unserved.left.sorted(by: { $0.key < $1.key }) {
      logger.warning(
        "this host doesn't know a destination for which results wait; they are left to those that do",
        metadata: ["destination": "\(name)", "hosts": "\(hosts.joined(separator: ", "))"])
    }
    guard !routes.isEmpty else {
      while goesOn(present), !endsWhenIdle { await bell.wait(atMost: .seconds(5)) }
      return
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for route in routes {
        let delivery = DestinationDelivery(
          route, ledger: ledger, bell: bell, note: PauseNote(deliveryTo: route.destination.name, folders),
          outbox: folders.outbox, holder: folders.holder, logger: logger,
          goesOn: { await self.goesOn(present) },
          endsWhenIdle: { await self.endsWhenIdle })
        group.addTask { try await delivery.run() }
      }
      while try await group.next() != nil {}
    }
  }

  private func goesOn(_ present: Int) -> Bool { present == generation && !stops && !Task.isCancelled }

  private var endsWhenIdle: Bool { runsOnce && isReadingOver }
}
