import Files
import Ledger
import Testing

@Suite("What a status page asks the ledger")
struct OverviewTests {
  private func ledger(_ kind: LedgerKind) throws -> any OpenLedger { try LedgerSite(kind).open() }

  /// Takes in files 1, 2 ... and ends each: even ones are analysed, odd ones rejected.
  private func ended(_ count: Int, _ ledger: any OpenLedger, at seconds: Int64 = 20) async throws {
    _ = try await ledger.admit((1...count).map { .file($0) }, at: .at(0))
    try await end(ledger, at: seconds)
  }

  private func end(_ ledger: any OpenLedger, at seconds: Int64) async throws {
    while let claim = try await ledger.claim(at: .at(seconds)) {
      for record in claim.instances {
        let completion =
          record.id % 2 == 0
          ? Completion.analysed(record, to: ["pacs"])
          : Completion.rejected(record, "truncated")
        try await ledger.complete(
          record.id, token: claim.lease.token, completion, at: .at(seconds + record.id))
        try await ledger.file(record.id, at: .at(seconds + record.id))
      }
    }
  }

  @Test(arguments: LedgerKind.allCases)
  func latestFirst(kind: LedgerKind) async throws {
    let ledger = try ledger(kind)
    try await ended(5, ledger)
    #expect(try await ledger.latest(limit: 3).map(\.id) == [5, 4, 3])
  }

  @Test(arguments: LedgerKind.allCases)
  func deliveriesByState(kind: LedgerKind) async throws {
    let ledger = try ledger(kind)
    try await ended(4, ledger)
    let due = try await ledger.deliveryTallies()
    #expect(due.map(\.destination) == ["pacs"] && due.map(\.state) == ["due"] && due.map(\.count) == [2])
    #expect(due[0].isWaiting && due[0].oldest == .at(22))
    let claim = try #require(await ledger.deliveries(to: "pacs", at: .at(40)))
    try await ledger.settle(
      claim.deliveries[0].id, token: claim.lease.token, .taken, answer: "0000", at: .at(41))
    #expect(Set(try await ledger.deliveryTallies().map(\.state)) == ["sending", "sent"])
  }

  @Test(
    "the tally of deliveries is what counting them gives, whatever becomes of them",
    arguments: LedgerKind.allCases)
  func tally(kind: LedgerKind) async throws {
    let ledger = try ledger(kind)
    try await ended(12, ledger)
    for step in 0..<4 {
      let claim = try #require(
        await ledger.nextDeliveries(
          to: "pacs", by: "test", limit: 1, order: .arrival, for: .seconds(60), at: .at(100)))
      let answer: DeliveryEvent.Answer = [.taken, .refusedForGood, .refusedForNow, .untried][step]
      try await ledger.settle(
        claim.deliveries[0].id, token: claim.lease.token, answer, answer: "", at: .at(101))
    }
    var counted: [String: Int] = [:]
    for id in Int64(1)...12 {
      for delivery in try await ledger.deliveries(of: id) {
        switch delivery.state {
        case .due: counted["due", default: 0] += 1
        case .delayed: counted["delayed", default: 0] += 1
        case .parked: counted["parked", default: 0] += 1
        case .sent: counted["sent", default: 0] += 1
        default: Issue.record("\(delivery.state)")
        }
      }
    }
    let tallies = try await ledger.deliveryTallies()
    #expect(Dictionary(uniqueKeysWithValues: tallies.map { ($0.state, $0.count) }) == counted)
    #expect(counted == ["due": 3, "delayed": 1, "parked": 1, "sent": 1])
    let counts = try await ledger.counts()
    #expect(counts.deliveriesSent == 1 && counts.deliveriesFailed == 1 && counts.deliveriesWaiting == 4)
    // Forgotten images take their deliveries along.
    let sent = try await ledger.prunable(before: .at(1000), after: nil, limit: 100).map(\.instance.id)
    _ = try await ledger.forget(sent, at: .at(1001))
    #expect(try await ledger.deliveryTallies().filter { $0.state == "sent" } == [])
    #expect(try await ledger.counts().deliveriesSent == 0)
  }

  @Test(
    "what is acknowledged is off the list until it ends the same way again", arguments: LedgerKind.allCases)
  func troubles(kind: LedgerKind) async throws {
    let ledger = try ledger(kind)
    try await ended(6, ledger)
    let all = try await ledger.troubles(limit: 2)
    #expect(all.map(\.reason) == ["truncated"] && all.map(\.count) == [3])
    #expect(all[0].newest.map(\.id) == [5, 3])
    #expect(try await ledger.acknowledge(.instance(3), at: .at(50)) == [3])
    // Twice is once, and what isn't on the list can't be taken off it.
    #expect(try await ledger.acknowledge(.instance(3), at: .at(50)) == [])
    #expect(try await ledger.acknowledge(.instance(2), at: .at(50)) == [])
    #expect(try await ledger.troubles(limit: 9).flatMap(\.newest).map(\.id) == [5, 1])
    #expect(try await ledger.counts().rejected == 3)
    #expect(try await ledger.audit(of: 3, after: 0, limit: 100).last?.event == "acknowledged")
    #expect(try await ledger.verifyAudit() != .broken(.altered(1)))
    // The same bytes come again, wanted once more, and can't be used again.
    _ = try await ledger.admit([.file(3, wanted: true, spooled: "spool/again")], at: .at(100))
    #expect(try await ledger.troubles(limit: 9).flatMap(\.newest).map(\.id) == [5, 1])
    try await end(ledger, at: 200)
    #expect(try await ledger.troubles(limit: 9).flatMap(\.newest).map(\.id) == [5, 3, 1])
    #expect(try await ledger.acknowledge(.reason("truncated"), at: .at(300)) == [1, 3, 5])
    #expect(try await ledger.troubles(limit: 9) == [])
  }

  @Test(arguments: LedgerKind.allCases)
  func whatIsForgottenLeavesNothing(kind: LedgerKind) async throws {
    let ledger = try ledger(kind)
    try await ended(3, ledger)
    _ = try await ledger.acknowledge(.instance(1), at: .at(50))
    #expect(try await ledger.forget([1], at: .at(60)) == [1])
    #expect(try await ledger.troubles(limit: 9).flatMap(\.newest).map(\.id) == [3])
  }
}
