import Daemon
import Testing

@Suite("When a study is complete")
struct StudyAssemblyTests {
  private let start = ContinuousClock.now
  private let empty = StudyAssembly<String>(quietTime: .seconds(2), longestWait: .seconds(10))

  private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

  @Test("no file for the quiet time")
  func quiet() {
    var studies = empty
    studies.add("a1", toStudy: "A", at: at(0))
    studies.add("b1", toStudy: "B", at: at(1))
    studies.add("a2", toStudy: "A", at: at(1.5))
    #expect(studies.takeReady(at: at(2.9)) == [])
    #expect(studies.takeReady(at: at(3)) == [["b1"]])
    #expect(studies.takeReady(at: at(3.5)) == [["a1", "a2"]])
    #expect(studies.isEmpty)
  }

  @Test("a sender that never stops doesn't hold it up")
  func longestWait() {
    var studies = empty
    for second in 0...10 { studies.add("a\(second)", toStudy: "A", at: at(Double(second))) }
    #expect(studies.takeReady(at: at(9.9)) == [])
    #expect(studies.takeReady(at: at(10)).first?.count == 11)
  }

  @Test("the longest waiting comes first; all can be taken at once")
  func order() {
    var studies = empty
    studies.add("b", toStudy: "B", at: at(0))
    studies.add("a", toStudy: "A", at: at(1))
    #expect(studies.takeAll() == [["b"], ["a"]])
    #expect(studies.isEmpty)
  }
}
