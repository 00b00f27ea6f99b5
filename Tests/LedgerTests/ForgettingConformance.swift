import Files
import Ledger
import Testing

/// What every implementation of the ledger remembers of rows that it has forgotten.
@Suite struct ForgettingConformance {
  /// Reads and files these images, in their order.
  private func read(_ contents: ClosedRange<Int>, _ ledger: any StudyLedger) async throws {
    _ = try await ledger.admit(contents.map { .file($0) }, at: .at(0))
    while let claim = try await ledger.claim(at: .at(20)) {
      for instance in claim.instances {
        try await ledger.complete(
          instance.id, token: claim.lease.token, .analysed(instance), at: .at(20))
        try await ledger.file(instance.id, at: .at(20))
      }
    }
  }

  private func extent(_ ledger: any StudyLedger) async throws -> [Int64] {
    let extent = try await ledger.reportExtent()
    return [extent.last, extent.forgotten]
  }

  @Test(arguments: LedgerKind.allCases)
  func whatIsForgottenIsCountedAndMakesTheReportNoShorter(kind: LedgerKind) async throws {
    let site = try LedgerSite(kind)
    let ledger = try site.open()
    #expect(try await extent(ledger) == [0, 0])
    try await read(1...4, ledger)
    let cursors = try await ledger.report(after: 0, limit: 9, history: true).map(\.cursor)
    let last = try #require(cursors.last)
    #expect(cursors.count == 4)
    #expect(try await extent(ledger) == [last, 0])
    // From the middle, from the end, and what is forgotten already.
    #expect(try await ledger.forget([2], at: .at(30)) == [2])
    #expect(try await extent(ledger) == [last, 1])
    #expect(try await ledger.forget([2, 4], at: .at(31)) == [4])
    #expect(try await extent(ledger) == [last, 2])
    #expect(try await ledger.forget([2, 4], at: .at(32)) == [])
    #expect(try await extent(ledger) == [last, 2])
    #expect(try await ledger.forget([1, 3], at: .at(33)) == [1, 3])
    #expect(try await ledger.report(after: 0, limit: 9, history: true).isEmpty)
    // A later start finds it so, and no row has a number that one had before.
    let next = try site.open()
    #expect(try await extent(next) == [last, 4])
    try await read(5...5, next)
    let cursor = try #require(try await next.report(after: 0, limit: 9, history: true).first?.cursor)
    #expect(cursor > last)
    #expect(try await extent(next) == [cursor, 4])
    guard case .intact = try await next.verifyAudit() else {
      Issue.record("the trail is broken")
      return
    }
  }
}
