import Analysis
import Daemon
import Files
import Foundation
import Ledger
import Logging
import SystemPackage
import Testing

@Suite("What a crash between two steps leaves is finished, and leaves no trace")
struct CutOffMoveTests {
  private let fixture: DeliveryFixture
  private var root: TemporaryFolder { fixture.root }
  private var desk: DeliveryDesk { fixture.desk }

  init() throws { fixture = try DeliveryFixture() }

  @Test(
    "a file with known bytes whose number is taken by itself lies there once",
    arguments: ["link", "copy", "copy without fractions"])
  func twin(kind: String) async throws {
    _ = try await desk.deliver(fixture.drop("k"), fixture.row(.notAnalysed), detail: "", staging: nil)
    try root.write("of another", "done/a")
    let known = try #require(try await desk.ledger.instances(.uid("1.2.3"), after: 0, limit: 1).first)
    guard case .taken(let twin)? = try await desk.spool.takeOnceClosed(fixture.drop("a")) else {
      throw CancellationError()
    }
    // The move that was cut off.
    let place = URL(filePath: desk.spool.place(of: twin).string)
    let home = root.url.appending(path: "done/a-2")
    if kind == "link" {
      try FileManager.default.linkItem(at: place, to: home)
    } else {
      try FileManager.default.copyItem(at: place, to: home)
      var time = try #require(FolderWalk.entry(desk.spool.place(of: twin))).stamp.modified
      if kind != "copy" { time -= time % 1_000_000_000 }
      try root.setTime(time, of: "done/a-2")
    }
    #expect(try await desk.sources.add(twin, of: known.id))
    #expect(root.files.filter { $0.hasPrefix("done") } == ["done/a", "done/a-2", "done/k"])
    #expect(try await desk.spool.recover().isEmpty)
  }

  @Test("other bytes of the same size and age keep their place, and the file gets the next number")
  func looksAlike() async throws {
    _ = try await desk.deliver(fixture.drop("k"), fixture.row(.notAnalysed), detail: "", staging: nil)
    try root.write("of another", "done/a")
    let known = try #require(try await desk.ledger.instances(.uid("1.2.3"), after: 0, limit: 1).first)
    guard case .taken(let twin)? = try await desk.spool.takeOnceClosed(fixture.drop("a")) else {
      throw CancellationError()
    }
    try root.write("IMAGE", "done/a-2")
    let time = try #require(FolderWalk.entry(desk.spool.place(of: twin))).stamp.modified
    try root.setTime(time, of: "done/a-2")
    #expect(try await desk.sources.add(twin, of: known.id))
    #expect(root.files.filter { $0.hasPrefix("done") } == ["done/a", "done/a-2", "done/a-3", "done/k"])
    #expect(root.read("done/a-2") == "IMAGE")
  }

  private func start() async throws {
    let logger = Logger(label: "test") { _ in RecordingLog() }
    let work = InboxWork(
      DaemonConfiguration.onAnyDisk(fixture.folders), runsOnce: true, ledger: desk.ledger, logger: logger)
    try await work.start(fileSystemTime: nil)
  }

  @Test("a reason whose file is gone goes at the next start; what others wrote stays")
  func strayReason() async throws {
    for name in ["gone", "here"] {
      let row = fixture.row(.rejected, uid: name == "gone" ? "1.1" : "1.2")
      _ = try await desk.deliver(fixture.drop(name, "\(name), bad"), row, detail: "", staging: nil)
    }
    try FileManager.default.removeItem(at: root.url.appending(path: "rejected/gone"))
    try root.write("file: x\nasked the ward\n", "rejected/note.reason.txt")
    try await start()
    #expect(
      root.files.filter { $0.hasPrefix("rejected") } == [
        "rejected/here", "rejected/here.reason.txt", "rejected/note.reason.txt",
      ])
  }

  @Test("the reason of a rejected file that can't be brought home waits for it")
  func earlyReason() async throws {
    let file = try fixture.drop("deep/bad", "bad")
    // What will stand in the way of the file, and not of its reason.
    _ = try await desk.deliver(file, fixture.row(.rejected), detail: "", staging: nil)
    let record = try #require(try await desk.ledger.instances(.uid("1.2.3"), after: 0, limit: 1).first)
    #expect(root.files.contains("rejected/deep/bad.reason.txt"))
    try FileManager.default.removeItem(at: root.url.appending(path: "rejected/deep/bad"))
    RejectedFiles.removeStrayReasons(in: fixture.folders.rejected, except: [record.tag])
    #expect(root.files.contains("rejected/deep/bad.reason.txt"))
    RejectedFiles.removeStrayReasons(in: fixture.folders.rejected, except: [])
    #expect(!root.files.contains("rejected/deep/bad.reason.txt"))
  }

  @Test("a mark that a crash kept behind the admission is gone when the file is in its home")
  func staleMark() async throws {
    let wanted = WantedContent(fixture.folders)
    let content = ContentDigest(of: "image")
    try wanted.want(content)
    _ = try await desk.deliver(fixture.drop("a"), fixture.row(.notAnalysed), detail: "", staging: nil)
    #expect(!wanted.contains(content))
  }
}
