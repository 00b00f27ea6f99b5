import Daemon
import Ledger
import Testing

@Suite("How far sources were deleted") struct RetentionPlaceTests {
  private func time(_ hours: Int64) -> Timestamp {
    Timestamp(milliseconds: 1_700_000_000_000 + hours * 3_600_000)
  }
  private func mark(_ id: Int64) -> PrunableInstance.Mark { .init(finishedAt: time(0), id: id) }

  @Test("a pass goes on behind the last one, once a day from the beginning")
  func place() {
    var place = RetentionPlace()
    #expect(place.sources(at: time(0)) == nil)
    place.sourcesAreGone(to: mark(5), at: time(0))
    #expect(place.sources(at: time(1)) == mark(5))
    place.sourcesAreGone(to: mark(9), at: time(1))
    #expect(place.sources(at: time(23)) == mark(9))
    #expect(place.sources(at: time(24)) == nil)
    place.sourcesAreGone(to: mark(9), at: time(24))
    #expect(place.sources(at: time(25)) == mark(9))
  }

  @Test("a clock that was set back tells of nothing")
  func clock() {
    var place = RetentionPlace()
    place.sourcesAreGone(to: mark(5), at: time(0))
    #expect(place.sources(at: time(-1)) == nil)
  }

  @Test("nothing was there")
  func empty() {
    var place = RetentionPlace()
    place.sourcesAreGone(to: nil, at: time(0))
    #expect(place.sources(at: time(1)) == nil)
  }
}
