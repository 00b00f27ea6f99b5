import Files
import Ledger
import Testing

/// What every implementation of the ledger keeps: commitments, destinations that come and go, batches of a study.
@Suite struct CommitmentConformance {
  /// A ledger with images of studies, each with one result for `pacs`.
  private func ledger(
    _ kind: LedgerKind, studies: [Int] = [1, 2], rules: LedgerRules = LedgerRules()
  ) async throws -> any StudyLedger {
    let site = try LedgerSite(kind)
    site.rules = rules
    let ledger = try site.open()
    _ = try await ledger.admit(studies.enumerated().map { .file($0 + 1, study: $1) }, at: .at(0))
    while let claim = try await ledger.claim(at: .at(20)) {
      for instance in claim.instances {
        var completion = Completion.analysed(instance, to: ["pacs"])
        completion.results[0].studyInstanceUID = instance.studyInstanceUID
        try await ledger.complete(instance.id, token: claim.lease.token, completion, at: .at(20))
        try await ledger.file(instance.id, at: .at(20))
      }
    }
    return ledger
  }

  /// Sends all that is due, and asks for a commitment under this name.
  private func store(_ ledger: any StudyLedger, _ transaction: String, at now: Timestamp) async throws
    -> [Int64]
  {
    let claim = try #require(await ledger.deliveries(to: "pacs", at: now))
    for delivery in claim.deliveries {
      try await ledger.settle(delivery.id, token: claim.lease.token, .stored, answer: "0000", at: now)
    }
    let ids = claim.deliveries.map(\.id)
    try await ledger.ask(transaction, of: ids, at: now)
    return ids
  }

  private func states(_ ledger: any StudyLedger) async throws -> [String] {
    var words: [String] = []
    for instance in Int64(1)...2 {
      words += try await ledger.deliveries(of: instance).map { record in
        "\(record.state)".prefix { $0 != "(" } + " " + record.answer
      }
    }
    return words
  }

  @Test(arguments: LedgerKind.allCases)
  func whatIsConfirmedIsSentAndWhatIsDeniedIsNot(kind: LedgerKind) async throws {
    let ledger = try await ledger(kind)
    _ = try await store(ledger, "2.25.7", at: .at(30))
    #expect(try await states(ledger) == ["stored 0000", "stored 0000"])
    let counts = try await ledger.counts()
    #expect((counts.deliveriesWaiting, counts.deliveriesSent) == (2, 0))
    // Retention waits for it, too.
    #expect(try await ledger.prunable(before: .at(9999), limit: 9).isEmpty)
    let strange = CommitmentReport(transaction: "2.25.8", committed: ["2.25.1", "2.25.2"])
    #expect(try await ledger.note(strange, at: .at(31)) == 0)
    let report = CommitmentReport(
      transaction: "2.25.7", committed: ["2.25.1", "2.25.99"], failed: [.init("2.25.2", reason: 0x0112)])
    #expect(try await ledger.note(report, at: .at(32)) == 2)
    #expect(try await ledger.note(report, at: .at(33)) == 0)
    #expect(try await states(ledger) == ["sent committed", "delayed not committed: 0112"])
    #expect(try await ledger.nextDelivery(to: "pacs", at: .at(33)) == .at(42))
    #expect(try await ledger.deliveries(to: "pacs", at: .at(42))?.deliveries.map(\.result.uid) == ["2.25.2"])
  }

  @Test(arguments: LedgerKind.allCases)
  func aClassThatIsNotKeptIsParked(kind: LedgerKind) async throws {
    let ledger = try await ledger(kind, studies: [1])
    _ = try await store(ledger, "2.25.7", at: .at(30))
    let report = CommitmentReport(transaction: "2.25.7", failed: [.init("2.25.1", reason: 0x0122)])
    #expect(try await ledger.note(report, at: .at(31)) == 1)
    #expect(try await states(ledger) == ["parked not committed: 0122"])
  }

  @Test(arguments: LedgerKind.allCases)
  func whatIsNotCommittedInTimeIsSentAgainAndParkedInTheEnd(kind: LedgerKind) async throws {
    var rules = LedgerRules()
    rules.commitmentTime = .seconds(100)
    rules.deliveries.limit = 2
    let ledger = try await ledger(kind, studies: [1], rules: rules)
    _ = try await store(ledger, "2.25.7", at: .at(30))
    #expect(try await ledger.nextDelivery(to: "pacs", at: .at(31)) == .at(130))
    #expect(try await ledger.deliveries(to: "pacs", at: .at(129)) == nil)
    _ = try await store(ledger, "2.25.8", at: .at(130))
    // The first question is over.
    let late = CommitmentReport(transaction: "2.25.7", committed: ["2.25.1"])
    #expect(try await ledger.note(late, at: .at(131)) == 0)
    #expect(try await ledger.deliveries(to: "pacs", at: .at(230)) == nil)
    #expect(try await states(ledger) == ["parked not committed in time"])
  }

