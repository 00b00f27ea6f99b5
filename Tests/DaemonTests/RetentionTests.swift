import Analysis
import Daemon
import Files
import Foundation
import Ledger
import Logging
import SystemPackage
import Testing

@Suite("What is deleted when") struct RetentionTests {
  private let fixture: DeliveryFixture
  private var desk: DeliveryDesk { fixture.desk }
  private static let day: Int64 = 86_400_000

  init() throws { fixture = try DeliveryFixture() }

  private func later(_ days: Int64) -> Timestamp {
    Timestamp(milliseconds: Timestamp.now.milliseconds + days * Self.day)
  }

  private func pass(
    days: Int = 0, doneDays: Int = 0, bytes: Int = 0, at now: Timestamp, _ ledger: (any StudyLedger)? = nil
  ) async throws -> Retention.Tally {
    var configuration = DaemonConfiguration.onAnyDisk(fixture.folders)
    configuration.retention.days = days
    configuration.retention.doneDays = doneDays
    configuration.retention.bytes = bytes
    let logger = Logger(label: "test") { _ in RecordingLog() }
    return try await Retention(configuration, ledger: ledger ?? desk.ledger, logger: logger).pass(at: now)
  }

  /// Two analysed images of one study, and a rejected one.
  private func deliver() async throws {
    for (path, uid) in [("a/1", "1.1"), ("a/2", "1.2")] {
      _ = try await desk.deliver(
        fixture.drop(path, uid), fixture.row(uid: uid), detail: "", staging: fixture.staged(uid, "result"))
    }
    _ = try await desk.deliver(
      fixture.drop("bad"), fixture.row(.rejected, uid: "1.3"), detail: "", staging: nil)
  }

  private var everything: [String] {
    [
      "done/a/1", "done/a/2", "outbox/9.9/1.1.png", "outbox/9.9/1.2.png", "outbox/report.csv", "rejected/bad",
      "rejected/bad.reason.txt",
    ]
  }

  @Test("nothing goes without a rule, or before its time")
  func kept() async throws {
    try await deliver()
    #expect(try await pass(at: later(10_000)) == Retention.Tally())
    #expect(try await pass(days: 3, doneDays: 3, bytes: 1 << 40, at: later(2)) == Retention.Tally())
    // A clock that was set back makes nothing old.
    #expect(try await pass(days: 3, doneDays: 3, at: later(-10_000)) == Retention.Tally())
    #expect(fixture.root.files == everything)
  }

  @Test("after its days an image is forgotten: files, empty folders, rows; the trail tells of it")
  func forgotten() async throws {
    try await deliver()
    let tally = try await pass(days: 3, at: later(4))
    #expect(tally.images == 3 && tally.stuck == 0)
    try await desk.reading.pruneReport()
    #expect(fixture.root.files == ["outbox/report.csv"] && fixture.rows.isEmpty)
    #expect(!FileManager.default.fileExists(atPath: fixture.folders.done.appending(path: "a").path))
    #expect(try await desk.ledger.instances(.uid("9.9"), after: 0, limit: 9).isEmpty)
    guard case .intact = try await desk.ledger.verifyAudit() else { throw CancellationError() }
    // It is new when it comes again.
    let again = try await desk.deliver(
      fixture.drop("a/1", "1.1"), fixture.row(uid: "1.1"), detail: "",
      staging: fixture.staged("1.1", "result"))
    guard case .delivered = again else { throw CancellationError() }
    #expect(fixture.rows.count == 1)
  }

  @Test("sources may go sooner: results and rows stay, and the next pass finds nothing")
  func sources() async throws {
    try await deliver()
    #expect(try await pass(doneDays: 1, at: later(2)).sources == 3)
    #expect(fixture.root.files == ["outbox/9.9/1.1.png", "outbox/9.9/1.2.png", "outbox/report.csv"])
    #expect(try await pass(doneDays: 1, at: later(2)) == Retention.Tally())
    #expect(fixture.rows.count == 3)
  }

