import Synchronization

/// Whether the parts of the daemon go on: each says by when it will be heard of again. A part that keeps silent for longer
/// stands still, and what asks (``SystemdPulse``, `/healthz`) tells.
package final class Heart: Sendable {
  package enum Part: String, Sendable, CaseIterable {
    /// The start, until work begins: opens the ledger, finishes what a crash interrupted.
    case starting
    /// Looks at the inbox.
    case looking
    /// Takes files out of the inbox.
    case intake
    /// Gives files their rows in the ledger.
    case admitting
    /// Reads studies and publishes what comes back.
    case reading
  }

  /// A part that has nothing to wait for is heard of within this time.
  package static let usual = Duration.seconds(60)
  /// Taking in a batch of files may take so long, from a slow mount.
  package static let batch = Duration.seconds(600)
  /// A step of the start may take so long (a ledger of millions of rows that is brought up to date), and so may one look
  /// at an inbox on a slow mount.
  package static let step = Duration.seconds(1800)

  private let deadlines = Mutex<[Part: ContinuousClock.Instant]>([:])

  package init() {}

  /// The part goes on, and says so again within this time.
  package func beat(
    _ part: Part, within time: Duration = Heart.usual, at now: ContinuousClock.Instant = .now
  ) {
    deadlines.withLock { $0[part] = now + time }
  }

  /// The part has ended, in order.
  package func rest(_ part: Part) { deadlines.withLock { $0[part] = nil } }

  /// The parts that should have been heard of by now. Parts that haven't begun, or have ended, aren't waited for.
  package func silent(at now: ContinuousClock.Instant = .now) -> [Part] {
    deadlines.withLock { deadlines in
      Part.allCases.filter { part in deadlines[part].map { $0 < now } ?? false }
    }
  }
}