  @Test(arguments: LedgerKind.allCases)
  func aDestinationThatIsGoneParksWhatWaitsUntilItIsBack(kind: LedgerKind) async throws {
    let ledger = try await ledger(kind)
    #expect(try await ledger.serve(["pacs", "web"], at: .at(30)) == [])
    let claim = try #require(await ledger.deliveries(to: "pacs", at: .at(30), limit: 1))
    try await ledger.settle(
      claim.deliveries[0].id, token: claim.lease.token, .taken, answer: "0000", at: .at(31))
    #expect(try await ledger.serve(["web"], at: .at(32)) == ["pacs"])
    #expect(try await ledger.serve(["web"], at: .at(33)) == [])
    #expect(try await states(ledger) == ["sent 0000", "parked destination_removed"])
    #expect(try await ledger.deliveryCounts().map { [$0.sent, $0.failed, $0.waiting] } == [[1, 1, 0]])
    #expect(try await ledger.serve(["pacs"], at: .at(34)) == [])
    #expect(try await ledger.deliveries(to: "pacs", at: .at(35))?.deliveries.map(\.result.instance) == [2])
  }

  @Test(arguments: LedgerKind.allCases)
  func aPersonLetsADestinationGoOrGivesItUp(kind: LedgerKind) async throws {
    let ledger = try await ledger(kind)
    let claim = try #require(await ledger.deliveries(to: "pacs", at: .at(30)))
    try await ledger.settle(
      claim.deliveries[0].id, token: claim.lease.token, .refusedForGood, answer: "A900", at: .at(31))
    try await ledger.settle(
      claim.deliveries[1].id, token: claim.lease.token, .refusedForNow, answer: "A700", at: .at(31))
    let counts = try #require(await ledger.deliveryCounts().first)
    #expect((counts.failed, counts.waiting, counts.next, counts.trouble) == (1, 1, .at(41), "A900"))
    #expect(try await ledger.retryDeliveries(to: "web", givingUp: false, at: .at(32)) == 0)
    #expect(try await ledger.retryDeliveries(to: "pacs", givingUp: false, at: .at(32)) == 2)
    #expect(try await ledger.nextDelivery(to: "pacs", at: .at(32)) == .at(32))
    #expect(try await ledger.retryDeliveries(to: "pacs", givingUp: true, at: .at(33)) == 2)
    #expect(try await ledger.nextDelivery(to: "pacs", at: .at(33)) == nil)
    #expect(try await ledger.prunable(before: .at(9999), limit: 9).count == 2)
  }

  @Test(arguments: LedgerKind.allCases)
  func whatIsDelayedIsAmongWhatIsRetried(kind: LedgerKind) async throws {
    let ledger = try await ledger(kind, studies: [1])
    let claim = try #require(await ledger.deliveries(to: "pacs", at: .at(30)))
    try await ledger.settle(
      claim.deliveries[0].id, token: claim.lease.token, .refusedForNow, answer: "A700", at: .at(31))
    #expect(try await ledger.retry(.delayed, accepting: false, at: .at(32)) == [1])
    #expect(try await ledger.deliveries(to: "pacs", at: .at(32)) != nil)
  }

  @Test(arguments: LedgerKind.allCases)
  func aBatchHoldsAStudyFirst(kind: LedgerKind) async throws {
    let ledger = try await ledger(kind, studies: [1, 2, 1, 2, 1])
    let first = try #require(await ledger.deliveries(to: "pacs", at: .at(30), limit: 4))
    #expect(first.deliveries.map(\.result.studyInstanceUID) == ["1.2.1", "1.2.1", "1.2.1", "1.2.2"])
    // A lease is its holder's until it is over, and is prolonged.
    try await ledger.renew(token: first.lease.token, for: .seconds(60), at: .at(60))
    #expect(try await ledger.deliveries(to: "pacs", at: .at(100))?.deliveries.count == 1)
    #expect(try await ledger.deliveries(to: "pacs", at: .at(121))?.deliveries.count == 4)
  }
}
