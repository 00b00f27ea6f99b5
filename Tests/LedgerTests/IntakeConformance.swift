import Ledger
import Testing

/// What every implementation of the ledger keeps: intake and identity.
@Suite struct IntakeConformance {
  @Test(arguments: LedgerKind.allCases)
  func aBatchIsAnsweredInItsOrder(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    let outcomes = try await ledger.admit(
      [
        .file(1, study: 1), .file(1, study: 1, spooled: "spool/copy"),
        .file(2, pixels: 1, image: 1, study: 1),
        .file(3, image: 1, study: 1), .file(4, study: 1),
      ], at: .at(0))
    #expect(
      outcomes == [.admitted(1), .known(1), .amends(2, earlier: 1), .conflict(3, with: 2), .admitted(4)])
    let counts = try await ledger.counts()
    #expect(counts.queued == 3)
    #expect(counts.parked == 1)
  }

  @Test(arguments: LedgerKind.allCases)
  func admittedAgainAfterALostAnswer(kind: LedgerKind) async throws {
    let site = try LedgerSite(kind)
    let files: [Admission] = [.file(1), .file(2)]
    _ = try await site.open().admit(files, at: .at(0))
    let ledger = try site.open()
    #expect(try await ledger.admit(files, at: .at(5)) == [.already(1), .already(2)])
    let record = try #require(await ledger.instance(1))
    #expect(record.timesSeen == 1)
    #expect(record.admittedAt == .at(0))
    #expect(record.sender == [0x66, 0xff, 1])
    #expect(try await ledger.instances(.spooled(Array("spool/2".utf8)), after: 0, limit: 5).map(\.id) == [2])
  }

  @Test(arguments: LedgerKind.allCases)
  func theSameContentIsAnsweredWithItsFirstDates(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    _ = try await ledger.admit([.file(1)], at: .at(0))
    let claim = try #require(await ledger.claim(at: .at(20)))
    try await ledger.complete(1, token: claim.lease.token, .analysed(claim.instances[0]), at: .at(30))
    try await ledger.file(1, at: .at(31))
    #expect(try await ledger.admit([.file(1, spooled: "spool/late")], at: .at(90)) == [.known(1)])
    let record = try #require(await ledger.instance(1))
    #expect(record.admittedAt == .at(0))
    #expect(record.finishedAt == .at(30))
    #expect(record.timesSeen == 2)
    #expect(try await ledger.claim(at: .at(900)) == nil)
  }

  @Test(arguments: LedgerKind.allCases)
  func aRejectedFileThatComesAgainIsReadAgain(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    _ = try await ledger.admit([.file(1)], at: .at(0))
    let claim = try #require(await ledger.claim(at: .at(20)))
    let refusal = Completion.rejected(claim.instances[0], "truncated")
    try await ledger.complete(1, token: claim.lease.token, refusal, at: .at(30))
    // Its source isn't moved yet: the row still speaks of the first copy.
    #expect(try await ledger.admit([.file(1, spooled: "spool/again")], at: .at(40)) == [.known(1)])
    try await ledger.file(1, at: .at(41))
    #expect(try await ledger.admit([.file(1, spooled: "spool/again")], at: .at(42)) == [.readAgain(1)])
    #expect(try await ledger.admit([.file(1, spooled: "spool/again")], at: .at(43)) == [.already(1)])
    let second = try #require(await ledger.claim(at: .at(60)))
    #expect(second.instances.map(\.spooled) == [Array("spool/again".utf8)])
    try await ledger.complete(1, token: second.lease.token, .analysed(second.instances[0]), at: .at(61))
    let report = try await ledger.report(after: 0, limit: 9, history: true)
    #expect(report.map(\.isCurrent) == [false, true])
    #expect(try await ledger.instance(1)?.reason == "")
  }

  @Test(arguments: LedgerKind.allCases)
  func aConflictWaitsUntilSomebodyAcceptsIt(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    _ = try await ledger.admit([.file(1), .file(2, image: 1, study: 1)], at: .at(0))
    #expect(try await ledger.instance(2)?.reason == "uid_conflict")
    #expect(try await ledger.instance(2)?.rival == 1)
    #expect(try await ledger.retry(.parked, accepting: false, at: .at(1)) == [])
    #expect(try await ledger.retry(.uid("1.2.3.1"), accepting: true, at: .at(2)) == [2])
    #expect(try await ledger.retry(.uid("1.2.3.1"), accepting: true, at: .at(3)) == [])
    let record = try #require(await ledger.instance(2))
    #expect(record.replaces == 1)
    #expect(record.rival == nil)
    // Its turn comes when the image that it amends has been read.
    #expect(record.state == .behind(Tries()))
    let claim = try #require(await ledger.claim(at: .at(20)))
    #expect(claim.instances.map(\.id) == [1])
    try await ledger.complete(1, token: claim.lease.token, .analysed(claim.instances[0]), at: .at(20))
    #expect(try await ledger.claim(at: .at(20))?.instances.map(\.id) == [2])
  }

  @Test(arguments: LedgerKind.allCases)
  func aStudyIsDrawnWhenItIsQuietOrHasWaitedEnough(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    _ = try await ledger.admit([.file(1, study: 1)], at: .at(0))
    _ = try await ledger.admit([.file(2, study: 1)], at: .at(8))
    #expect(try await ledger.claim(at: .at(12)) == nil)
    #expect(try await ledger.nextWakeUp() == .at(18))
    for second in 9...119 {
      _ = try await ledger.admit([.file(second, study: 1)], at: .at(Int64(second)))
    }
    #expect(try await ledger.claim(at: .at(119)) == nil)
    #expect(try await ledger.claim(at: .at(120), limit: 1000)?.instances.count == 113)
    // What comes later is the study again.
    _ = try await ledger.admit([.file(500, study: 1)], at: .at(130))
    #expect(try await ledger.claim(at: .at(140))?.instances.map(\.id) == [114])
  }
}
