import Daemon
import Testing

@Suite struct BreakerTests {
  private func isSpared(_ file: Int64, again: Bool, _ breaker: inout Breaker) -> Bool {
    breaker.workerLost(on: file, isRepeated: again)
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

  @Test func aSecondDeathProvesNothingWhileOthersDieToo() {
    var breaker = Breaker()
    _ = breaker.workerLost(on: 1, isRepeated: false)
    _ = breaker.workerLost(on: 2, isRepeated: false)
    #expect(isSpared(1, again: true, &breaker))
    breaker.workerAnswered()
    #expect(!isSpared(1, again: true, &breaker))
  }

  @Test func whatIsBlamedIsNoLongerCounted() {
    var breaker = Breaker()
    _ = breaker.workerLost(on: 1, isRepeated: true)
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
