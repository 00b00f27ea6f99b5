import Ledger
import Testing

/// What every implementation of the ledger keeps: one holder at a time has a duty.
@Suite struct DutyConformance {
  @Test(arguments: LedgerKind.allCases)
  func oneHasItUntilHeLaysItDownOrFallsSilent(kind: LedgerKind) async throws {
    let site = try LedgerSite(kind)
    let (first, second) = (try site.open(), try site.open())
    #expect(try await first.takeOn("report", by: "a", for: .seconds(60), at: .at(0)))
    #expect(try await second.takeOn("report", by: "b", for: .seconds(60), at: .at(59)) == false)
    #expect(try await second.takeOn("retention", by: "b", for: .seconds(60), at: .at(59)))
    // It goes on with it.
    #expect(try await first.takeOn("report", by: "a", for: .seconds(60), at: .at(59)))
    #expect(try await second.takeOn("report", by: "b", for: .seconds(60), at: .at(118)) == false)
    #expect(try await second.duties().map(\.holder) == ["a", "b"])
    // It falls silent, and what it lays down then isn't its own.
    #expect(try await second.takeOn("report", by: "b", for: .seconds(60), at: .at(119)))
    try await first.layDown("report", by: "a", at: .at(120))
    #expect(try await first.takeOn("report", by: "a", for: .seconds(60), at: .at(120)) == false)
    try await second.layDown("report", by: "b", at: .at(121))
    #expect(try await first.takeOn("report", by: "a", for: .seconds(60), at: .at(121)))
    // A clock that steps back by more than it lasts doesn't prolong it.
    #expect(try await second.takeOn("report", by: "b", for: .seconds(60), at: .at(-86400)))
  }

  @Test(arguments: LedgerKind.allCases)
  func ofManyThatComeAtOnceOneHasIt(kind: LedgerKind) async throws {
    let site = try LedgerSite(kind)
    let ledgers = try (0..<4).map { _ in try site.open() }
    for round in 0..<10 {
      let taken = try await withThrowingTaskGroup(of: Bool.self) { group in
        for (index, ledger) in ledgers.enumerated() {
          group.addTask {
            try await ledger.takeOn("duty \(round)", by: "\(index)", for: .seconds(60), at: .at(0))
          }
        }
        return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
      #expect(taken == 1)
    }
  }
}
