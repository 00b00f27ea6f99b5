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

  @Test func theNewestIsWhatCameLastNotWhatWasAdmittedLast() async throws {
    let ledger = try LedgerSite(.sqlite).open()
    var fresh = Admission.file(5000)
    fresh.arrival = 2
    let newest = try await ledger.admit([fresh], at: .at(0))
    guard case .admitted(let id)? = newest.first else { throw LedgerError.unknown(row: 0) }
    // The rest of a backlog that was there before it.
    for start in stride(from: 0, to: 3000, by: 500) {
      let rest = (start..<start + 500).map { number in
        var file = Admission.file(number + 1)
        file.arrival = 1
        return file
      }
      _ = try await ledger.admit(rest, at: .at(Int64(1 + start / 500)))
    }
    #expect(try await ledger.counts().lastArrival == 2)
    var drawn: [Int64] = []
    for _ in 1...2 { drawn += try await ledger.claim(at: .at(200), order: .fair)?.instances.map(\.id) ?? [] }
    #expect(drawn.contains(id))
    let oldest = try await ledger.claim(at: .at(200), order: .arrival)
    #expect(oldest?.instances.first?.id != id)
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
