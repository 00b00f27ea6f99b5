import Daemon
import Testing

@Suite("Whom trouble is blamed on") struct SuspicionTests {
  @Test("a destination that takes nothing is at fault, however often it is tried")
  func destination() {
    var suspicion = Suspicion()
    for _ in 0..<50 { #expect(suspicion.failed(1) == .destination) }
    // Others that fail are no witnesses.
    for id in Int64(2)..<1000 { #expect(suspicion.failed(id) == .destination) }
    #expect(suspicion.failed(1) == .destination)
  }

  @Test("an object that fails between others that pass is at fault, and after three times for good")
  func object() {
    var suspicion = Suspicion()
    #expect(suspicion.failed(1) == .destination)
    suspicion.passed(2)
    #expect(suspicion.failed(1) == .object(isForGood: false))
    // Each time it takes a witness of its own.
    #expect(suspicion.failed(1) == .destination)
    suspicion.passed(3)
    #expect(suspicion.failed(1) == .object(isForGood: false))
    suspicion.passed(4)
    #expect(suspicion.failed(1) == .object(isForGood: true))
    #expect(suspicion == Suspicion())
  }

  @Test("one that passes is no suspect any more")
  func acquitted() {
    var suspicion = Suspicion()
    _ = suspicion.failed(1)
    suspicion.passed(1)
    suspicion.passed(2)
    #expect(suspicion.failed(1) == .destination)
  }

  @Test("a witness goes first, then those who are suspected")
  func order() {
    var suspicion = Suspicion()
    #expect(suspicion.ordered([1, 2, 3], id: \.self) == [1, 2, 3])
    _ = suspicion.failed(1)
    _ = suspicion.failed(3)
    #expect(suspicion.ordered([1, 2, 3, 4], id: \.self) == [2, 1, 3, 4])
    #expect(suspicion.ordered([1], id: \.self) == [1])
  }
}
