import Analysis
import Daemon
import Files
import Foundation
import Glibc
import Ledger
import Logging
import Testing

@Suite("A ledger that is lost isn't begun anew unasked")
struct LostLedgerTests {
  private let root: TemporaryFolder
  private let configuration: DaemonConfiguration
  private var folders: InboxFolders { configuration.folders }

  init() throws {
    root = try TemporaryFolder()
    configuration = DaemonConfiguration.onAnyDisk(
      InboxFolders(
        inbox: root.url.appending(path: "inbox"), outbox: root.url.appending(path: "outbox"),
        done: root.url.appending(path: "done"), rejected: root.url.appending(path: "rejected")))
    try folders.create()
  }

  private func row() -> String {
    var identity = ImageIdentity()
    identity.sopInstanceUID = "1.2.3"
    return ReportCSV.record(ReportRow(identity: identity, status: .notAnalysed, analysedAt: "now"))
  }

  private static let traces: [String: String] = [
    "done/a.dcm": "image", "rejected/b.reason.txt": "why", "outbox/report.csv": "",
    "outbox/report-2026-11-25.csv": "", "outbox/1.2.3/1.2.4.report.dcm": "object",
    "outbox/unknown-study/1.2.4.overlay.dcm": "object",
  ]

  @Test(arguments: traces.keys.sorted())
  func whatItKnewOfIsFound(trace: String) async throws {
    let text = Self.traces[trace] ?? ""
    try root.write(text.isEmpty ? ReportCSV.header + row() : text, trace)
    let error = await #expect(throws: LedgerError.self) {
      try await LedgerOpening.keeper(configuration, runsOnce: true)
    }
    guard case .lost(folders.ledgerFile.path, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error?.description.contains("mmdicom serve --rebuild-ledger") == true)
    #expect(error.map(LedgerFailure.init)?.kind == .unusable)
    #expect(!FileManager.default.fileExists(atPath: folders.ledgerFile.path))
    // Asked for, and also when that was cut off.
    #expect(try LedgerOpening.setAside(configuration) == nil)
    try await LedgerOpening.keeper(configuration, runsOnce: true).close()
  }

  @Test func whatIsNobodysResultsIsNoTrace() async throws {
    try root.write(ReportCSV.header, "outbox/report.csv")
    try root.write("text", "outbox/notes.txt")
    try root.write("text", "outbox/mine/picture.png")
    try root.write("text", "rejected/mine.txt")
    try root.write("text", "inbox/a.dcm")
    try root.write("text", "done/.hidden")
    try await LedgerOpening.keeper(configuration, runsOnce: true).close()
  }

  @Test func aLedgerThatIsThereIsTaken() async throws {
    try await LedgerOpening.keeper(configuration, runsOnce: true).close()
    try root.write("image", "done/a.dcm")
    try await LedgerOpening.keeper(configuration, runsOnce: true).close()
  }

  /// Its own user couldn't write to it.
  @Test(.enabled(if: geteuid() == 0, "only root gives folders away"))
  func rootBeginsNoneForAnother() throws {
    try LedgerOpening.refuseRoot(folders)
    #expect(unsafe chown(folders.ledger.path, 4321, 1234) == 0)
    let error = #expect(throws: WriteFailure.self) { try LedgerOpening.refuseRoot(folders) }
    #expect(error?.description.contains("user 4321") == true)
    // A daemon that is root's works in whoever's folder.
    try root.write("", "ledger/.mmdicom.lock")
    try LedgerOpening.refuseRoot(folders)
  }

  @Test func aReportIsntEmptiedWhileTheLedgerIsRebuilt() async throws {
    try root.write(ReportCSV.header + row(), "outbox/report.csv")
    _ = try LedgerOpening.setAside(configuration)
    try SQLiteLedger(at: folders.ledgerFile.path, as: .keeper).close()
    await #expect(throws: LedgerFailure.self) { try await LedgerVisit(configuration).writeReport() }
    #expect(root.read("outbox/report.csv") == ReportCSV.header + row())
  }

  @Test func aLedgerThatIsTakenAwayEndsTheDaemon() async throws {
    let fixture = try DeliveryFixture()
    var configuration = DaemonConfiguration.onAnyDisk(fixture.folders)
    configuration.settlingTime = .zero
    let logger = Logger(label: "test") { _ in RecordingLog() }
    let workers = ScriptedWorkers { request, _ in IdentityTests.work(request) }
    let work = InboxWork(configuration, runsOnce: false, ledger: fixture.desk.ledger, logger: logger)
    try await work.start(fileSystemTime: nil)
    let running = Task { try await work.run(workers, identifiers: workers) }
    try FileManager.default.removeItem(at: fixture.folders.ledgerFile)
    let error = await #expect(throws: LedgerError.self) { try await running.value }
    #expect(error == .takenAway(path: fixture.folders.ledgerFile.path))
    #expect(error.map(LedgerFailure.init)?.kind == .inaccessible)
  }
}
