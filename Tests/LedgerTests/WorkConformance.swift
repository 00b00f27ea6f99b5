import Ledger
import Testing

/// What every implementation of the ledger keeps: leases, attempts, order.
@Suite struct WorkConformance {
  @Test(arguments: LedgerKind.allCases)
  func aHomeThatIsEmptyGivesWayToAnother(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    _ = try await ledger.admit([.file(1)], at: .at(0))
    let claim = try #require(await ledger.claim(at: .at(20)))
    // Not while its first one is still to be reached.
    try await ledger.rehome(1, to: [7], at: .at(20))
    #expect(try await ledger.instance(1)?.home == nil)
    try await ledger.complete(1, token: claim.lease.token, .analysed(claim.instances[0]), at: .at(21))
    try await ledger.file(1, at: .at(22))
    for _ in 1...2 { try await ledger.rehome(1, to: [7], at: .at(23)) }
    #expect(try await ledger.instance(1)?.home == [7])
    let trail = try await ledger.audit(of: 1, after: 0, limit: 100)
    #expect(trail.count { $0.event == "found again" } == 1)
  }

  private func ledger(
    _ kind: LedgerKind, files: [Admission] = [.file(1)]
  ) async throws -> (LedgerSite, any StudyLedger) {
    let site = try LedgerSite(kind)
    let ledger = try site.open()
    _ = try await ledger.admit(files, at: .at(0))
    return (site, ledger)
  }

