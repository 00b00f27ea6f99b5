import Files
import Ledger
import Testing

/// What every implementation of the ledger keeps: deliveries, the report, retention.
@Suite struct DeliveryConformance {
  /// A ledger with `count` analysed and filed images, each result for two destinations.
  private func ledger(_ kind: LedgerKind, _ count: Int = 1) async throws -> any StudyLedger {
    let ledger = try LedgerSite(kind).open()
    _ = try await ledger.admit((1...count).map { .file($0) }, at: .at(0))
    while let claim = try await ledger.claim(at: .at(20)) {
      try await finish(claim, ledger, at: .at(20)) { .analysed($0, to: ["pacs", "web"]) }
    }
    return ledger
  }

  private func finish(
    _ claim: Claim, _ ledger: any StudyLedger, at now: Timestamp, _ completion: (InstanceRecord) -> Completion
  ) async throws {
    for instance in claim.instances {
      try await ledger.complete(instance.id, token: claim.lease.token, completion(instance), at: now)
      try await ledger.file(instance.id, at: now)
    }
  }

  @Test(arguments: LedgerKind.allCases)
  func aDestinationThatIsDownHoldsBackNothingElse(kind: LedgerKind) async throws {
    let ledger = try await ledger(kind, 3)
    let down = try #require(await ledger.deliveries(to: "pacs", at: .at(21)))
    for delivery in down.deliveries {
      try await ledger.settle(
        delivery.id, token: down.lease.token, .refusedForNow, answer: "A700 out of resources", at: .at(21))
    }
    let up = try #require(await ledger.deliveries(to: "web", at: .at(21)))
    #expect(up.deliveries.map(\.result.instance) == [1, 2, 3])
    for delivery in up.deliveries {
      try await ledger.settle(delivery.id, token: up.lease.token, .taken, answer: "0000", at: .at(22))
    }
    #expect(try await ledger.deliveries(to: "pacs", at: .at(30)) == nil)
    #expect(try await ledger.deliveries(to: "pacs", at: .at(31))?.deliveries.count == 3)
    let records = try await ledger.deliveries(of: 1)
    #expect(records.map(\.destination) == ["pacs", "web"])
    #expect(records.map(\.answer) == ["A700 out of resources", "0000"])
    #expect(records[1].sentAt == .at(22))
    let counts = try await ledger.counts()
    #expect((counts.deliveriesWaiting, counts.deliveriesSent, counts.deliveriesFailed) == (3, 3, 0))
  }

