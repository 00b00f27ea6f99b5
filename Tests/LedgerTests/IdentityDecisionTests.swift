import Files
import Ledger
import Testing

@Suite struct IdentityDecisionTests {
  private typealias Known = IdentityDecision.Known
  private func digest(_ byte: UInt8) -> ContentDigest { ContentDigest([UInt8](repeating: byte, count: 32))! }

  private func decide(
    _ content: UInt8, _ pixels: UInt8?, _ others: [Known], wanted: Bool = false
  ) -> IdentityDecision {
    .decide(
      digest(content), pixels: pixels.map(digest), same: others.first { $0.content == digest(content) },
      others: others, isWanted: wanted)
  }

  private func known(_ id: Int64, _ content: UInt8, _ pixels: UInt8?) -> Known {
    Known(id: id, content: digest(content), pixels: pixels.map(digest))
  }

  @Test func fiveKindsOfArrivals() {
    let first = known(1, 10, 20)
    #expect(decide(10, 20, []) == .new)
    #expect(decide(10, 20, [first]) == .known(1))
    #expect(decide(11, 20, [first]) == .amends(1))
    #expect(decide(11, 21, [first]) == .conflict(1))
    #expect(decide(11, nil, [first]) == .new)
  }

  @Test func anAmendmentAmendsTheLastOneThatCounts() {
    var conflict = known(3, 12, 29)
    conflict.isConflict = true
    let all = [known(1, 10, 20), known(2, 11, 20), conflict]
    #expect(decide(13, 20, all) == .amends(2))
    #expect(decide(13, 29, all) == .conflict(2))
    conflict.isConflict = false  // accepted
    #expect(decide(13, 29, [known(1, 10, 20), conflict]) == .amends(3))
    #expect(decide(13, 20, [known(1, 10, 20), conflict]) == .conflict(3))
  }

  @Test func whatHadNoPixelsDoesNotSpeakForTheUID() {
    #expect(decide(11, 20, [known(1, 10, nil)]) == .new)
  }

  @Test func onlyWhatWasRejectedIsReadAgainUnasked() {
    var first = known(1, 10, nil)
    first.isFiled = true
    #expect(decide(10, nil, [first]) == .known(1))
    #expect(decide(10, nil, [first], wanted: true) == .readAgain(1))
    first.isRejected = true
    #expect(decide(10, nil, [first]) == .readAgain(1))
    first.isFiled = false  // Its source is still being moved.
    #expect(decide(10, nil, [first]) == .known(1))
    #expect(decide(10, nil, [first], wanted: true) == .known(1))
  }

  @Test func aRejectedFileNeverHidesAGoodRow() {
    #expect(ReportOrder(.rejected, instance: 9) < ReportOrder(.analysed, instance: 1))
    #expect(ReportOrder(.analysed, instance: 1) < ReportOrder(.notAnalysed, instance: 2))
    #expect(ReportOrder(.rejected, instance: 1) < ReportOrder(.rejected, instance: 2))
  }

  @Test func aReadingIsComparedWithWhatCameBeforeUnlessSomebodyDecided() {
    var first = known(1, 10, 20)
    first.isUsable = true
    var second = known(2, 11, nil)
    #expect(IdentityDecision.compared(second, among: [first]) == 1)
    #expect(IdentityDecision.compared(first, among: [second]) == nil)
    second.isUsable = true
    let third = known(3, 12, nil)
    second.replaces = 1
    #expect(IdentityDecision.compared(third, among: [first, second]) == 2)
    // Accepted: it takes the place of whatever stands, though that came later.
    var accepted = known(0, 13, 29)
    #expect(IdentityDecision.compared(accepted, among: [first, second]) == nil)
    accepted.replaces = 1
    #expect(IdentityDecision.compared(accepted, among: [first, second]) == 2)
    first.isUsable = false
    #expect(IdentityDecision.compared(third, among: [first]) == nil)
    // One that came first and couldn't be read until now.
    #expect(IdentityDecision.compared(known(1, 14, nil), among: [third, second]) == 2)
  }

  @Test func onlyKnownPicturesCanConflict() {
    typealias Comparison = IdentityDecision.Comparison
    #expect(Comparison.of(digest(1), standing: digest(1), isAccepted: false) == .amends)
    #expect(Comparison.of(digest(1), standing: digest(2), isAccepted: false) == .conflict)
    #expect(Comparison.of(digest(1), standing: digest(2), isAccepted: true) == .amends)
    #expect(Comparison.of(nil, standing: digest(2), isAccepted: false) == .unrelated)
    #expect(Comparison.of(digest(1), standing: nil, isAccepted: false) == .unrelated)
  }
}
