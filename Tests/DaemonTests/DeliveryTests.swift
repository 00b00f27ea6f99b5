import Analysis
import Daemon
import Files
import Foundation
import Glibc
import SystemPackage
import Testing

@Suite("Deliveries: nothing lost, nothing twice, nothing overwritten")
struct DeliveryTests {
  private let fixture: DeliveryFixture
  private var root: TemporaryFolder { fixture.root }
  private var folders: InboxFolders { fixture.folders }
  private var desk: DeliveryDesk { fixture.desk }

  init() throws { fixture = try DeliveryFixture() }

  @Test("an analysed file: results by study, a row, the source in done at its place")
  func analysed() async throws {
    let outcome = try await desk.deliver(
      fixture.drop("a/b/x.dcm"), fixture.row(), detail: "", staging: fixture.staged())
    guard case .delivered(let row) = outcome else { throw CancellationError() }
    #expect(row.outputs == ["9.9/1.2.3.png"])
    #expect(root.files == ["done/a/b/x.dcm", "outbox/9.9/1.2.3.png", "outbox/report.csv"])
    #expect(fixture.rows.count == 1 && fixture.rows[0].hasSuffix("9.9/1.2.3.png,"))
  }

  @Test("a rejected file lies beside its reason; a lateral view is done")
  func rejected() async throws {
    _ = try await desk.deliver(
      fixture.drop("x"), fixture.row(.rejected, uid: "1.2.4"), detail: "half of it is missing", staging: nil)
    _ = try await desk.deliver(
      fixture.drop("y", "lateral"), fixture.row(.notAnalysed), detail: "a lateral view", staging: nil)
    #expect(root.files == ["done/y", "outbox/report.csv", "rejected/x", "rejected/x.reason.txt"])
    #expect(root.read("rejected/x.reason.txt")?.contains("detail: half of it is missing\n") == true)
    #expect(fixture.rows.count == 2)
  }