  @Test(arguments: LedgerKind.allCases)
  func aSenderThatWakesLateIsRefusedAndATakenAnswerStays(kind: LedgerKind) async throws {
    let ledger = try await ledger(kind)
    let first = try #require(await ledger.deliveries(to: "pacs", at: .at(21)))
    let second = try #require(await ledger.deliveries(to: "pacs", at: .at(81)))
    let id = second.deliveries[0].id
    await #expect(throws: LedgerError.leaseLost(token: first.lease.token)) {
      try await ledger.settle(id, token: first.lease.token, .refusedForGood, answer: "", at: .at(82))
    }
    try await ledger.settle(id, token: second.lease.token, .taken, answer: "0000", at: .at(83))
    try await ledger.settle(id, token: second.lease.token, .taken, answer: "0000", at: .at(84))
    #expect(try await ledger.deliveries(of: 1)[0].sentAt == .at(83))
    #expect(try await ledger.deliveries(to: "pacs", at: .at(900)) == nil)
  }

  @Test(arguments: LedgerKind.allCases)
  func whatIsRefusedForGoodWaitsForAPerson(kind: LedgerKind) async throws {
    let ledger = try await ledger(kind)
    let claim = try #require(await ledger.deliveries(to: "pacs", at: .at(21)))
    try await ledger.settle(
      claim.deliveries[0].id, token: claim.lease.token, .refusedForGood, answer: "A900", at: .at(21))
    #expect(try await ledger.counts().deliveriesFailed == 1)
    #expect(try await ledger.deliveries(to: "pacs", at: .at(99_999)) == nil)
    #expect(try await ledger.retry(.parked, accepting: false, at: .at(99_999)) == [1])
    #expect(try await ledger.deliveries(to: "pacs", at: .at(99_999))?.deliveries.count == 1)
  }

  @Test(arguments: LedgerKind.allCases)
  func nothingUndeliveredIsPruned(kind: LedgerKind) async throws {
    let ledger = try await ledger(kind, 2)
    #expect(try await ledger.prunable(before: .at(10_000), limit: 9).isEmpty)
    for destination in ["pacs", "web"] {
      let claim = try #require(await ledger.deliveries(to: destination, at: .at(21), limit: 1))
      try await ledger.settle(
        claim.deliveries[0].id, token: claim.lease.token, .taken, answer: "", at: .at(22))
    }
    #expect(try await ledger.prunable(before: .at(20), limit: 9).isEmpty)
    let prunable = try await ledger.prunable(before: .at(10_000), limit: 9)
    #expect(prunable.map(\.instance.id) == [1])
    #expect(prunable[0].results.map(\.path) == [Array("1.overlay.dcm".utf8)])
    // Also when somebody asks for more than was offered.
    #expect(try await ledger.forget([1, 2], at: .at(30)) == [1])
    #expect(try await ledger.forget([1, 2], at: .at(30)) == [])
    #expect(try await ledger.instance(1) == nil)
    #expect(try await ledger.instance(2) != nil)
    #expect(try await ledger.report(after: 0, limit: 9, history: true).map(\.instance) == [2])
    // Numbers are never used twice, and what was forgotten is new.
    #expect(try await ledger.admit([.file(1)], at: .at(31)) == [.admitted(3)])
  }

  @Test(arguments: LedgerKind.allCases)
  func anAmendmentReplacesResultsByReference(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    _ = try await ledger.admit([.file(1)], at: .at(0))
    try await finish(#require(await ledger.claim(at: .at(20))), ledger, at: .at(20)) {
      .analysed($0, path: "x.overlay.dcm", to: ["pacs"])
    }
    _ = try await ledger.admit([.file(2, pixels: 1, image: 1, study: 1)], at: .at(21))
    try await finish(#require(await ledger.claim(at: .at(40))), ledger, at: .at(40)) {
      .analysed($0, path: "x.overlay.dcm", to: ["pacs"])
    }
    let old = try #require(await ledger.results(of: 1).first)
    #expect(try await ledger.results(of: 2).map(\.replaces) == [old.id])
    // What wasn't sent yet has lost its file.
    #expect(try await ledger.deliveries(of: 1).map(\.state) == [.withdrawn(attempts: 0)])
    #expect(try await ledger.deliveries(to: "pacs", at: .at(41))?.deliveries.map(\.result.instance) == [2])
    #expect(try await ledger.report(after: 0, limit: 9, history: false).map(\.instance) == [2])
    let prunable = try await ledger.prunable(before: .at(99), limit: 9)
    #expect(prunable.map(\.instance.id) == [1])
    #expect(prunable[0].results.isEmpty)
  }

  @Test(arguments: LedgerKind.allCases)
  func aResultWrittenAnewIsSentAgainOnlyWhenItChanged(kind: LedgerKind) async throws {
    let ledger = try await ledger(kind)
    let claim = try #require(await ledger.deliveries(to: "pacs", at: .at(21)))
    try await ledger.settle(claim.deliveries[0].id, token: claim.lease.token, .taken, answer: "", at: .at(22))
    for (content, expected) in [(1, 0), (7, 1)] {
      _ = try await ledger.admit([.file(1, wanted: true, spooled: "spool/\(content)b")], at: .at(50))
      try await finish(#require(await ledger.claim(at: .at(100))), ledger, at: .at(100)) {
        .analysed($0, content: content, to: ["pacs", "web"])
      }
      let due = try await ledger.deliveries(to: "pacs", at: .at(101))?.deliveries.count ?? 0
      #expect(due == expected)
    }
    #expect(try await ledger.results(of: 1).count == 1)
  }

  @Test(arguments: LedgerKind.allCases)
  func twoResultsNeverShareAUID(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    _ = try await ledger.admit([.file(1), .file(2)], at: .at(0))
    let first = try #require(await ledger.claim(at: .at(20)))
    try await ledger.complete(
      1, token: first.lease.token, .analysed(first.instances[0], uid: "2.25.1"), at: .at(20))
    let second = try #require(await ledger.claim(at: .at(20)))
    await #expect(throws: LedgerError.duplicateUID("2.25.1")) {
      try await ledger.complete(
        2, token: second.lease.token, .analysed(second.instances[0], uid: "2.25.1"), at: .at(21))
    }
    // Nothing of it was written.
    #expect(try await ledger.instance(2)?.state == .working(Tries(attempts: 1), second.lease))
    #expect(try await ledger.report(after: 0, limit: 9, history: true).count == 1)
  }

  @Test(arguments: LedgerKind.allCases)
  func anAmendmentIsReadBehindWhatItAmends(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    let outcomes = try await ledger.admit(
      [
        .file(1), .file(2, pixels: 1, image: 1, study: 9), .file(3, image: 1, study: 8),
      ], at: .at(0))
    #expect(outcomes == [.admitted(1), .amends(2, earlier: 1), .conflict(3, with: 2)])
    #expect(try await ledger.retry(.instance(3), accepting: true, at: .at(1)) == [3])
    var order: [Int64] = []
    while let claim = try await ledger.claim(at: .at(20), order: .fair) {
      // One at a time, whoever asks and in whatever order.
      #expect(try await ledger.claim(at: .at(20), by: "b", order: .fair) == nil)
      order += claim.instances.map(\.id)
      try await finish(claim, ledger, at: .at(21)) { .analysed($0, path: "x.overlay.dcm") }
    }
    #expect(order == [1, 2, 3])
    #expect(try await ledger.results(of: 3).map(\.replaces) == [2])
    let report = try await ledger.report(after: 0, limit: 9, history: true)
    #expect(report.map(\.isCurrent) == [false, false, true])
    #expect(try await ledger.report(after: report[1].cursor, limit: 9, history: true).map(\.instance) == [3])
    // What was amended is not read again, or it would hide what came later.
    #expect(try await ledger.admit([.file(1, wanted: true, spooled: "late")], at: .at(30)) == [.known(1)])
  }

  @Test(arguments: LedgerKind.allCases)
  func whatIsAcceptedStandsAlsoBeforeWhatArrivedLater(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    _ = try await ledger.admit(
      [.file(1), .file(2, image: 1, study: 8), .file(3, pixels: 1, image: 1, study: 1)], at: .at(0))
    #expect(try await ledger.retry(.instance(2), accepting: true, at: .at(1)) == [2])
    while let claim = try await ledger.claim(at: .at(20)) {
      try await finish(claim, ledger, at: .at(21)) { .analysed($0, path: "x.overlay.dcm") }
    }
    #expect(try await ledger.report(after: 0, limit: 9, history: false).map(\.instance) == [2])
    #expect(try await ledger.admit([.file(4, pixels: 2, image: 1)], at: .at(30)) == [.amends(4, earlier: 2)])
  }
}
