import Daemon
import Testing

@Suite struct BreakerTests {
  private func isSpared(_ file: Int64, again: Bool, _ breaker: inout Breaker) -> Bool {
    breaker.workerLost(on: file, of: "\(file)", isRepeated: again)
  }

  @Test func oneFileAloneIsToBlame() {
    var breaker = Breaker()
    #expect(!isSpared(1, again: false, &breaker))
    #expect(!isSpared(1, again: true, &breaker))
  }

  @Test func afterThreeFilesNoneIsToBlame() {
    var breaker = Breaker()
    #expect(!isSpared(1, again: false, &breaker))
    #expect(!isSpared(2, again: false, &breaker))
    #expect(isSpared(3, again: false, &breaker))
    #expect(breaker.filesLost == 3)
  }

  @Test func theFilesOfOneStudyAreOneWitness() {
    var breaker = Breaker()
    for file: Int64 in 1...5 {
      let isSpared = breaker.workerLost(on: file, of: "9.1", isRepeated: false)
      #expect(!isSpared)
    }
    // Each is blamed for its second death, for no other study dies.
    for file: Int64 in 1...5 {
      let isSpared = breaker.workerLost(on: file, of: "9.1", isRepeated: true)
      #expect(!isSpared)
      breaker.blamed(file)
    }
    _ = breaker.workerLost(on: 6, of: "9.1", isRepeated: false)
    _ = breaker.workerLost(on: 7, of: "9.2", isRepeated: false)
    let isThirdSpared = breaker.workerLost(on: 8, of: "9.3", isRepeated: false)
    #expect(isThirdSpared)
  }

  @Test func aSecondDeathProvesNothingWhileOthersDieToo() {
    var breaker = Breaker()
    _ = breaker.workerLost(on: 1, of: "1", isRepeated: false)
    _ = breaker.workerLost(on: 2, of: "2", isRepeated: false)
    #expect(isSpared(1, again: true, &breaker))
    breaker.workerAnswered()
    #expect(!isSpared(1, again: true, &breaker))
  }

  @Test func whatIsBlamedIsNoLongerCounted() {
    var breaker = Breaker()
    _ = breaker.workerLost(on: 1, of: "1", isRepeated: true)
    breaker.blamed(1)
    #expect(!isSpared(2, again: false, &breaker))
    #expect(!isSpared(2, again: true, &breaker))
  }

  @Test func waitsDoubleToFiveMinutesAndBeginAnew() {
    var breaker = Breaker()
    let waits = (1...8).map { _ in breaker.failed().components.seconds }
    #expect(waits == [5, 10, 20, 40, 80, 160, 300, 300])
    breaker.succeeded()
    let first = breaker.failed()
    #expect(first == .seconds(5))
  }
}
