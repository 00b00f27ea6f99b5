/// Where one result stands on its way to one destination.
package enum DeliveryState: Sendable, Hashable {
  /// Waits for its turn.
  case due(attempts: Int)
  /// A sender has it.
  case sending(attempts: Int, Lease)
  /// Waits for its next attempt.
  case delayed(attempts: Int, Wait)
  /// The peer took it, and is to confirm that it keeps it: sent again where it doesn't until then. `token` is the lease
  /// that sent it.
  case stored(attempts: Int, token: Int64, Wait)
  /// The peer took it, and keeps it where it was asked. `token` is the lease that sent it.
  case sent(attempts: Int, token: Int64)
  /// Refused for good, or too often: waits for a person.
  case parked(attempts: Int)
  /// Another result took the place of this one before it was sent, or a person gave it up.
  case withdrawn(attempts: Int)
}

/// What can happen to a delivery.
package enum DeliveryEvent: Sendable, Hashable {
  case claim(Lease)
  case renew(token: Int64, Wait)
  case settle(token: Int64, Answer, Timestamp)
  /// What the peer said when it was asked to keep it.
  case commitment(CommitmentReport.Answer, Timestamp)
  /// The lease ran out, or its holder starts anew; or no commitment came in time.
  case expire
  /// The back-off is over.
  case delayIsOver
  /// A person wants it tried now.
  case retry
  /// The result was written anew with other bytes.
  case resultChanged
  /// Another result has taken its place, or a person gives it up.
  case withdraw
  /// Its destination isn't configured any more.
  case abandon

  /// What the peer said, as far as it matters here.
  package enum Answer: String, Sendable, Hashable, CaseIterable {
    /// Taken, also with a warning.
    case taken
    /// Taken, and a commitment is asked for.
    case stored
    /// Not now: no connection, out of resources (A7xx).
    case refusedForNow
    /// Never: the object doesn't fit (A9xx, Cxxx), no such SOP class (0122).
    case refusedForGood
    /// Not tried after all: the breaker opened, or the daemon stops.
    case untried
  }
}

/// What follows from a change of state, in the same transaction.
package enum DeliveryAction: Sendable, Hashable {
  /// Write a row of the audit trail.
  case audit
}

extension DeliveryState {
  package typealias Transition = Step<DeliveryState, DeliveryAction>

  /// What `event` does here. Pure.
  package func transition(_ event: DeliveryEvent, rules: LedgerRules) -> Transition {
    switch (self, event) {
    case (.due(let attempts), .claim(let lease)): .change(.sending(attempts: attempts + 1, lease), [])
    case (.sending(let attempts, let lease), .renew(let token, let wait)) where token == lease.token:
      .change(.sending(attempts: attempts, lease.renewed(wait)), [])
    case (.sending(let attempts, let lease), .settle(let token, let answer, let now))
    where token == lease.token:
      Self.settled(answer, attempts, lease, at: now, rules)
    case (.sent(_, let last), .settle(let token, .taken, _)) where token == last: .unchanged
    case (.stored(_, let last, _), .settle(let token, .stored, _)) where token == last: .unchanged
    case (_, .settle), (_, .renew): .stale
    case (.stored(let attempts, let token, _), .commitment(.confirmed, _)):
      .change(.sent(attempts: attempts, token: token), [.audit])
    case (.stored(let attempts, _, _), .commitment(.deniedForNow, let now)):
      Self.delayed(attempts, at: now, rules)
    case (.stored(let attempts, _, _), .commitment(.deniedForGood, _)):
      .change(.parked(attempts: attempts), [.audit])
    case (.sent, .commitment(.confirmed, _)): .unchanged
    case (.sending(let attempts, _), .expire): .change(.due(attempts: attempts), [])
    case (.stored(let attempts, _, _), .expire):
      .change(
        rules.deliveries.isOver(after: attempts) ? .parked(attempts: attempts) : .due(attempts: attempts),
        [.audit])
    case (.delayed(let attempts, _), .delayIsOver): .change(.due(attempts: attempts), [])
    case (.delayed, .retry), (.parked, .retry): .change(.due(attempts: 0), [.audit])
    case (.due, .retry), (.sending, .retry), (.stored, .retry), (.sent, .retry), (.withdrawn, .retry):
      .unchanged
    case (.sent, .withdraw), (.withdrawn, .withdraw): .unchanged
    case (.sent, .abandon), (.withdrawn, .abandon), (.parked, .abandon): .unchanged
    case (_, .abandon): .change(.parked(attempts: attempts), [.audit])
    case (_, .withdraw): .change(.withdrawn(attempts: attempts), [.audit])
    // Also while it is being sent: that lease is fenced off, for nobody knows which bytes it reads.
    case (_, .resultChanged): .change(.due(attempts: 0), [.audit])
    default: .impossible
    }
  }

  /// Attempts begun.
  package var attempts: Int {
    switch self {
    case .due(let attempts), .sending(let attempts, _), .delayed(let attempts, _),
      .stored(let attempts, _, _), .sent(let attempts, _), .parked(let attempts), .withdrawn(let attempts):
      attempts
    }
  }

  private static func settled(
    _ answer: DeliveryEvent.Answer, _ attempts: Int, _ lease: Lease, at now: Timestamp, _ rules: LedgerRules
  ) -> Transition {
    switch answer {
    case .taken: .change(.sent(attempts: attempts, token: lease.token), [.audit])
    case .stored:
      .change(
        .stored(attempts: attempts, token: lease.token, Wait(from: now, lasting: rules.commitmentTime)),
        [.audit])
    case .refusedForGood: .change(.parked(attempts: attempts), [.audit])
    case .untried: .change(.due(attempts: attempts - 1), [])
    case .refusedForNow: delayed(attempts, at: now, rules)
    }
  }

  private static func delayed(_ attempts: Int, at now: Timestamp, _ rules: LedgerRules) -> Transition {
    guard let wait = rules.deliveries.wait(after: attempts, from: now) else {
      return .change(.parked(attempts: attempts), [.audit])
    }
    return .change(.delayed(attempts: attempts, wait), [.audit])
  }
}
