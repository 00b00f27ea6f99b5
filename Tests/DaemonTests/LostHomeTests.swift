import Daemon
import Files
import Foundation
import Ledger
import Logging
import SystemPackage
import Testing

@Suite("A home that can't be written is nobody's fault but its own")
struct LostHomeTests {
  private let fixture: DeliveryFixture
  private var root: TemporaryFolder { fixture.root }
  private var desk: DeliveryDesk { fixture.desk }

  init() throws { fixture = try DeliveryFixture() }

  /// A file where the folder was: it refuses also those who have every right.
  private func lose(_ home: URL) throws {
    try FileManager.default.removeItem(at: home)
    try Data().write(to: home)
  }

  private func restore(_ home: URL) throws {
    try FileManager.default.removeItem(at: home)
    try fixture.folders.create()
  }

  /// A row that is done, its source in the spool: what is left by whoever dies before the last move.
  private func leaveUnfiled(_ name: String) async throws {
    let file = try fixture.drop(name)
    guard case .taken(let spooled)? = try await desk.spool.takeOnceClosed(file) else {
      throw CancellationError()
    }
    let content = try #require(ContentDigest(ofFileAt: desk.spool.place(of: spooled)))
    let admission = Admission(
      content: content, studyInstanceUID: "9.9", sopInstanceUID: "1.2.3", spooled: spooled.name.bytes,
      sender: file.path.bytes)
    _ = try await desk.ledger.admit([admission], at: .now)
    let claim = try #require(
      try await desk.ledger.claim(
        by: "serve", limit: 1, order: .arrival, for: .seconds(60), keeping: [], at: .now))
    let completion = Completion(.notAnalysed, reason: "lateral", record: [], home: Array(name.utf8))
    try await desk.ledger.complete(
      claim.instances[0].id, token: claim.lease.token, completion, at: .now)
  }

  @Test("the images wait, none is parked, and they go out when the outbox is back", .timeLimit(.minutes(10)))
  func outbox() async throws {
    try lose(fixture.folders.outbox)
    await #expect(throws: WriteFailure.self) {
      try await desk.deliver(fixture.drop("x"), fixture.row(), detail: "", staging: fixture.staged())
    }
    #expect(try await desk.ledger.counts().parked == 0)
    try restore(fixture.folders.outbox)
    try await desk.recover()
    let job = try #require(try await desk.reading.moreJobs().first)
    guard case .analyse(_, _, let output, _, _) = job.request else { throw CancellationError() }
    try FileManager.default.moveItem(at: fixture.staged(), to: URL(filePath: output))
    try await desk.reading.take(.finished(fixture.row(), detail: ""), of: job)
    #expect(root.files == ["done/x", "outbox/9.9/1.2.3.png", "outbox/report.csv"])
  }

  @Test("sources that can't go home are a reason to pause", .timeLimit(.minutes(10)))
  func done() async throws {
    try await leaveUnfiled("x")
    try lose(fixture.folders.done)
    await #expect(throws: WriteFailure.self) { try await desk.reading.takeUp() }
    try restore(fixture.folders.done)
    try await desk.reading.takeUp()
    #expect(root.read("done/x") == "image")
  }

  @Test("a report that can't be written holds no image up", .timeLimit(.minutes(10)))
  func report() async throws {
    // Neither can it be noted how far the report is.
    try root.write("", "ledger/report.json/in the way")
    let note = PauseNote(.report, fixture.folders)
    for (name, uid) in [("x", "1.1"), ("y", "1.2")] {
      let row = fixture.row(uid: uid)
      guard
        case .delivered = try await desk.deliver(
          fixture.drop(name, name), row, detail: "", staging: fixture.staged(uid))
      else { throw CancellationError() }
    }
    #expect(root.files.filter { $0.hasPrefix("done/") || $0.hasPrefix("outbox/9") }.count == 4)
    #expect(note.text != nil)
    #expect(PauseNote(.reading, fixture.folders).text == nil)
    // A single run says so.
    let once = StudyReading(
      DaemonConfiguration.onAnyDisk(fixture.folders), runsOnce: true, ledger: desk.ledger,
      sources: desk.sources, logger: Logger(label: "test") { _ in RecordingLog() })
    await #expect(throws: WriteFailure.self) { try await once.takeUp() }
    try FileManager.default.removeItem(at: root.url.appending(path: "ledger/report.json"))
    try await once.takeUp()
    #expect(fixture.rows.count == 2)
  }

  @Test(
    "a file that comes again is the image's source where the first is gone",
    arguments: [nil, "another picture"])
  func comesAgain(left: String?) async throws {
    guard
      case .delivered = try await desk.deliver(
        fixture.drop("x"), fixture.row(), detail: "", staging: fixture.staged())
    else { throw CancellationError() }
    try FileManager.default.removeItem(at: root.url.appending(path: "done/x"))
    if let left { try root.write(left, "done/x") }
    guard
      case .delivered = try await desk.deliver(
        fixture.drop("deep/y"), fixture.row(), detail: "", staging: nil)
    else { throw CancellationError() }
    #expect(root.read("done/deep/y") == "image")
    let visit = try LedgerVisit(DaemonConfiguration.onAnyDisk(fixture.folders))
    #expect(try await visit.retry("1.2.3", reason: nil, accepting: false).count == 1)
    // Back in the inbox, by the name of the image's first file.
    #expect(root.files.filter { $0.hasPrefix("inbox/") }.count == 1)
    #expect(root.read("done/deep/y") == nil && root.read("done/x") == left)
  }

  @Test("what stayed in the spool goes home later, without a new start", arguments: [true, false])
  func later(isDue: Bool) async throws {
    let reading = StudyReading(
      DaemonConfiguration.onAnyDisk(fixture.folders), runsOnce: false, ledger: desk.ledger,
      sources: desk.sources, logger: Logger(label: "test") { _ in RecordingLog() },
      filingInterval: isDue ? .zero : .seconds(3600))
    try await reading.takeUp()
    try await leaveUnfiled("x")
    #expect(try await reading.moreJobs().isEmpty)
    #expect(root.read("done/x") == (isDue ? "image" : nil))
  }
}
