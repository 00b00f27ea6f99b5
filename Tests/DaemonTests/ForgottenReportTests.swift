import Analysis
import Daemon
import Files
import Foundation
import Ledger
import Synchronization
import Testing

/// The report of a ledger that has forgotten images while nobody could take their rows out of it.
@Suite struct ForgottenReportTests {
  private let fixture: DeliveryFixture
  private var root: TemporaryFolder { fixture.root }
  private var ledger: SQLiteLedger { fixture.desk.ledger }
  private let report: ReportProjection

  init() throws {
    fixture = try DeliveryFixture()
    report = ReportProjection(fixture.folders)
  }

  /// Reads one image, whose row has this name as its reason.
  private func read(_ name: String, _ ledger: SQLiteLedger, at now: Timestamp = .now) async throws {
    var row = fixture.row(.analysed, uid: "1." + name)
    row.outputs = []
    row.reason = name
    _ = try await ledger.admit(
      [
        Admission(
          content: ContentDigest(of: name), sopInstanceUID: "1." + name, spooled: Array(name.utf8),
          sender: Array(name.utf8))
      ], at: now)
    let claim = try #require(
      try await ledger.claim(by: "a", limit: 1, order: .arrival, for: .seconds(60), keeping: [], at: now))
    try await ledger.complete(
      claim.instances[0].id, token: claim.lease.token,
      Completion(.analysed, record: Array(ReportCSV.record(row).utf8), home: []), at: now)
    try await ledger.file([claim.instances[0].id], at: now)
  }

  /// Three images that are in the report.
  private func readThree() async throws {
    for name in ["a", "b", "c"] { try await read(name, ledger) }
    try await report.update(from: ledger)
    #expect(notes("report.csv") == ["a", "b", "c"])
  }

  /// So many of the oldest.
  private func forget(_ count: Int, in ledger: SQLiteLedger) async throws {
    let time = Timestamp.now + .seconds(60)
    let gone = try await ledger.prunable(before: time, after: nil, limit: count).map(\.instance.id)
    #expect(gone.count == count)
    #expect(try await ledger.forget(gone, at: .now) == gone)
  }

  private func notes(_ file: String) -> [String]? {
    root.read("outbox/" + file)?.components(separatedBy: "\r\n").dropFirst().filter { !$0.isEmpty }
      .map { $0.components(separatedBy: ",")[8] }
  }

  private var aside: [String] { root.files(under: "outbox").filter { $0.contains(".aside-") } }

  /// As an earlier version left it.
  private func makeMarkEarlier() throws {
    let text = try #require(root.read("ledger/report.json"))
    guard let number = text.firstMatch(of: /"forgotten":\d+/) else {
      Issue.record("the mark has no such number: \(text)")
      return
    }
    try root.write(
      text.replacingOccurrences(of: "\(number.output),", with: "")
        .replacingOccurrences(of: ",\(number.output)", with: ""), "ledger/report.json")
    #expect(root.read("ledger/report.json")?.contains("forgotten") == false)
  }

  @Test(arguments: [1, 2, 3], [false, true])
  func whatWasForgottenBetweenTwoStartsGoes(count: Int, markIsEarlier: Bool) async throws {
    try await readThree()
    try await forget(count, in: ledger)
    if markIsEarlier { try makeMarkEarlier() }
    let next = ReportProjection(fixture.folders)
    for _ in 1...2 { try await next.update(from: ledger) }
    #expect(notes("report.csv") == Array(["a", "b", "c"].dropFirst(count)))
    #expect(await next.takeRemarks() == [] && aside == [])
    try await read("d", ledger)
    try await next.update(from: ledger)
    #expect(notes("report.csv") == Array(["a", "b", "c", "d"].dropFirst(count)))
    #expect(await next.takeRemarks() == [] && aside == [])
  }

  /// An earlier version didn't count what it forgot, nor say in the mark that it did: the trail tells.
  @Test func rowsThatAnEarlierVersionForgotMakeNoLedgerOlder() async throws {
    let other = try DeliveryFixture()
    try await read("x", other.desk.ledger)
    try await forget(1, in: other.desk.ledger)
    try await readThree()
    try makeMarkEarlier()
    try await report.update(from: other.desk.ledger)
    #expect(notes("report.csv") == [])
    #expect(await report.takeRemarks() == [] && aside == [])
  }

  @Test(arguments: [false, true]) func anOlderLedgerIsStillTold(markIsEarlier: Bool) async throws {
    let older = try DeliveryFixture()
    try await read("a", older.desk.ledger)
    try await readThree()
    if markIsEarlier { try makeMarkEarlier() }
    try await report.update(from: older.desk.ledger)
    #expect(notes("report.csv") == ["a"])
    let name = try #require(aside.first)
    #expect(aside.count == 1 && notes(name) == ["a", "b", "c"])
    #expect(await report.takeRemarks() == [.ledgerIsOlder(name)])
  }

  /// The one that was put back has forgotten, too, or the one before it had.
  @Test(arguments: [false, true]) func anOlderLedgerThatForgotIsStillTold(olderForgot: Bool) async throws {
    let older = try DeliveryFixture()
    for name in ["a", "b"] { try await read(name, older.desk.ledger) }
    try await readThree()
    try await forget(1, in: olderForgot ? older.desk.ledger : ledger)
    try await report.update(from: ledger)
    // Also where it is looked at for the sake of what was forgotten.
    try await report.prune(from: older.desk.ledger)
    #expect(notes("report.csv") == (olderForgot ? ["b"] : ["a", "b"]))
    let name = try #require(aside.first)
    #expect(aside.count == 1 && notes(name) == (olderForgot ? ["a", "b", "c"] : ["b", "c"]))
    #expect(await report.takeRemarks() == [.ledgerIsOlder(name)])
    for _ in 1...2 { try await report.update(from: older.desk.ledger) }
    #expect(aside.count == 1)
  }

  @Test(arguments: [1, 3]) func whileSomebodyHoldsItItIsOwed(count: Int) async throws {
    try await readThree()
    try await forget(count, in: ledger)
    try await pruneHeld()
    #expect(notes("report.csv") == ["a", "b", "c"])
    try await ReportProjection(fixture.folders).prune(from: ledger)
    #expect(notes("report.csv") == Array(["a", "b", "c"].dropFirst(count)) && aside == [])
  }

  private func pruneHeld() async throws {
    let place = fixture.folders.ledger.appending(path: "report.lock")
    guard let held = try await ReportLock.taken(place, within: .zero) else {
      Issue.record("somebody holds it")
      return
    }
    defer { extendLifetime(held) }
    #expect(try await !report.prune(from: ledger, patience: .zero))
  }

  @Test func whatBreaksOffIsDoneTheNextTime() async throws {
    try await readThree()
    try await forget(2, in: ledger)
    let dying = CrashingLedger(ledger, last: 1, isAnswerLost: false)
    await #expect(throws: LedgerError.self) { try await report.prune(from: dying) }
    #expect(notes("report.csv") == ["a", "b", "c"])
    // Writing all of it doesn't make it forget what it owes.
    try await report.rewrite(from: ledger)
    try await report.prune(from: ledger)
    #expect(notes("report.csv") == ["c"] && aside == [])
  }

  @Test func whereNothingWasForgottenNothingIsWritten() async throws {
    try await readThree()
    let text = try #require(root.read("outbox/report.csv")) + "a line of somebody's\r\n"
    try root.write(text, "outbox/report.csv")
    try await report.prune(from: ledger)
    #expect(root.read("outbox/report.csv") == text)
  }

  /// Whether it goes on by day, or is one file again.
  @Test(arguments: [false, true]) func copiesThatSomebodyMadeStay(markIsEarlier: Bool) async throws {
    try await readThree()
    let copies = ["report-2020-01-01.csv", "report-\(Timestamp.now.day).csv"]
    let whole = try #require(fixture.root.read("outbox/report.csv"))
    for name in copies { try fixture.root.write(whole, "outbox/" + name) }
    if markIsEarlier { try makeMarkEarlier() }
    let report = ReportProjection(fixture.folders)
    try await report.update(from: ledger)
    try await forget(2, in: ledger)
    for _ in 1...2 { try await report.update(from: ledger) }
    for name in copies { #expect(fixture.root.read("outbox/" + name) == whole) }
    #expect(notes("report.csv")?.count == 1 && aside == [])
  }

  @Test(arguments: [true, false], [1, 2]) func filesOfDaysGoAtTheNextStart(isByDay: Bool, count: Int)
    async throws
  {
    let first = Timestamp(milliseconds: 1_795_000_000_000)
    let present = Mutex(first)
    let report = ReportProjection(fixture.folders, isByDay: true) { present.withLock(\.self) }
    for name in ["a", "b"] { try await read(name, ledger, at: first) }
    try await report.update(from: ledger)
    let second = first + .seconds(86_400)
    present.withLock { $0 = second }
    try await read("c", ledger, at: second)
    try await report.update(from: ledger)
    let file = "report-\(first.day).csv"
    #expect(notes(file) == ["a", "b"] && notes("report.csv") == ["c"])
    let gone = try await ledger.prunable(before: second, after: nil, limit: count).map(\.instance.id)
    #expect(try await ledger.forget(gone, at: second).count == count)
    let next = ReportProjection(fixture.folders, isByDay: isByDay) { second }
    // Where all is asked for first, the day's file is owed yet.
    if count == 2 { try await next.rewrite(from: ledger) }
    for _ in 1...2 { try await next.update(from: ledger) }
    #expect(notes(file) == (count == 1 ? ["b"] : nil))
    #expect(notes("report.csv") == (isByDay || count == 2 ? ["c"] : ["b", "c"]))
    #expect(aside == [])
  }
}
