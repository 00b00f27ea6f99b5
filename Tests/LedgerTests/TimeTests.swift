import Ledger
import Testing

@Suite struct TimeTests {
  private func at(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

  @Test func aWaitEndsInTimeAndBoundedWhateverTheClockDoes() {
    let wait = Wait(from: at(1000), lasting: .seconds(10))
    #expect(!wait.isOver(at: at(1000)))
    #expect(!wait.isOver(at: at(1009)))
    #expect(wait.isOver(at: at(1010)))
    // Two hosts' clocks differ by a little.
    #expect(!wait.isOver(at: at(995)))
    #expect(!wait.isOver(at: at(990)))
    // A clock that stepped back.
    #expect(wait.isOver(at: at(989)))
    #expect(wait.isOver(at: at(-100_000)))
  }

  @Test func backOffDoublesUpToItsCap() {
    let backOff = BackOff(first: .seconds(10), longest: .seconds(60), limit: 6)
    let waits = (1...7).map { attempts in
      backOff.wait(after: attempts, from: at(0)).map { $0.until.milliseconds / 1000 }
    }
    #expect(waits == [10, 20, 40, 60, 60, nil, nil])
    let unlimited = BackOff(first: .seconds(10), longest: .seconds(60), limit: nil)
    #expect(unlimited.wait(after: 10_000, from: at(0))?.until == at(60))
  }

  @Test func aStudyIsCompleteWhenQuietOrAfterTheLongestTime() {
    let rules = LedgerRules()
    var gathering = Gathering.arrival(nil, at: at(0), rules: rules)
    #expect(gathering.wait.until == at(10))
    gathering = .arrival(gathering, at: at(8), rules: rules)
    #expect(gathering.wait.until == at(18))
    for second in 9...119 { gathering = .arrival(gathering, at: at(Int64(second)), rules: rules) }
    #expect(gathering.wait.until == at(120))
    #expect(gathering.firstArrival == at(0))
  }

  @Test func aStudyGathersAnewWhenTheClockStepsBack() {
    let rules = LedgerRules()
    var gathering = Gathering.arrival(nil, at: at(100_000), rules: rules)
    gathering = .arrival(gathering, at: at(50), rules: rules)
    #expect(gathering.wait.until == at(60))
  }

  @Test func fairDrawsTakeTurns() {
    #expect((0..<4).map { DrawOrder.fair.takesNewest(token: $0) } == [true, false, true, false])
    #expect(!(0..<4).contains { DrawOrder.arrival.takesNewest(token: $0) })
  }
}
