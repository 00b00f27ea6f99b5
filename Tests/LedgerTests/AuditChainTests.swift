import Files
import Ledger
import Testing

@Suite struct AuditChainTests {
  private func lines() -> [AuditEntry] {
    var chain = AuditChain()
    return (1...5).map { chain.append("event", instance: Int64($0), detail: "d", at: .at(Int64($0))) }
  }

  private func verify(_ lines: [AuditEntry]) -> AuditChain.Break? {
    var chain = AuditChain()
    for line in lines { if let fault = chain.follow(line) { return fault } }
    return nil
  }

  private func altered(
    _ line: AuditEntry, at: Timestamp? = nil, event: String? = nil, instance: Int64?? = nil,
    detail: String? = nil
  ) -> AuditEntry {
    AuditEntry(
      number: line.number, at: at ?? line.at, event: event ?? line.event, instance: instance ?? line.instance,
      detail: detail ?? line.detail, hash: line.hash)
  }

  @Test func anUntouchedChainHolds() { #expect(verify(lines()) == nil) }

  @Test func everyFieldIsHeld() {
    let line = lines()[2]
    let others = [
      altered(line, at: .at(99)), altered(line, event: "x"), altered(line, instance: 9),
      altered(line, instance: .some(nil)), altered(line, detail: "x"),
      // Text that moves from one field into the next.
      altered(line, event: "eventd", detail: ""),
    ]
    for other in others {
      var all = lines()
      all[2] = other
      #expect(verify(all) == .altered(3))
    }
  }

  @Test func aMissingLineIsMissed() {
    var all = lines()
    all.remove(at: 2)
    #expect(verify(all) == .missing(before: 4))
    all = lines()
    all.swapAt(1, 2)
    #expect(verify(all) == .missing(before: 3))
  }

  /// Made with Python: hashlib.sha256(bytes(32) + struct.pack(">qqq", 1, 1000, -1) + struct.pack(">q", 5)
  /// + b"start" + struct.pack(">q", 0)).hexdigest()
  @Test func theFirstHashIsThatOfTheDescription() {
    var chain = AuditChain()
    let entry = chain.append("start", instance: nil, detail: "", at: Timestamp(milliseconds: 1000))
    #expect(entry.hash.description == "29a0aa506496c7b155820bc46a12ffade40251e5705bc629bac6646be2179c93")
  }
}
