/// Where one file stands on its way from the spool to `done` or `rejected`.
package enum InstanceState: Sendable, Hashable {
  /// Taken in; its study isn't complete yet.
  case gathering(Tries)
  /// Amends an image that isn't read yet: both write under the same names, so their order must be kept.
  case behind(Tries)
  /// Waits for its turn.
  case ready(Tries)
  /// A worker has it.
  case working(Tries, Lease)
  /// Waits for its next attempt.
  case delayed(Tries, Wait)
  /// Waits for a person; why stands in the row. A conflict of identity is only let go by who accepts it.
  case parked(Tries, isConflict: Bool)
  /// Results and row are committed; the source still lies in the spool. `token` is the lease that did it.
  case finished(Tries, Verdict, token: Int64)
  /// The source lies where it belongs.
  case filed(Tries, Verdict, token: Int64)
}

/// What was found; the `status` of the report's row.
package enum Verdict: String, Sendable, Hashable, CaseIterable {
  case analysed
  case notAnalysed = "not_analysed"
  case rejected
}

/// What can happen to a file.
package enum InstanceEvent: Sendable, Hashable {
  /// No more files of its study are awaited.
  case studyComplete
  /// What it amends has been read.
  case predecessorDone
  /// A worker takes it.
  case claim(Lease)
  /// The holder needs more time.
  case renew(token: Int64, Wait)
  /// The holder gives it back untouched: the breaker opened, or the daemon stops.
  case release(token: Int64)
  /// The lease ran out, or its holder starts anew.
  case expire(Timestamp)
  /// Results lie under their final names.
  case complete(token: Int64, Verdict)
  /// The attempt failed for a cause that may pass.
  case fail(token: Int64, Timestamp)
  /// A worker died with this file alone.
  case crash(token: Int64)
  /// The worker found what a person has to decide.
  case park(token: Int64)
  /// Another picture stands under its UID: a person has to accept it.
  case conflict(token: Int64)
  /// It holds other bytes than those that were identified; these are identified now.
  case identifyAnew(token: Int64)
  /// The back-off is over.
  case due
  /// A person wants it tried now, and perhaps accepts another picture under a known UID.
  case retry(accepts: Bool)
  /// The source was moved to its home.
  case file
  /// The file came again and is wanted once more.
  case readAgain
}

/// What follows from a change of state, in the same transaction.
package enum InstanceAction: String, Sendable, Hashable {
  /// Write results, deliveries and the report's row.
  case publish
  /// Write a row of the audit trail.
  case audit
}

/// What an event does in a state.
package enum Step<State: Sendable & Hashable, Action: Sendable & Hashable>: Sendable, Hashable {
  case change(State, [Action])
  /// It was done already: answered like the first time.
  case unchanged
  /// The sender's lease is no longer the row's.
  case stale
  /// It can't happen in this state.
  case impossible
}

extension InstanceState {
  package typealias Transition = Step<InstanceState, InstanceAction>

  /// What `event` does here. Pure.
  ///
  /// A conflict that is accepted, too, may have to wait behind what it amends: ``behind`` follows in the same
  /// transaction.
  package func transition(_ event: InstanceEvent, rules: LedgerRules) -> Transition {
    switch (self, event) {
    case (.gathering(let tries), .studyComplete): .change(.ready(tries), [])
    case (.behind(let tries), .predecessorDone): .change(.ready(tries), [])
    case (.delayed(let tries, _), .due): .change(.ready(tries), [])
    case (.ready(let tries), .claim(let lease)):
      .change(.working(tries.withAttempt, lease), [.audit])
    case (.working(let tries, let lease), .expire(let now)):
      .change(Self.expired(tries, lease, at: now, rules), [.audit])
    case (.working(let tries, let lease), _) where event.token == lease.token:
      Self.holder(event, tries, lease, rules)
    case (.finished(_, _, let last), .complete(let token, _)) where token == last: .unchanged
    case (.filed(_, _, let last), .complete(let token, _)) where token == last: .unchanged
    case (.parked(_, let isConflict), .retry(let accepts)) where accepts || !isConflict:
      .change(.ready(Tries()), [.audit])
    case (.delayed, .retry): .change(.ready(Tries()), [.audit])
    case (.ready, .retry), (.gathering, .retry), (.behind, .retry): .unchanged
    case (.finished(let tries, let verdict, let token), .file):
      .change(.filed(tries, verdict, token: token), [.audit])
    case (.filed, .file): .unchanged
    case (.filed, .readAgain): .change(.gathering(Tries()), [.audit])
    default: event.token == nil ? .impossible : .stale
    }
  }

  /// What the holder of the lease may do.
  private static func holder(
    _ event: InstanceEvent, _ tries: Tries, _ lease: Lease, _ rules: LedgerRules
  ) -> Transition {
    switch event {
    case .renew(_, let wait): .change(.working(tries, lease.renewed(wait)), [])
    case .release: .change(.ready(Tries(attempts: tries.attempts - 1, crashes: tries.crashes)), [.audit])
    case .complete(let token, let verdict):
      .change(.finished(tries, verdict, token: token), [.publish, .audit])
    case .fail(_, let now):
      if let wait = rules.images.wait(after: tries.attempts, from: now) {
        .change(.delayed(tries, wait), [.audit])
      } else {
        .change(.parked(tries, isConflict: false), [.audit])
      }
    case .crash:
      if tries.crashes + 1 >= rules.crashLimit {
        .change(.parked(tries.withCrash, isConflict: false), [.audit])
      } else {
        .change(.ready(tries.withCrash), [.audit])
      }
    case .park: .change(.parked(tries, isConflict: false), [.audit])
    case .conflict: .change(.parked(tries, isConflict: true), [.audit])
    case .identifyAnew: .change(.gathering(Tries()), [.audit])
    default: .impossible
    }
  }

  /// Nobody knows why the holder fell silent, so the file isn't blamed; but one that takes the whole machine
  /// down each time mustn't come first for ever.
  private static func expired(
    _ tries: Tries, _ lease: Lease, at now: Timestamp, _ rules: LedgerRules
  ) -> InstanceState {
    guard tries.attempts >= rules.prompt else { return .ready(tries) }
    let backOff = BackOff(first: rules.images.first, longest: rules.images.longest, limit: nil)
    return backOff.wait(after: tries.attempts - rules.prompt + 1, from: now).map { .delayed(tries, $0) }
      ?? .ready(tries)
  }
}

extension InstanceEvent {
  /// The lease by which it is done; nil where none is needed.
  var token: Int64? {
    switch self {
    case .renew(let token, _), .release(let token), .complete(let token, _), .fail(let token, _),
      .crash(let token), .park(let token), .conflict(let token), .identifyAnew(let token):
      token
    case .studyComplete, .predecessorDone, .claim, .expire, .due, .retry, .file, .readAgain: nil
    }
  }
}
