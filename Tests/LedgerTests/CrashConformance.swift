import Files
import Ledger
import Testing

/// What every implementation of the ledger keeps: a crash between any two calls changes nothing in the end.
@Suite struct CrashConformance {
  @Test(arguments: LedgerKind.allCases)
  func aCrashBehindAnyCallEndsInTheSamePicture(kind: LedgerKind) async throws {
    var undisturbed = SmallDaemon(try LedgerSite(kind).open(), crashAt: nil)
    var gone = Set<[UInt8]>()
    try await undisturbed.run(gone: &gone)
    let expected = try await undisturbed.ledger.picture()
    #expect(expected.filter { $0.hasSuffix(" sent") }.count == 6)
    #expect(undisturbed.calls > 25)
    for call in 1...undisturbed.calls {
      let site = try LedgerSite(kind)
      var first = SmallDaemon(try site.open(), crashAt: call)
      gone = []
      await #expect(throws: SmallDaemon.Crash.self) { try await first.run(gone: &gone) }
      var second = SmallDaemon(try site.open(), crashAt: nil)
      try await second.run(gone: &gone)
      #expect(try await second.ledger.picture() == expected, "crash behind call \(call)")
      guard case .intact = try await second.ledger.verifyAudit() else {
        Issue.record("the trail broke at call \(call)")
        return
      }
    }
  }

  @Test(arguments: LedgerKind.allCases)
  func aCancelledTaskLearnsWhatWasCommitted(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      return try await ledger.admit([.file(1)], at: .at(0))
    }
    task.cancel()
    #expect(try await task.value == [.admitted(1)])
  }

  @Test(arguments: LedgerKind.allCases)
  func theTrailTellsEveryAttemptWithItsTime(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    _ = try await ledger.admit([.file(1)], at: .at(0))
    let first = try #require(await ledger.claim(at: .at(20)))
    _ = try await ledger.fail(1, token: first.lease.token, reason: "eio", at: .at(21))
    let second = try #require(await ledger.claim(at: .at(60)))
    try await ledger.complete(1, token: second.lease.token, .analysed(second.instances[0]), at: .at(61))
    try await ledger.file(1, at: .at(62))
    try await ledger.note("stopped", detail: "", at: .at(63))
    let trail = try await ledger.audit(of: 1, after: 0, limit: 100)
    #expect(trail.map(\.event) == ["admitted", "claimed", "failed", "claimed", "completed", "filed"])
    #expect(trail.map(\.at) == [0, 20, 21, 60, 61, 62].map { .at($0) })
    #expect(trail[2].detail.hasSuffix("eio"))
    let all = try await ledger.audit(of: nil, after: 3, limit: 100)
    #expect(all.map(\.number) == [4, 5, 6, 7])
    #expect(try await ledger.verifyAudit() == .intact(lines: 7, head: all[3].hash))
  }
}
