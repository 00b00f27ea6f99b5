import Files
import Ledger
import Testing

/// A backlog is taken up in portions.
@Suite struct BacklogTests {
  @Test func theNewestStudyIsDrawnSoonHoweverManyWait() async throws {
    let ledger = try LedgerSite(.sqlite).open()
    for start in stride(from: 0, to: 3000, by: 500) {
      _ = try await ledger.admit((start..<start + 500).map { .file($0 + 1) }, at: .at(0))
    }
    let newest = try await ledger.admit([.file(5000)], at: .at(100))
    guard case .admitted(let id)? = newest.first else { throw LedgerError.unknown(row: 0) }
    var drawn: [Int64] = []
    for _ in 1...2 {
      let claim = try await ledger.claim(at: .at(200), order: .fair)
      drawn += claim?.instances.map(\.id) ?? []
    }
    #expect(drawn.contains(id))
    #expect(try await ledger.counts().queued == 2999)
  }

  @Test func everyStudyGetsItsTurn() async throws {
    let ledger = try LedgerSite(.sqlite).open()
    _ = try await ledger.admit((1...700).map { .file($0) }, at: .at(0))
    var drawn: Set<Int64> = []
    while let claim = try await ledger.claim(at: .at(200), order: .fair) {
      drawn.formUnion(claim.instances.map(\.id))
    }
    #expect(drawn == Set(1...700))
  }
}
