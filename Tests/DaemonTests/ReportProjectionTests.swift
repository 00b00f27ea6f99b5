import Analysis
import Daemon
import Files
import Foundation
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
    let configuration = DaemonConfiguration(folders: fixture.folders)
    for _ in 1...2 { try await LedgerOpening.keeper(configuration, runsOnce: false).close() }
    try await report.update(from: ledger)
    #expect(notes.prefix(2) == ["old1", "old2"])
    #expect(fixture.rows.count == 3 && fixture.rows[2].contains("not_dicom"))
    try await read("1.2", "new")
    try await report.update(from: ledger)
    #expect(fixture.rows.count == 3 && notes.first == "old2" && notes.last == "new")
  }

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