  @Test("a rejected twin's reason tells of its own file, so that it doesn't count as changed")
  func rejectedTwin() async throws {
    let twin = try fixture.drop("y")
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000)],
      ofItemAtPath: folders.inbox.appending(path: "y").path)
    guard case .taken(let waiting)? = try await desk.spool.takeOnceClosed(fixture.seen(twin.path)) else {
      throw CancellationError()
    }
    // It waits while its like is read, whose row is the first.
    #expect(try await !desk.sources.add(waiting, of: 1))
    _ = try await desk.deliver(fixture.drop("x"), fixture.row(.rejected), detail: "", staging: nil)
    #expect(root.read("rejected/y.reason.txt")?.contains("file: y\n") == true)
    #expect(root.read("rejected/y.reason.txt")?.contains("modified: 1700000000000000000\n") == true)
    var rejected = RejectedFiles(folders.rejected, settlingTime: .zero, scanInterval: .zero)
    for _ in 0..<3 { #expect(rejected.changed() == []) }
    #expect(root.files.filter { $0.hasPrefix("rejected/") }.count == 4)
  }

  @Test("a name that is taken gets a number, and its reason with it")
  func collisions() async throws {
    for text in ["one", "two", "three"] {
      _ = try await desk.deliver(
        fixture.drop("s/x.dcm", text), fixture.row(.rejected), detail: text, staging: nil)
    }
    #expect(root.read("rejected/s/x.dcm") == "one")
    #expect(root.read("rejected/s/x-2.dcm") == "two")
    #expect(root.read("rejected/s/x-3.dcm") == "three")
    #expect(root.read("rejected/s/x-3.dcm.reason.txt")?.contains("three") == true)
  }

  @Test("a rejected file under a number that comes again lies there once")
  func rejectedAgain() async throws {
    for text in ["other", "image", "image", "image"] {
      _ = try await desk.deliver(fixture.drop("x", text), fixture.row(.rejected), detail: "", staging: nil)
    }
    #expect(
      root.files.filter { $0.hasPrefix("rejected/") } == [
        "rejected/x", "rejected/x-2", "rejected/x-2.reason.txt", "rejected/x.reason.txt",
      ])
  }

  @Test("only the own name and the known place are looked into; what lies under numbers is another's")
  func namesakes() async throws {
    func deliver(_ path: String, _ text: String) async throws {
      _ = try await desk.deliver(
        fixture.drop(path, text), fixture.row(.notAnalysed, uid: text), detail: "", staging: nil)
    }
    // As long as each other.
    try root.write("stone", "done/x.dcm")
    try root.write("image", "done/x-2.dcm")
    // Of another time, so that it doesn't look like the file itself.
    try root.setTime(1_000_000_001, of: "done/x-2.dcm")
    try await deliver("x.dcm", "image")
    #expect(root.read("done/x-3.dcm") == "image" && root.read("done/x-2.dcm") == "image")
    // The same bytes again, whose place is known.
    try await deliver("x.dcm", "image")
    // The own name.
    try await deliver("x.dcm", "stone")
    #expect(root.files == ["done/x-2.dcm", "done/x-3.dcm", "done/x.dcm", "outbox/report.csv"])
  }

  @Test(
    "numbers stand before the extension",
    arguments: [
      ("a/x.dcm", "a/x-2.dcm"), ("a.b/x", "a.b/x-2"), ("/.hidden", "/.hidden-2"), ("x.tar.gz", "x.tar-2.gz"),
    ])
  func freePath(path: String, free: String) throws {
    let path = FilePath(path)
    #expect(try DestinationPath { $0 == path ? .other : .nothing }.free(path) == FilePath(free))
    #expect(try DestinationPath { _ in .nothing }.free(path) == path)
  }

  @Test("where the file system can't say what lies at a path no number is free", .timeLimit(.minutes(10)))
  func noAnswer() {
    let lost = DestinationPath { path throws(WriteFailure) in
      throw WriteFailure(path: path.text, action: "look at it", code: EIO)
    }
    #expect(throws: WriteFailure.self) { try lost.free("a/x") }
    #expect(throws: WriteFailure.self) { try lost.file("a/x", in: "/home") }
    #expect(throws: WriteFailure.self) { try lost.folder("a", in: "/home") }
  }

  @Test("the longest name that there is gives way to a number", .timeLimit(.minutes(10)))
  func longestName() throws {
    let name = String(repeating: "n", count: 251) + ".dcm"
    try root.write("", "inbox/" + name)
    let path = FilePath(of: folders.inbox).appending(name)
    let free = try DestinationPath(look: DestinationPath.look).free(path)
    #expect(free.lastComponent.map { $0.bytes.count <= 202 && $0.string.hasSuffix(".dcm") } == true)
    #expect(try DestinationPath.look(free) == .nothing)
  }

  @Test(
    "results wait for an outbox that isn't there, and then go out", .timeLimit(.minutes(10)))
  func lostOutbox() async throws {
    let results = ResultDesk(folders)
    let intent = PublicationIntent(of: ContentDigest(of: "image"), folders)
    let staging = try fixture.staged()
    try FileManager.default.removeItem(at: folders.outbox)
    // As a mount that is gone: every look below it fails.
    try root.write("", "outbox")
    #expect(throws: WriteFailure.self) {
      var row = fixture.row()
      _ = try results.publish(&row, from: staging, copy: 1, replacing: [], intent: intent)
    }
    try FileManager.default.removeItem(at: folders.outbox)
    try folders.create()
    var row = fixture.row()
    #expect(try results.publish(&row, from: staging, copy: 1, replacing: [], intent: intent).count == 1)
    #expect(row.outputs == ["9.9/1.2.3.png"])
  }

  @Test("a file that changed while it was analysed stays, and nothing is said of it")
  func changed() async throws {
    let file = try fixture.drop("x")
    try root.write("another image", "inbox/x")
    #expect(
      try await desk.deliver(file, fixture.row(), detail: "", staging: fixture.staged()) == .sourceChanged)
    #expect(root.files == ["inbox/x"])
  }

  @Test("a locked folder can't be locked again, until the holder lets go")
  func locking() throws {
    func isFree() -> Bool {
      do {
        _ = try FolderLock(folders.inbox)
        return true
      } catch { return false }
    }
    do {
      let holder = try FolderLock(folders.inbox)
      #expect(!isFree())
      extendLifetime(holder)
    }
    #expect(isFree())
  }
}