  @Test("the oldest go until there is room")
  func size() async throws {
    try await deliver()
    // Room for all but the source and the result of the first.
    let room = try ["done/a/2", "outbox/9.9/1.2.png", "rejected/bad"].reduce(0) {
      try $0 + Data(contentsOf: fixture.root.url.appending(path: $1)).count
    }
    let tally = try await pass(bytes: room, at: later(0))
    #expect(tally.images == 1)
    #expect(fixture.root.files == everything.filter { !$0.hasSuffix("a/1") && !$0.hasSuffix("1.1.png") })
    #expect(try await pass(bytes: 1, at: later(0)).images == 2)
    #expect(fixture.root.files == ["outbox/report.csv"])
  }

  @Test("no image goes for the room that strangers' files take")
  func strangersRoom() async throws {
    try await deliver()
    for place in ["done/backup.iso", "outbox/9.9/notes.txt", "rejected/old"] {
      try fixture.root.write(String(repeating: "x", count: 100_000), place)
    }
    #expect(try await pass(bytes: 50_000, at: later(0)) == Retention.Tally())
    #expect(try await pass(bytes: 1, at: later(0)).images == 3)
    #expect(
      fixture.root.files == ["done/backup.iso", "outbox/9.9/notes.txt", "outbox/report.csv", "rejected/old"])
  }

  @Test("an image that came twice counts once, whatever else has its size")
  func twinsRoom() async throws {
    try await deliver()
    _ = try await desk.deliver(
      fixture.drop("b/twin", "1.1"), fixture.row(uid: "1.1"), detail: "", staging: nil)
    let room = try ["done/a/1", "done/a/2", "outbox/9.9/1.1.png", "outbox/9.9/1.2.png", "rejected/bad"]
      .reduce(0) {
        try $0 + Data(contentsOf: fixture.root.url.appending(path: $1)).count
      }
    #expect(try await pass(bytes: room, at: later(0)) == Retention.Tally())
    #expect(try await pass(bytes: room - 1, at: later(0)).images == 1)
  }

  @Test("what isn't delivered everywhere stays, whatever its age and size; sent, it goes")
  func undelivered() async throws {
    let file = try fixture.drop("x")
    guard case .taken(let spooled)? = try await desk.spool.takeOnceClosed(file) else {
      throw CancellationError()
    }
    let content = try #require(ContentDigest(ofFileAt: desk.spool.place(of: spooled)))
    _ = try await desk.ledger.admit(
      [Admission(content: content, spooled: spooled.name.bytes, sender: file.path.bytes)], at: .now)
    let claim = try #require(
      try await desk.ledger.claim(
        by: "serve", limit: 1, order: .arrival, for: .seconds(60), keeping: [], at: .now))
    try fixture.root.write("result", "outbox/r.png")
    let result = Completion.Result(
      kind: "preview", path: Array("r.png".utf8), uid: "", content: ContentDigest(of: "result"),
      destinations: ["pacs"])
    try await desk.ledger.complete(
      claim.instances[0].id, token: claim.lease.token,
      Completion(.analysed, record: [], results: [result], home: Array("x".utf8)), at: .now)
    try await desk.sources.bringHome(claim.instances[0].id, at: .now)
    #expect(try await pass(days: 1, doneDays: 1, bytes: 1, at: later(100)) == Retention.Tally())
    #expect(fixture.root.files == ["done/x", "outbox/r.png"])
    let delivery = try #require(
      try await desk.ledger.nextDeliveries(
        to: "pacs", by: "serve", limit: 1, order: .arrival, for: .seconds(60), at: .now))
    try await desk.ledger.settle(
      delivery.deliveries[0].id, token: delivery.lease.token, .taken, answer: "", at: .now)
    #expect(try await pass(days: 1, at: later(100)).images == 1)
    #expect(fixture.root.files == [])
  }

  @Test("a crash between files and rows is found by the next pass")
  func crash() async throws {
    try await deliver()
    let dying = CrashingLedger(desk.ledger, last: 1, isAnswerLost: false)
    await #expect(throws: LedgerError.self) { try await pass(days: 1, at: later(2), dying) }
    // The first image's files are gone, its row isn't.
    #expect(fixture.root.files == everything.filter { !$0.hasSuffix("a/1") && !$0.hasSuffix("1.1.png") })
    #expect(try await desk.ledger.instances(.uid("1.1"), after: 0, limit: 9).count == 1)
    #expect(try await pass(days: 1, at: later(2)).images == 3)
    #expect(fixture.root.files == ["outbox/report.csv"])
  }

  @Test("a pass that breaks off leaves no forgotten row in the report")
  func brokenOff() async throws {
    try await deliver()
    let dying = CrashingLedger(desk.ledger, last: 2, isAnswerLost: false)
    await #expect(throws: LedgerError.self) { try await pass(days: 1, at: later(2), dying) }
    #expect(try await desk.ledger.instances(.uid("1.1"), after: 0, limit: 9).isEmpty)
    try await desk.reading.pruneReport()
    #expect(fixture.rows.count == 2 && !fixture.rows.contains { $0.contains(",1.1,") })
  }

  @Test("reports that were put aside go after their days, whatever else is called so stays")
  func asides() async throws {
    let old = ["report.aside-20200101T000000Z.csv", "report-2020-01-01.aside-20200101T000000Z-2.csv"]
    let others = [
      "report.aside-29990101T000000Z.csv", "report.aside-mine.csv", "report.aside-20200101T000000Z.csv.bak",
      "report.aside-20200102T000000Z.csv/report.csv", "9.9/report.aside-20200101T000000Z.csv",
    ]
    for name in old + others { try fixture.root.write("patients", "outbox/" + name) }
    #expect(try await pass(doneDays: 3, bytes: 1, at: later(0)) == Retention.Tally())
    let tally = try await pass(days: 3, at: later(0))
    #expect(tally.asides == 2 && tally.stuck == 0 && tally.images == 0)
    #expect(fixture.root.files == others.map { "outbox/" + $0 }.sorted())
    #expect(try await pass(days: 3, at: later(0)) == Retention.Tally())
  }

  @Test("what somebody else laid under the name of a file that is forgotten stays")
  func strangers() async throws {
    try await deliver()
    try fixture.root.write("mine", "done/a/1")
    try fixture.root.write("mine", "outbox/9.9/1.2.png")
    #expect(try await pass(days: 1, at: later(2)).images == 3)
    #expect(fixture.root.files == ["done/a/1", "outbox/9.9/1.2.png", "outbox/report.csv"])
  }

  @Test("the same bytes under other names go with theirs")
  func twins() async throws {
    try await deliver()
    _ = try await desk.deliver(
      fixture.drop("b/twin", "1.1"), fixture.row(uid: "1.1"), detail: "", staging: nil)
    #expect(fixture.root.files.contains("done/b/twin"))
    #expect(try await pass(doneDays: 1, at: later(2)).sources == 3)
    #expect(!fixture.root.files.contains { $0.hasPrefix("done/") })
  }

  @Test(
    "an image whose file can't be deleted stays known, and holds up no other", .enabled(if: geteuid() != 0))
  func stuck() async throws {
    try await deliver()
    let folder = fixture.folders.done.appending(path: "a").path
    #expect(unsafe chmod(folder, 0o555) == 0)
    defer { _ = unsafe chmod(folder, 0o755) }
    let tally = try await pass(days: 1, at: later(2))
    #expect(tally.stuck == 2 && tally.images == 1)
    #expect(try await desk.ledger.instances(.uid("9.9"), after: 0, limit: 9).count == 2)
  }
}