  @Test(arguments: LedgerKind.allCases)
  func studiesAreClaimedTogetherUntilThereAreEnoughFiles(kind: LedgerKind) async throws {
    let files = (1...8).map { Admission.file($0, study: ($0 + 1) / 2) }
    let (site, ledger) = try await ledger(kind, files: files)
    func claim(_ files: Int, keeping tokens: [Int64] = [], at now: Timestamp) async throws -> [Claim] {
      try await ledger.claim(
        by: "a", files: files, limit: 16, order: .arrival, for: .seconds(60), keeping: tokens, at: now)
    }
    let first = try await claim(3, at: .at(20))
    #expect(first.map { $0.instances.map(\.id) } == [[1, 2], [3, 4]])
    // Each study has a lease of its own: what becomes of one is nothing to the other.
    let tokens = first.map(\.lease.token)
    #expect(tokens[0] < tokens[1])
    try await ledger.release(token: tokens[0], at: .at(21))
    #expect(try await claim(1, at: .at(22)).map { $0.instances.map(\.id) } == [[1, 2]])
    // What others hold isn't prolonged with ours.
    let other = try #require(await site.open().claim(at: .at(23), by: "b", limit: 1))
    #expect(
      try await claim(100, keeping: [tokens[1]], at: .at(60)).map { $0.instances.map(\.id) } == [
        [6], [7, 8],
      ])
    #expect(
      try await ledger.instance(4)?.state
        == .working(
          Tries(attempts: 1),
          Lease(
            token: tokens[1], holder: "a", wait: Wait(from: .at(60), lasting: .seconds(60)))))
    #expect(try await ledger.instance(5)?.state == .working(Tries(attempts: 1), other.lease))
    #expect(try await claim(100, keeping: [tokens[1]], at: .at(61)).isEmpty)
  }

  @Test(arguments: LedgerKind.allCases)
  func theCircumstancesOfSeveralAreThoseOfEach(kind: LedgerKind) async throws {
    let (_, ledger) = try await ledger(kind, files: (1...3).map { .file($0) })
    let known = try await ledger.circumstances(of: [3, 1, 99])
    #expect(known.keys.sorted() == [1, 3])
    for (id, circumstances) in known {
      #expect(try await ledger.circumstances(of: id) == circumstances)
      #expect(circumstances.instance.id == id)
    }
    await #expect(throws: LedgerError.unknown(row: 99)) { _ = try await ledger.circumstances(of: 99) }
  }

  @Test(arguments: LedgerKind.allCases)
  func aLeaseIsExclusiveAndRunsOut(kind: LedgerKind) async throws {
    let (site, ledger) = try await ledger(kind)
    let first = try #require(await ledger.claim(at: .at(20), by: "a"))
    let other = try site.open()
    #expect(try await other.claim(at: .at(79), by: "b") == nil)
    try await ledger.renew(token: first.lease.token, for: .seconds(60), at: .at(70))
    #expect(try await other.claim(at: .at(129), by: "b") == nil)
    let second = try #require(await other.claim(at: .at(130), by: "b"))
    #expect(second.lease.token > first.lease.token)
    #expect(second.instances[0].state == .working(Tries(attempts: 2), second.lease))
    // The first wakes up: nothing that it does counts any more.
    let token = first.lease.token
    await #expect(throws: LedgerError.leaseLost(token: token)) {
      try await ledger.complete(1, token: token, .analysed(first.instances[0]), at: .at(131))
    }
    await #expect(throws: LedgerError.leaseLost(token: token)) {
      try await ledger.renew(token: token, for: .seconds(60), at: .at(131))
    }
    await #expect(throws: LedgerError.leaseLost(token: token)) {
      _ = try await ledger.fail(1, token: token, reason: "io", at: .at(131))
    }
    await #expect(throws: LedgerError.leaseLost(token: token)) {
      _ = try await ledger.crash(1, token: token, reason: "x", at: .at(131))
    }
    await #expect(throws: LedgerError.leaseLost(token: token)) {
      try await ledger.park(1, token: token, reason: "x", at: .at(131))
    }
    try await ledger.release(token: token, at: .at(131))
    #expect(try await ledger.results(of: 1).isEmpty)
    try await other.complete(1, token: second.lease.token, .analysed(second.instances[0]), at: .at(132))
    await #expect(throws: LedgerError.leaseLost(token: token)) {
      try await ledger.complete(1, token: token, .analysed(first.instances[0]), at: .at(133))
    }
  }

  @Test(arguments: LedgerKind.allCases)
  func severalAreCompletedTogetherOrNotAtAll(kind: LedgerKind) async throws {
    let (_, ledger) = try await ledger(kind, files: [.file(1), .file(2), .file(3)])
    var done: [CompletedInstance] = []
    while let claim = try await ledger.claim(at: .at(20), by: "a") {
      done += claim.instances.map { CompletedInstance($0.id, token: claim.lease.token, .analysed($0)) }
    }
    #expect(done.count == 3)
    let stale = CompletedInstance(done[1].instance, token: 77, done[1].completion)
    await #expect(throws: LedgerError.leaseLost(token: 77)) {
      try await ledger.complete([done[0], stale, done[2]], at: .at(21))
    }
    for id in Int64(1)...3 { #expect(try await ledger.results(of: id).isEmpty) }
    #expect(try await ledger.counts().working == 3)
    try await ledger.complete(done, at: .at(22))
    // Its answer was lost.
    try await ledger.complete(done, at: .at(23))
    for id in Int64(1)...3 { #expect(try await ledger.results(of: id).count == 1) }
    #expect(try await ledger.report(after: 0, limit: 9, history: true).count == 3)
    guard case .intact = try await ledger.verifyAudit() else {
      Issue.record("the trail is broken")
      return
    }
  }

  @Test(arguments: LedgerKind.allCases)
  func twoHoldersNeverShareAFile(kind: LedgerKind) async throws {
    let files = (1...60).map { Admission.file($0, study: $0 % 20) }
    let (site, _) = try await ledger(kind, files: files)
    let ledgers = try (0..<4).map { _ in try site.open() }
    let taken = try await withThrowingTaskGroup(of: [Int64].self) { group in
      for (index, ledger) in ledgers.enumerated() {
        group.addTask {
          var taken: [Int64] = []
          while let claim = try await ledger.claim(at: .at(20), by: "\(index)", limit: 2, order: .fair) {
            taken += claim.instances.map(\.id)
          }
          return taken
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(taken.sorted() == Array(1...60))
  }

  @Test(arguments: LedgerKind.allCases)
  func whatADaemonHeldIsGivenBackWhenItStarts(kind: LedgerKind) async throws {
    let (site, ledger) = try await ledger(kind, files: [.file(1), .file(2)])
    let mine = try #require(await ledger.claim(at: .at(20), by: "a"))
    _ = try await ledger.claim(at: .at(20), by: "b")
    let again = try site.open()
    try await again.recover(holder: "a", at: .at(21))
    try await again.recover(holder: "a", at: .at(21))
    #expect(try await again.claim(at: .at(22), by: "a")?.instances.map(\.id) == [1])
    #expect(try await again.claim(at: .at(22), by: "a") == nil)
    await #expect(throws: LedgerError.leaseLost(token: mine.lease.token)) {
      try await ledger.complete(1, token: mine.lease.token, .analysed(mine.instances[0]), at: .at(23))
    }
  }

  @Test(arguments: LedgerKind.allCases)
  func failuresAreTriedAgainEverLater(kind: LedgerKind) async throws {
    let (_, ledger) = try await ledger(kind)
    var now: Int64 = 20
    for wait in [10, 20, 40, 80] {
      let claim = try #require(await ledger.claim(at: .at(now)))
      let state = try await ledger.fail(1, token: claim.lease.token, reason: "eio", at: .at(now))
      guard case .delayed(_, let until) = state else {
        Issue.record("\(state)")
        return
      }
      #expect(until.until == .at(now + Int64(wait)))
      #expect(try await ledger.claim(at: .at(now + Int64(wait) - 1)) == nil)
      #expect(try await ledger.nextWakeUp() == .at(now + Int64(wait)))
      now += Int64(wait)
    }
    #expect(try await ledger.reasons() == ["eio": 1])
    let claim = try #require(await ledger.claim(at: .at(now)))
    _ = try await ledger.fail(1, token: claim.lease.token, reason: "eio", at: .at(now))
    #expect(try await ledger.retry(.reason("eio"), accepting: false, at: .at(now)) == [1])
    #expect(try await ledger.claim(at: .at(now))?.instances.map(\.id) == [1])
  }

  @Test(arguments: LedgerKind.allCases)
  func whatIsGivenBackUntouchedCountsNoAttempt(kind: LedgerKind) async throws {
    let (_, ledger) = try await ledger(kind)
    for _ in 0..<5 {
      let claim = try #require(await ledger.claim(at: .at(20)))
      try await ledger.release(token: claim.lease.token, at: .at(20))
    }
    #expect(try await ledger.instance(1)?.state == .ready(Tries()))
  }

  @Test(arguments: LedgerKind.allCases)
  func aKillerIsParkedAndRetried(kind: LedgerKind) async throws {
    let (_, ledger) = try await ledger(kind)
    for _ in 0..<2 {
      let claim = try #require(await ledger.claim(at: .at(20)))
      _ = try await ledger.crash(1, token: claim.lease.token, reason: "worker_crashed", at: .at(20))
    }
    #expect(try await ledger.claim(at: .at(9000)) == nil)
    #expect(try await ledger.instances(.parked, after: 0, limit: 5).map(\.reason) == ["worker_crashed"])
    #expect(try await ledger.retry(.parked, accepting: false, at: .at(9001)) == [1])
    #expect(try await ledger.claim(at: .at(9002)) != nil)
  }

  @Test(arguments: LedgerKind.allCases)
  func theNewestStudyPassesTheBacklogAndTheOldestMovesOn(kind: LedgerKind) async throws {
    let (_, ledger) = try await ledger(kind, files: (1...100).map { .file($0) })
    var drawn: [Int64] = []
    for _ in 0..<2 { drawn += try await ledger.claim(at: .at(20), order: .fair)?.instances.map(\.id) ?? [] }
    _ = try await ledger.admit([.file(500)], at: .at(20))
    for _ in 0..<2 { drawn += try await ledger.claim(at: .at(30), order: .fair)?.instances.map(\.id) ?? [] }
    #expect(drawn[2...].contains(101))
    #expect(Set(drawn).isSuperset(of: [1, 2, 100]))
    // In order of arrival nothing passes.
    #expect(try await ledger.claim(at: .at(30), order: .arrival)?.instances.map(\.id) == [3])
  }

  @Test(arguments: LedgerKind.allCases)
  func aClockThatStepsBackHoldsNothingUp(kind: LedgerKind) async throws {
    let (_, ledger) = try await ledger(kind, files: [.file(1), .file(2)])
    let year: Int64 = -365 * 86400
    // A quiet time, a lease and a back-off of a year ahead.
    let claim = try #require(await ledger.claim(at: .at(year)))
    #expect(claim.instances.map(\.id) == [1])
    let second = try #require(await ledger.claim(at: .at(10)))
    #expect(second.instances.map(\.id) == [1])
    _ = try await ledger.fail(1, token: second.lease.token, reason: "eio", at: .at(11))
    let third = try #require(await ledger.claim(at: .at(year)))
    #expect(third.instances.map(\.id) == [1])
    try await ledger.complete(1, token: third.lease.token, .analysed(third.instances[0]), at: .at(year))
    let fourth = try #require(await ledger.claim(at: .at(year)))
    try await ledger.complete(2, token: fourth.lease.token, .analysed(fourth.instances[0]), at: .at(2 * year))
    // Order is that of the commits.
    #expect(try await ledger.report(after: 0, limit: 9, history: true).map(\.instance) == [1, 2])
  }

  @Test(arguments: LedgerKind.allCases)
  func eachEndIsTheSameTheSecondTime(kind: LedgerKind) async throws {
    let (_, ledger) = try await ledger(kind)
    let claim = try #require(await ledger.claim(at: .at(20)))
    let completion = Completion.analysed(claim.instances[0], to: ["pacs"])
    try await ledger.complete(1, token: claim.lease.token, completion, at: .at(21))
    #expect(try await ledger.instances(.unfiled, after: 0, limit: 5).map(\.home) == [[0x66, 0xff, 1]])
    let before = try await ledger.picture()
    try await ledger.complete(1, token: claim.lease.token, completion, at: .at(22))
    #expect(try await ledger.picture() == before)
    try await ledger.file(1, at: .at(23))
    try await ledger.complete(1, token: claim.lease.token, completion, at: .at(24))
    try await ledger.file(1, at: .at(25))
    #expect(try await ledger.instances(.unfiled, after: 0, limit: 5).isEmpty)
    #expect(try await ledger.deliveries(of: 1).count == 1)
    await #expect(throws: LedgerError.unknown(row: 99)) { try await ledger.file(99, at: .at(26)) }
  }

  @Test(arguments: LedgerKind.allCases)
  func whoClaimsKeepsWhatHeHasInHand(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    _ = try await ledger.admit([.file(1), .file(2)], at: .at(0))
    func next(keeping tokens: [Int64], at now: Timestamp) async throws -> Claim? {
      try await ledger.claim(
        by: "a", limit: 1, order: .arrival, for: .seconds(60), keeping: tokens, at: now)
    }
    let first = try #require(await next(keeping: [], at: .at(20)))
    let token = first.lease.token
    // Soon afterwards nothing is written about it.
    let second = try #require(await next(keeping: [token], at: .at(21)))
    guard case .working(_, let lease)? = try await ledger.instance(1)?.state else {
      throw CancellationError()
    }
    #expect(lease == first.lease)
    try await ledger.release(token: second.lease.token, at: .at(22))
    // Long after its time, as behind a machine that stood still; and with a clock that was set back.
    for late in [Timestamp.at(10_000), .at(-10_000)] {
      let claim = try #require(await next(keeping: [token], at: late))
      #expect(claim.instances.map(\.id) == [2])
      guard case .working(_, let lease)? = try await ledger.instance(1)?.state else {
        throw CancellationError()
      }
      #expect(lease.token == token && lease.wait.since == late)
      try await ledger.release(token: claim.lease.token, at: late)
    }
    // A lease that is lost is nobody's to keep.
    try await ledger.recover(holder: "a", at: .at(-10_000))
    let again = try #require(await next(keeping: [token], at: .at(-10_000)))
    #expect(again.instances.map(\.id) == [1] && again.lease.token != token)
  }

  @Test(arguments: LedgerKind.allCases)
  func severalAreFiledTogether(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    _ = try await ledger.admit([.file(1, study: 1), .file(2, study: 1)], at: .at(0))
    let claim = try #require(await ledger.claim(at: .at(20)))
    for record in claim.instances {
      try await ledger.complete(record.id, token: claim.lease.token, .analysed(record), at: .at(21))
    }
    for _ in 1...2 { try await ledger.file([1, 2], at: .at(22)) }
    #expect(try await ledger.instances(.unfiled, after: 0, limit: 9).isEmpty)
    #expect(try await ledger.counts().analysed == 2)
  }
}
