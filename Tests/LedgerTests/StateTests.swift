import Ledger
import Testing

@Suite struct StateTests {
  /// The table as it stands, made from the machine.
  private func drawn<State, Event, Action>(
    _ states: [(String, State)], _ events: [(String, Event)], letter: (State) -> String,
    step: (State, Event) -> Step<State, Action>
  ) -> [String] {
    events.map { name, event in
      let cells = states.map { _, state in
        switch step(state, event) {
        case .change(let next, _): letter(next)
        case .unchanged: "="
        case .stale: "!"
        case .impossible: "-"
        }
      }
      return ([name] + cells).joined(separator: " ")
    }
  }

  private func rows(_ table: String) -> [String] {
    table.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
  }

  @Test func everyEventInEveryStateOfAnInstance() {
    let drawn = drawn(InstanceTable.states, InstanceTable.events, letter: InstanceTable.letter) {
      $0.transition($1, rules: InstanceTable.rules)
    }
    #expect(drawn == rows(InstanceTable.expected))
  }

  @Test func everyEventInEveryStateOfADelivery() {
    let drawn = drawn(DeliveryTable.states, DeliveryTable.events, letter: DeliveryTable.letter) {
      $0.transition($1, rules: InstanceTable.rules)
    }
    #expect(drawn == rows(DeliveryTable.expected))
  }

  @Test func onlyACompletionPublishes() {
    for (_, state) in InstanceTable.states {
      for (_, event) in InstanceTable.events {
        guard case .change(let next, let actions) = state.transition(event, rules: InstanceTable.rules) else {
          continue
        }
        #expect(actions.contains(.publish) == (InstanceTable.letter(next) == "F"))
      }
    }
  }

  @Test func aFileThatKillsTwiceOnItsOwnIsQuarantined() {
    let state = InstanceState.working(Tries(attempts: 2, crashes: 1), InstanceTable.lease)
    let expected = InstanceState.parked(Tries(attempts: 2, crashes: 2), isConflict: false)
    #expect(state.transition(.crash(token: 7), rules: InstanceTable.rules) == .change(expected, [.audit]))
  }

  @Test func aLeaseThatRanOutBlamesNoFile() {
    let now = InstanceTable.now
    for attempts in 1...100 {
      let state = InstanceState.working(Tries(attempts: attempts), InstanceTable.lease)
      guard case .change(let next, _) = state.transition(.expire(now), rules: InstanceTable.rules) else {
        Issue.record("can't expire")
        return
      }
      // At once at first, then ever later, but never given up.
      #expect(InstanceTable.letter(next) == (attempts < 3 ? "r" : "d"))
      if case .delayed(_, let wait) = next { #expect(wait.until <= now + .seconds(3600)) }
    }
  }

  @Test func attemptsEndAtTheLimitOnly() {
    var rules = LedgerRules()
    rules.images.limit = 3
    let step = InstanceState.working(Tries(attempts: 3), InstanceTable.lease)
      .transition(.fail(token: 7, InstanceTable.now), rules: rules)
    #expect(step == .change(.parked(Tries(attempts: 3), isConflict: false), [.audit]))
    rules.deliveries.limit = 3
    let delivery = DeliveryState.sending(attempts: 3, InstanceTable.lease)
      .transition(.settle(token: 7, .refusedForNow, InstanceTable.now), rules: rules)
    #expect(delivery == .change(.parked(attempts: 3), [.audit]))
  }
}
