import Experiments
import Foundation
import TestSupport
import Testing
import Training

/// Who trains a cell, where several tasks share a folder.
@Suite struct ClaimTests {
  private typealias Sighting = CellClaim.Sighting

  @Test func oneOfManyGetsIt() async throws {
    let folder = try TestEnvironment.temporaryFolder()
    let won = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<40 {
        group.addTask {
          var unseen: Sighting?
          return try CellClaim(folder, seen: &unseen, lease: .seconds(100)) != nil
        }
      }
      return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(won == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["claim-1"])
  }

  @Test func aSilentOwnerIsReplacedAfterTheLeaseAndNoSooner() throws {
    let folder = try TestEnvironment.temporaryFolder()
    var (own, sighting): (Sighting?, Sighting?) = (nil, nil)
    let start = ContinuousClock.now
    #expect(try CellClaim(folder, seen: &own, lease: .seconds(100)) != nil)
    func other(_ seconds: Int) throws -> CellClaim? {
      try CellClaim(folder, seen: &sighting, lease: .seconds(100), now: start + .seconds(seconds))
    }
    // By the clock of whoever waits, from when he saw it first.
    #expect(try other(50) == nil)
    #expect(try other(149) == nil)
    #expect(try #require(try other(151)).generation == 2)
  }

  @Test func anOwnerThatLivesIsNotReplaced() async throws {
    let folder = try TestEnvironment.temporaryFolder()
    var (own, sighting): (Sighting?, Sighting?) = (nil, nil)
    let claim = try #require(try CellClaim(folder, seen: &own, lease: .milliseconds(20)))
    let keeping = Task { try await claim.keep() }
    let start = ContinuousClock.now
    var content = try Data(contentsOf: folder.appending(path: "claim-1"))
    for round in 1...3 {
      #expect(
        try CellClaim(
          folder, seen: &sighting, lease: .seconds(100), now: start + .seconds(200 * round)) == nil)
      // The next beat, however long that takes here.
      while try Data(contentsOf: folder.appending(path: "claim-1")) == content {
        try await Task.sleep(for: .milliseconds(2))
      }
      content = try Data(contentsOf: folder.appending(path: "claim-1"))
    }
    keeping.cancel()
    await #expect(throws: CancellationError.self) { try await keeping.value }
  }

  @Test func whatIsGivenBackIsFreeAtOnce() throws {
    let folder = try TestEnvironment.temporaryFolder()
    var (own, sighting): (Sighting?, Sighting?) = (nil, nil)
    try #require(try CellClaim(folder, seen: &own, lease: .seconds(100))).giveBack()
    #expect(try CellClaim(folder, seen: &sighting, lease: .seconds(100)) != nil)
  }

  @Test func anOwnerThatWakesTooLateStops() async throws {
    let folder = try TestEnvironment.temporaryFolder()
    var (own, sighting): (Sighting?, Sighting?) = (nil, nil)
    let slept = try #require(try CellClaim(folder, seen: &own, lease: .milliseconds(20)))
    _ = try CellClaim(folder, seen: &sighting, lease: .seconds(1))
    let taken = try CellClaim(folder, seen: &sighting, lease: .seconds(1), now: .now + .seconds(2))
    #expect(taken?.generation == 2)
    await #expect(throws: CellClaim.Lost.self) { try await slept.keep() }
    await #expect(throws: CellClaim.Lost.self) {
      try await slept.holding {
        // Until it is told to stop.
        try? await Task.sleep(for: .seconds(1000))
        return 1
      }
    }
  }

  @Test func aDamagedClaimIsAsGoodAsSilent() throws {
    let folder = try TestEnvironment.temporaryFolder()
    try Data("half".utf8).write(to: folder.appending(path: "claim-7"))
    var sighting: Sighting?
    let start = ContinuousClock.now
    #expect(try CellClaim(folder, seen: &sighting, lease: .seconds(10), now: start) == nil)
    let claim = try CellClaim(folder, seen: &sighting, lease: .seconds(10), now: start + .seconds(11))
    #expect(claim?.generation == 8)
  }

  @Test func sharesTogetherAreAllCells() throws {
    for count in [1, 2, 3, 7] {
      for number in 1...count {
        let share = try #require(ExperimentShare("\(number)/\(count)", lease: .seconds(1)))
        let order = share.order(Array(0..<10))
        #expect(order.sorted() == Array(0..<10))
        let own = (0..<10).filter { $0 % count == number - 1 }
        #expect(Array(order.prefix(own.count)) == own)
      }
    }
    for text in ["0/2", "3/2", "1", "1/0", "a/b", "1/2/3", "-1/2", "1/20000"] {
      #expect(ExperimentShare(text, lease: .seconds(1)) == nil, "\(text)")
    }
  }
}
