import Analysis
import Daemon
import Files
import Foundation
import Glibc
import Logging
import Synchronization
import SystemPackage
import Testing

@Suite("The daemon from inbox to delivery, with scripted workers")
struct InboxWorkTests {
  private let root: TemporaryFolder
  private let folders: InboxFolders

  init() throws {
    let fixture = try DeliveryFixture()
    root = fixture.root
    folders = fixture.folders
  }

  /// Files hold "STUDY UID VERDICT"; the verdict is ok, lateral, bad or crash.
  static func work(_ request: WorkerRequest) -> ScriptedWorkers.Answer {
    let file = OpenedFile(FilePath(text: request.path))
    let text = (try? String(contentsOf: file.url, encoding: .utf8)) ?? ""
    extendLifetime(file)
    let words = text.split(separator: " ").map(String.init)
    guard words.count == 3 else { return .crash }
    var identity = ImageIdentity()
    identity.studyInstanceUID = words[0]
    identity.sopInstanceUID = words[1]
    switch request {
    case .identify(let id, _):
      guard words[2] != "unreadable" else { return .crash }
      return .reply(
        .identified(
          id: id, identity, digest: ContentDigest(ofFileAt: FilePath(text: request.path))?.description))
    case .analyse(let id, let path, let output, _, _):
      var row = ReportRow(identity: identity, status: .analysed, analysedAt: "now")
      switch words[2] {
      case "ok":
        row.outputs = ["\(words[1]).png"]
        let folder = URL(filePath: output)
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try? Data("picture of \(text)".utf8).write(to: folder.appending(path: row.outputs[0]))
      case "lateral": row.refuse(.notAnalysed, code: "lateral", file: path)
      case "bad": row.refuse(.rejected, code: "truncated", file: path)
      default: return .crash
      }
      return .reply(.finished(id: id, row: row, detail: "detail"))
    }
  }

  private func runOnce(
    _ workers: ScriptedWorkers = ScriptedWorkers { request, _ in Self.work(request) },
    log: RecordingLog = RecordingLog()
  ) async throws -> InboxWork {
    var configuration = DaemonConfiguration.onAnyDisk(folders)
    configuration.settlingTime = .milliseconds(100)
    configuration.scanInterval = .milliseconds(50)
    var logger = Logger(label: "test") { _ in log }
    logger.logLevel = .info
    let ledger = try await LedgerOpening.keeper(configuration, runsOnce: true)
    let work = InboxWork(configuration, runsOnce: true, ledger: ledger, logger: logger)
    try await work.start(fileSystemTime: nil)
    try await work.run(workers, identifiers: workers)
    return work
  }

  private var records: [String] {
    (root.read("outbox/report.csv") ?? "").components(separatedBy: "\r\n").dropFirst().filter { !$0.isEmpty }
  }

