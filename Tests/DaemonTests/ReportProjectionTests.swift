import Analysis
import Daemon
import Files
import Foundation
import Glibc
import Ledger
import Synchronization
import Testing

@Suite struct ReportProjectionTests {
  private let fixture: DeliveryFixture
  private var root: TemporaryFolder { fixture.root }
  private var ledger: SQLiteLedger { fixture.desk.ledger }
  private let report: ReportProjection

  init() throws {
    fixture = try DeliveryFixture()
    report = ReportProjection(fixture.folders)
  }

  private func row(_ uid: String, _ status: ReportRow.Status = .analysed, _ note: String = "") -> ReportRow {
    var row = fixture.row(status, uid: uid)
    row.outputs = []
    row.reason = note
    return row
  }

  /// Reads the image `uid` from a file with this content.
  private func read(
    _ uid: String, _ content: String, _ status: ReportRow.Status = .analysed, at now: Timestamp = .now
  ) async throws {
    let row = row(uid, status, content)
    _ = try await ledger.admit(
      [
        Admission(
          content: ContentDigest(of: content), sopInstanceUID: uid, spooled: Array(content.utf8),
          sender: Array(content.utf8))
      ], at: now)
    let claim = try #require(
      try await ledger.claim(by: "a", limit: 1, order: .arrival, for: .seconds(60), keeping: [], at: now))
    try await ledger.complete(
      claim.instances[0].id, token: claim.lease.token,
      Completion(
        status == .analysed ? .analysed : .rejected, record: Array(ReportCSV.record(row).utf8), home: []),
      at: now)
    try await ledger.file([claim.instances[0].id], at: now)
  }

  private var notes: [String] { fixture.rows.map { $0.components(separatedBy: ",")[8] } }

  @Test func rowsAreAppendedAndNothingIsWrittenTwice() async throws {
    for name in ["a", "b", "c"] {
      try await read("1." + name, name)
      for _ in 1...2 { try await report.update(from: ledger) }
    }
    #expect(notes == ["a", "b", "c"])
  }

  @Test func aRowThatGaveWayGoes() async throws {
    try await read("1.1", "cut", .rejected)
    try await read("1.2", "other")
    try await report.update(from: ledger)
    #expect(notes == ["cut", "other"])
    try await read("1.1", "whole")
    try await report.update(from: ledger)
    #expect(notes == ["other", "whole"])
    let all = try await ledger.report(after: 0, limit: 10, history: true)
    #expect(all.map(\.isCurrent) == [false, true, true])
  }

  @Test func whichCameFirstDoesNotMatter() async throws {
    try await read("1.1", "whole")
    try await read("1.10", "another")
    try await read("1.1", "cut", .rejected)
    try await read("1.10", "cut, too", .rejected)
    try await report.update(from: ledger)
    #expect(notes == ["whole", "another"])
  }

  /// The row is in the file, whole or in part, and the mark isn't moved yet.
  @Test(arguments: [0, 10, 10_000]) func aCrashBeforeTheMarkIsMovedWritesNoRowTwice(length: Int) async throws
  {
    try await read("1.1", "a")
    try await report.update(from: ledger)
    let mark = try #require(root.read("ledger/report.json"))
    let before = try #require(root.read("outbox/report.csv"))
    try await read("1.2", "b")
    try await report.update(from: ledger)
    let after = try #require(root.read("outbox/report.csv"))
    try root.write(before + after.dropFirst(before.count).prefix(length), "outbox/report.csv")
    try root.write(mark, "ledger/report.json")
    for _ in 1...2 { try await report.update(from: ledger) }
    #expect(root.read("outbox/report.csv") == after)
  }

  @Test func whoMayNotWaitIsToldThatAnotherWritesIt() async throws {
    try await read("1.1", "a")
    let place = fixture.folders.ledger.appending(path: "report.lock")
    try await hold(place)
    #expect(try await report.update(from: ledger, patience: .zero))
    #expect(notes == ["a"])
  }

  /// Holds the report's lock meanwhile.
  private func hold(_ place: URL) async throws {
    guard let held = try await ReportLock.taken(place, within: .zero) else {
      Issue.record("somebody holds it")
      return
    }
    defer { extendLifetime(held) }
    #expect(try await !report.update(from: ledger, patience: .zero))
    #expect(try await !report.prune(from: ledger, patience: .zero))
    #expect(root.read("outbox/report.csv") == nil)
  }

  @Test func whatOthersWroteStays() async throws {
    try await read("1.1", "a")
    try await report.update(from: ledger)
    try root.write((root.read("outbox/report.csv") ?? "") + "a line of somebody's\r\n", "outbox/report.csv")
    try await read("1.2", "b")
    try await report.update(from: ledger)
    #expect(root.read("outbox/report.csv")?.contains("a line of somebody's\r\n") == true)
    #expect(fixture.rows.count == 3)
  }

  @Test func aReportThatWasMovedAwayIsBegunAnew() async throws {
    try await read("1.1", "a")
    try await report.update(from: ledger)
    try FileManager.default.removeItem(at: fixture.folders.report)
    try await read("1.2", "b")
    try await report.update(from: ledger)
    #expect(notes == ["b"])
    try await report.rewrite(from: ledger)
    #expect(notes == ["a", "b"])
  }

  @Test func aLostMarkWritesTheReportAnew() async throws {
    for name in ["a", "b"] { try await read("1." + name, name) }
    try await report.update(from: ledger)
    let text = root.read("outbox/report.csv")
    for damage in ["", "{"] {
      try root.write(damage, "ledger/report.json")
      try await report.update(from: ledger)
      #expect(root.read("outbox/report.csv") == text)
    }
  }

  @Test func rowsFromBeforeTheLedgerAreKeptAndGiveWayToNewOnes() async throws {
    let old = ["1.1", "1.2", "1.1"].enumerated().map { row($1, .analysed, "old\($0)") }
    let nameless = ReportRow.refused(.rejected, code: "not_dicom", file: "a, \"b\".txt")
    try root.write(
      ReportCSV.header + (old + [nameless]).map(ReportCSV.record).joined(), "outbox/report.csv")
    let configuration = DaemonConfiguration.onAnyDisk(fixture.folders)
    for _ in 1...2 { try await LedgerOpening.keeper(configuration, runsOnce: false).close() }
    try await report.update(from: ledger)
    #expect(notes.prefix(2) == ["old1", "old2"])
    #expect(fixture.rows.count == 3 && fixture.rows[2].contains("not_dicom"))
    try await read("1.2", "new")
    try await report.update(from: ledger)
    #expect(fixture.rows.count == 3 && notes.first == "old2" && notes.last == "new")
  }

  // MARK: In other hands

  /// What a spreadsheet, an editor or an administrator leaves.
  private static let hands: [@Sendable (String) -> [UInt8]] = [
    { Array($0.replacingOccurrences(of: "\r\n", with: "\n").utf8) },
    { Array($0.replacingOccurrences(of: ",", with: ";").utf8) },
    { [0xEF, 0xBB, 0xBF] + Array($0.utf8) },
    { Array($0.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }) },
  ]

  private var aside: [String] { root.files(under: "outbox").filter { $0.hasPrefix("report.aside-") } }

  @Test(arguments: hands.indices) func whatSomebodySavedIsPutAsideAndWrittenAnew(hand: Int) async throws {
    try await read("1.1", "a")
    try await report.update(from: ledger)
    let saved = Self.hands[hand](try #require(root.read("outbox/report.csv")))
    try Data(saved).write(to: fixture.folders.report)
    try await read("1.2", "b")
    for _ in 1...2 { try await report.update(from: ledger) }
    #expect(notes == ["a", "b"])
    let name = try #require(aside.first)
    #expect(aside.count == 1 && root.files(under: "outbox").count == 2)
    #expect(try Array(Data(contentsOf: root.url.appending(path: "outbox/" + name))) == saved)
    #expect(await report.takeRemarks() == [.putAside(name)])
    #expect(await report.takeRemarks() == [])
    // The next row goes behind.
    try await read("1.3", "c")
    try await report.update(from: ledger)
    #expect(notes == ["a", "b", "c"] && aside.count == 1)
  }

  @Test(arguments: ["folder", "link", "pipe"])
  func whatIsNoFileOfOursIsPutAside(kind: String) async throws {
    try await read("1.1", "a")
    try await report.update(from: ledger)
    let place = fixture.folders.report
    try FileManager.default.removeItem(at: place)
    switch kind {
    case "folder": try FileManager.default.createDirectory(at: place, withIntermediateDirectories: false)
    case "link": try FileManager.default.createSymbolicLink(atPath: place.path, withDestinationPath: "a/b/c")
    default:
      let code = unsafe mkfifo(place.path, 0o640)
      #expect(code == 0)
    }
    try await read("1.2", "b")
    try await report.update(from: ledger)
    #expect(notes == ["a", "b"])
    let names = try FileManager.default.contentsOfDirectory(atPath: fixture.folders.outbox.path)
    #expect(names.count { $0.hasPrefix("report.aside-") } == 1)
  }

  /// Also where all of it is written: the rows of a row that gave way, or `mmdicom report`.
  @Test func whatSomebodySavedIsntWrittenOver() async throws {
    try await read("1.1", "a")
    try await report.update(from: ledger)
    try root.write("my notes\n", "outbox/report.csv")
    try await report.rewrite(from: ledger)
    #expect(notes == ["a"])
    #expect(aside.map { root.read("outbox/" + $0) } == ["my notes\n"])
  }

  @Test func anOlderLedgerThatWasPutBackIsFollowed() async throws {
    try await read("1.1", "a")
    let older = try DeliveryFixture()
    _ = try await older.desk.ledger.admit(
      [Admission(content: ContentDigest(of: "a"), sopInstanceUID: "1.1", spooled: [1], sender: [1])], at: .now
    )
    for name in ["b", "c"] { try await read("1." + name, name) }
    try await report.update(from: ledger)
    let before = root.read("outbox/report.csv")
    // It doesn't know what was read since.
    try await report.update(from: older.desk.ledger)
    #expect(notes == [])
    let name = try #require(aside.first)
    #expect(aside.count == 1 && root.read("outbox/" + name) == before)
    #expect(await report.takeRemarks() == [.ledgerIsOlder(name)])
    let claim = try #require(
      try await older.desk.ledger.claim(
        by: "a", limit: 1, order: .arrival, for: .seconds(60), keeping: [], at: .now))
    try await older.desk.ledger.complete(
      claim.instances[0].id, token: claim.lease.token,
      Completion(.analysed, record: Array(ReportCSV.record(row("1.1", .analysed, "a")).utf8), home: []),
      at: .now)
    try await report.update(from: older.desk.ledger)
    #expect(notes == ["a"] && aside.count == 1)
  }

  @Test(arguments: hands.indices) func aLostLedgersReportIsReadHoweverItWasSaved(hand: Int) async throws {
    try await read("1.1", "a, \"b\"")
    try await read("", "nameless", .rejected)
    try await report.update(from: ledger)
    let text = try #require(root.read("outbox/report.csv"))
    let ours = try #require(ReportAdoption.read(in: fixture.folders).first)
    #expect(
      ours.rows.map { String(decoding: $0.record, as: UTF8.self) }.joined()
        == text.dropFirst(ReportProjectionTests.header))
    #expect(ours.unread == 0)
    try Data(Self.hands[hand](text)).write(to: fixture.folders.report)
    let found = try #require(ReportAdoption.read(in: fixture.folders).first)
    // Separated by what separates values within a field, or in an encoding of its own, it can't be told apart.
    let isReadable = hand == 0 || hand == 2
    #expect(found.rows.map(\.record) == (isReadable ? ours.rows.map(\.record) : []))
    #expect(found.rows.map(\.image) == (isReadable ? ours.rows.map(\.image) : []))
    #expect(isReadable ? found.unread == 0 : found.unread > 0)
  }

  @Test func linesThatAreNoRowsAreCounted() throws {
    let row = ReportCSV.record(row("1.1"))
    try root.write(ReportCSV.header + row + "a line of somebody's\r\n" + row.prefix(20), "outbox/report.csv")
    let found = try #require(ReportAdoption.read(in: fixture.folders).first)
    // The last is what a crash left.
    #expect(found.rows.count == 1 && found.unread == 1)
  }

  private static var header: Int { ReportCSV.header.count }

  // MARK: By day

  /// The rows' names in the file of a day, or of the present.
  private func notes(_ file: String) -> [String]? {
    root.read("outbox/" + file)?.components(separatedBy: "\r\n").dropFirst().filter { !$0.isEmpty }
      .map { $0.components(separatedBy: ",")[8] }
  }

  @Test func rowsOfEarlierDaysStandBesideIt() async throws {
    let day = Timestamp(milliseconds: 1_795_000_000_000)
    let present = Mutex(day)
    let report = ReportProjection(fixture.folders, isByDay: true) { present.withLock(\.self) }
    try await read("1.1", "a", at: day)
    try await report.update(from: ledger)
    #expect(notes("report.csv") == ["a"])
    let next = day + .seconds(86_400)
    present.withLock { $0 = next }
    try await read("1.2", "b", .rejected, at: next)
    for _ in 1...2 { try await report.update(from: ledger) }
    #expect(notes("report.csv") == ["b"] && notes("report-\(day.day).csv") == ["a"])
    // One that gives way goes from the file that it stands in.
    let third = next + .seconds(86_400)
    present.withLock { $0 = third }
    try await read("1.2", "c", at: third)
    try await report.update(from: ledger)
    #expect(notes("report.csv") == ["c"] && notes("report-\(next.day).csv") == [])
    #expect(notes("report-\(day.day).csv") == ["a"])
    // What was moved away stays away, until everything is asked for.
    try FileManager.default.removeItem(at: root.url.appending(path: "outbox/report-\(day.day).csv"))
    let fourth = third + .seconds(86_400)
    present.withLock { $0 = fourth }
    try await report.update(from: ledger)
    #expect(notes("report.csv") == [] && notes("report-\(third.day).csv") == ["c"])
    #expect(notes("report-\(day.day).csv") == nil)
    try await report.rewrite(from: ledger)
    #expect(notes("report-\(day.day).csv") == ["a"])
    // And all in one again.
    try await self.report.update(from: ledger)
    #expect(notes == ["a", "c"])
    #expect(try ReportAdoption.rows(in: fixture.folders).count > 2)
  }

  @Test func whatIsForgottenGoesFromTheFilesOfEarlierDays() async throws {
    let first = Timestamp(milliseconds: 1_795_000_000_000)
    let present = Mutex(first)
    let report = ReportProjection(fixture.folders, isByDay: true) { present.withLock(\.self) }
    let days = (0..<4).map { first + .seconds(86_400 * $0) }
    for (day, name) in zip(days, ["a", "b", "c", "d"]) {
      present.withLock { $0 = day }
      try await read("1." + name, name, at: day)
      try await report.update(from: ledger)
    }
    try await read("1.e", "e", at: days[1])
    try await report.rewrite(from: ledger)
    #expect(notes("report-\(days[1].day).csv") == ["b", "e"])
    // Somebody took the third away.
    try FileManager.default.removeItem(at: root.url.appending(path: "outbox/report-\(days[2].day).csv"))
    let gone = try await ledger.prunable(before: days[2], after: nil, limit: 2).map(\.instance.id)
    #expect(try await ledger.forget(gone, at: days[3]).count == 2)
    try await report.prune(from: ledger)
    // The first day is forgotten as a whole, of the second one image is left.
    #expect(notes("report-\(days[0].day).csv") == nil)
    #expect(notes("report-\(days[1].day).csv") == ["e"])
    #expect(notes("report-\(days[2].day).csv") == nil)
    #expect(notes("report.csv") == ["d"])
  }

  @Test func aReportOfAVersionWithoutNotesIsBroughtUpToDate() async throws {
    try await read("1.1", "a")
    try await report.update(from: ledger)
    let text = try #require(root.read("outbox/report.csv"))
    // The last column is new, and what it holds stood under `reason`.
    let old = text.components(separatedBy: "\r\n").map { line in
      line.isEmpty
        ? "" : line.split(separator: ",", omittingEmptySubsequences: false).dropLast().joined(separator: ",")
    }.joined(separator: "\r\n")
    try root.write(old, "outbox/report.csv")
    try await read("1.2", "b", .rejected)
    try await report.update(from: ledger)
    #expect(fixture.rows.map { $0.components(separatedBy: ",").last } == ["a", ""])
    #expect(notes == ["", "b"])
  }
}