  @Test("studies come back by study; sources go to done or rejected")
  func everything() async throws {
    try root.write("9.1 1.1 ok", "inbox/a/1.dcm")
    try root.write("9.1 1.2 lateral", "inbox/a/2.dcm")
    try root.write("9.2 2.1 ok", "inbox/b.dcm")
    try root.write("9.2 2.2 bad", "inbox/c.dcm")
    let work = try await runOnce()
    #expect(
      root.files == [
        "done/a/1.dcm", "done/a/2.dcm", "done/b.dcm", "outbox/9.1/1.1.png", "outbox/9.2/2.1.png",
        "outbox/report.csv", "rejected/c.dcm", "rejected/c.dcm.reason.txt",
      ])
    let tally = await work.tally
    #expect(tally.analysed == 2 && tally.notAnalysed == 1 && tally.rejected == 1)
    #expect(records.count == 4)
    #expect(try await runOnce().tally.total == 0)
  }

  @Test(
    "a file that crashes the worker is rejected; the rest of the batch is done",
    arguments: ["crash", "unreadable"])
  func crash(verdict: String) async throws {
    for number in 1...5 {
      try root.write("9.1 1.\(number) \(number == 3 ? verdict : "ok")", "inbox/\(number)")
    }
    let work = try await runOnce()
    let tally = await work.tally
    #expect(tally.analysed == 4 && tally.rejected == 1)
    #expect(root.read("rejected/3.reason.txt")?.contains("reason: worker_crashed\n") == true)
    #expect(records.filter { $0.contains(",rejected,worker_crashed") }.count == 1)
  }

  @Test("two files of a study with one UID keep both results")
  func sameUID() async throws {
    try root.write("9.1 1.1 ok", "inbox/a")
    try root.write("9.1 1.1  ok", "inbox/b")
    _ = try await runOnce()
    #expect(root.files.filter { $0.hasSuffix(".png") } == ["outbox/9.1/1.1-2.png", "outbox/9.1/1.1.png"])
    #expect(records.filter { $0.contains("duplicate_sop_instance_uid") }.count == 1)
  }

  @Test("the same bytes under several names make one result and one row; all files go to done")
  func twins() async throws {
    for path in ["inbox/b", "inbox/sub/a", "inbox/c"] { try root.write("9.1 1.1 ok", path) }
    let work = try await runOnce()
    #expect(root.files == ["done/b", "done/c", "done/sub/a", "outbox/9.1/1.1.png", "outbox/report.csv"])
    #expect(records.count == 1 && !records[0].contains("duplicate"))
    #expect(await work.tally.total == 1)
  }

  @Test("rejected twins have a reason each and one row; files that no UID names are told of one by one")
  func rejectedTwins() async throws {
    for name in ["a", "b"] { try root.write("9.1 1.1 bad", "inbox/" + name) }
    _ = try await runOnce()
    #expect(records.count == 1)
    #expect(root.files.filter { $0.hasPrefix("rejected/") }.count == 4)
    #expect(root.read("rejected/b.reason.txt")?.contains("file: b\n") == true)
  }

  @Test("one UID with two contents: both have results, the first by path the plain name, whatever came first")
  func conflict() async throws {
    try root.write("9.1 1.1 ok ", "inbox/z")
    try root.write("9.1 1.1 ok", "inbox/a")
    try root.write("9.1 1.1 ok ", "inbox/b")
    _ = try await runOnce()
    #expect(root.read("outbox/9.1/1.1.png") == "picture of 9.1 1.1 ok")
    #expect(root.read("outbox/9.1/1.1-2.png") == "picture of 9.1 1.1 ok ")
    #expect(records.count == 2)
    #expect(root.files.filter { $0.hasPrefix("done/") }.count == 3)
  }

  @Test("a name in Latin-1 is read, moved and reported, with its bytes shown")
  func latin() async throws {
    let name = FilePath(bytes: Array("M".utf8) + [0xFC] + Array("ller.dcm".utf8))
    for (folder, text) in [("ok", "9.1 1.1 ok"), ("bad", " 9.2  bad"), ("crash", "9.3 3.1 crash")] {
      try root.write(text, "inbox/\(folder)/x")
      let place = FilePath(of: folders.inbox).appending(folder)
      #expect(try Move.file(from: place.appending("x"), to: place.pushing(name)) == .moved)
    }
    let work = try await runOnce()
    #expect(await work.tally.analysed == 1)
    #expect(FilePath(of: folders.done).appending("ok").pushing(name).status(followingLink: false) != nil)
    let rejected = FilePath(of: folders.rejected).appending("crash").pushing(name)
    #expect(rejected.status(followingLink: false) != nil)
    let reason = OpenedFile(rejected.appending(ending: ".reason.txt"))
    #expect(try String(contentsOf: reason.url, encoding: .utf8).contains("file: crash/M\\xFCller.dcm\n"))
    extendLifetime(reason)
    #expect(records.contains { $0.contains("worker_crashed: bad/M\\xFCller.dcm") })
  }

  @Test("a run that was cut off is taken up by the next, with one row for each image")
  func resume() async throws {
    for number in 1...6 { try root.write("9.1 1.\(number) ok", "inbox/\(number)") }
    let count = Mutex(0)
    let dying = ScriptedWorkers { request, _ in
      if case .analyse = request,
        count.withLock({
          $0 += 1
          return $0
        }) == 4
      {
        return .reply(.cannotWrite(id: request.id, path: "/outbox", message: "disk full"))
      }
      return Self.work(request)
    }
    await #expect(throws: WriteFailure.self) { try await runOnce(dying) }
    #expect((1...5).contains(records.count))
    _ = try await runOnce()
    #expect(records.count == 6)
    #expect(root.files.filter { $0.hasPrefix("done/") }.count == 6)
    #expect(root.files.filter { $0.hasPrefix("inbox/") } == [])
  }

  @Test(
    "a file that can't be moved out of its folder is copied and read, and stays; later runs don't read it again",
    .enabled(if: geteuid() != 0, "root may move everything"))
  func notOurs() async throws {
    try root.write("9.1 1.1 ok", "inbox/theirs/1")
    let folder = root.url.appending(path: "inbox/theirs").path
    #expect(unsafe chmod(folder, 0o555) == 0)
    defer { _ = unsafe chmod(folder, 0o755) }
    let log = RecordingLog()
    let work = try await runOnce(log: log)
    #expect(await work.leftBehind == 0)
    #expect(await work.tally.analysed == 1)
    let expected = ["done/theirs/1", "inbox/theirs/1", "outbox/9.1/1.1.png", "outbox/report.csv"]
    #expect(root.files == expected)
    #expect(log.text.contains("they are copied"))
    #expect(try await runOnce().tally.total == 0)
    #expect(root.files == expected && records.count == 1)
    #expect(unsafe chmod(folder, 0o755) == 0)
    try root.write("9.1 1.2 ok", "inbox/theirs/2")
    #expect(try await runOnce().tally.analysed == 1)
    #expect(root.files.contains("done/theirs/2"))
  }

  @Test("a file that can't be delivered is left behind; the rest of the batch is done")
  func stuck() async throws {
    try root.write("", "outbox/9.1/1.1.png/in the way")
    try root.write("9.1 1.1 ok", "inbox/1")
    try root.write("9.1 1.2 ok", "inbox/2")
    let work = try await runOnce()
    #expect(await work.leftBehind == 1)
    #expect(await work.tally.analysed == 1)
    #expect(root.files.filter { !$0.hasPrefix("outbox/") } == ["done/2"])
    #expect(try await Spool(folders).recover().map(\.sender) == ["1"])
  }

  @Test("the log names no file, no UID and no folder at info")
  func privacy() async throws {
    try root.write("9.1.77 1.1.77 ok", "inbox/DOE^JOHN/DOE^JOHN.dcm")
    try root.write("9.1.77 1.2.77 bad", "inbox/ROE^JANE.dcm")
    try root.write("9.1.77 1.3.77 crash", "inbox/POE^JACK.dcm")
    let log = RecordingLog()
    _ = try await runOnce(log: log)
    let text = log.text
    #expect(text.contains("analysed") && text.contains("rejected"))
    for secret in ["DOE", "ROE", "POE", "9.1.77", "1.1.77", "1.2.77"] { #expect(!text.contains(secret)) }
  }
}

/// A log that can be read afterwards.
final class RecordingLog: LogHandler, Sendable {
  private let lines = Mutex<[String]>([])

  var text: String { lines.withLock { $0.joined(separator: "\n") } }

  func log(event: LogEvent) {
    let line = "\(event.level) \(event.message) \(event.metadata ?? [:])"
    lines.withLock { $0.append(line) }
  }

  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { .info }
    set {}
  }
  subscript(metadataKey _: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }
}
