import Analysis
import Daemon
import Files
import Foundation
import Glibc
import SystemPackage
import Testing

@Suite("Files that somebody still writes")
struct WriterTests {
  private let root: TemporaryFolder
  private let inbox: URL

  init() throws {
    root = try TemporaryFolder()
    inbox = root.url.appending(path: "inbox")
    try FileManager.default.createDirectory(at: inbox, withIntermediateDirectories: true)
  }

  /// A shell that does as it is told, line by line: a writer in a process of its own.
  private final class Writer {
    private let process = Process()
    private let commands = Pipe()
    private let answers = Pipe()

    init(in folder: URL) throws {
      process.executableURL = URL(filePath: "/bin/sh")
      process.currentDirectoryURL = folder
      process.standardInput = commands
      process.standardOutput = answers
      try process.run()
    }

    /// Runs a line and waits until it is done.
    func tell(_ line: String) {
      try? commands.fileHandleForWriting.write(contentsOf: Data("\(line)\necho done\n".utf8))
      _ = answers.fileHandleForReading.availableData
    }

    deinit {
      try? commands.fileHandleForWriting.close()
      process.waitUntilExit()
    }
  }

  private func isHeld(_ name: String) -> Bool {
    var writers = OpenWriters()
    return writers.contain(FilePath(of: inbox.appending(path: name)))
  }

  private func watch(settling: Duration = .milliseconds(100), events: Bool) -> InboxWatch {
    var watch = InboxWatch(
      inbox, ignoring: [], settlingTime: settling, scanInterval: .milliseconds(50), usesEvents: events)
    _ = watch.takeComplete()
    return watch
  }

  /// What becomes complete within the time.
  private func complete(_ watch: inout InboxWatch, within seconds: Double) async throws -> [FilePath] {
    // Counted in looks: beside other tests one look may be a long time after the other.
    for _ in 0..<max(1, Int(seconds * 50)) {
      let files = watch.takeComplete().map(\.path)
      if !files.isEmpty { return files }
      try await Task.sleep(for: .milliseconds(20))
    }
    return []
  }

  @Test("another process's writer is seen, a reader isn't, and neither is one that has closed")
  func seen() throws {
    let writer = try Writer(in: inbox)
    writer.tell("exec 3>a; echo half >&3")
    #expect(isHeld("a"))
    writer.tell("exec 3>&-; exec 4<a")
    #expect(!isHeld("a"))
    writer.tell("exec 4<&-; exec 3>>a")
    #expect(isHeld("a"))
    writer.tell("exec 3>&-")
    #expect(!isHeld("a"))
    #expect(!isHeld("nothing"))
  }

  @Test("a writer that stalls longer than the settling time keeps its file", arguments: [true, false])
  func stalled(events: Bool) async throws {
    var watch = watch(events: events)
    let writer = try Writer(in: inbox)
    writer.tell("exec 3>a; echo half >&3")
    // Until it would have counted as complete.
    var looks = 0
    while watch.heldOpen.isEmpty, looks < 600 {
      #expect(try await complete(&watch, within: 0.1) == [])
      looks += 1
    }
    #expect(watch.heldOpen == ["a"])
    #expect(try await complete(&watch, within: 1) == [])
    writer.tell("echo whole >&3; exec 3>&-")
    #expect(try await complete(&watch, within: 60) == ["a"])
    #expect(watch.heldOpen == [])
  }

  @Test(
    "written in place in an old file, as rsync --inplace does; appended after a close",
    arguments: [true, false])
  func again(events: Bool) async throws {
    try root.write("the old content", "inbox/a")
    var watch = watch(settling: .milliseconds(300), events: events)
    let writer = try Writer(in: inbox)
    writer.tell("exec 3<>a; printf new >&3")
    #expect(try await complete(&watch, within: 1.5) == [])
    writer.tell("exec 3>&-; exec 3>>a")
    #expect(try await complete(&watch, within: 1.5) == [])
    writer.tell("exec 3>&-")
    #expect(try await complete(&watch, within: 60) == ["a"])
  }

  @Test("a file that is opened again before it is delivered stays where it is")
  func delivery() async throws {
    let fixture = try DeliveryFixture()
    let file = try fixture.drop("a")
    let writer = try Writer(in: fixture.folders.inbox)
    writer.tell("exec 3>>a")
    let first = try await fixture.desk.deliver(file, fixture.row(.rejected), detail: "", staging: nil)
    #expect(first == .sourceChanged && fixture.root.files == ["inbox/a"])
    writer.tell("exec 3>&-")
    guard
      case .delivered = try await fixture.desk.deliver(file, fixture.row(.rejected), detail: "", staging: nil)
    else {
      Issue.record("not delivered")
      return
    }
  }

  /// A file is rejected; then somebody changes it.
  private func rejected(_ name: String = "s/a.dcm") async throws -> (DeliveryFixture, RejectedFiles) {
    let fixture = try DeliveryFixture()
    _ = try await fixture.desk.deliver(
      fixture.drop(name), fixture.row(.rejected), detail: "cut short", staging: nil)
    var files = RejectedFiles(fixture.folders.rejected, settlingTime: .zero, scanInterval: .zero)
    #expect(files.changed() == [])
    #expect(files.changed() == [])
    return (fixture, files)
  }

  /// What changed, asked for again and again: looks have their time.
  private func changes(
    of files: inout RejectedFiles, within seconds: Double = 60
  ) async throws -> [RejectedFiles.Change] {
    let end = ContinuousClock.now + .seconds(seconds)
    while .now < end {
      let changes = files.changed()
      if !changes.isEmpty { return changes }
      try await Task.sleep(for: .milliseconds(20))
    }
    return []
  }

  @Test("a rejected file that grows is taken back into the inbox, once it is closed; its reason goes")
  func grows() async throws {
    var (fixture, files) = try await rejected()
    let writer = try Writer(in: fixture.folders.rejected)
    writer.tell("exec 3>>s/a.dcm; echo more >&3")
    #expect(try await changes(of: &files, within: 1) == [])
    writer.tell("exec 3>&-")
    let changes = try await changes(of: &files)
    #expect(changes.map(\.origin) == ["s/a.dcm"])
    try #require(changes.first).takeBack(to: FilePath(of: fixture.folders.inbox))
    #expect(fixture.root.files == ["inbox/s/a.dcm", "outbox/report.csv"])
    #expect(fixture.root.read("inbox/s/a.dcm") == "imagemore\n")
    #expect(try await self.changes(of: &files, within: 0.5) == [])
  }

  @Test("a restart forgets nothing: the reason file tells what the file was like")
  func restart() async throws {
    let (fixture, _) = try await rejected()
    var fresh = RejectedFiles(fixture.folders.rejected, settlingTime: .zero, scanInterval: .zero)
    #expect(fresh.changed() == [])
    try fixture.root.write("another image", "rejected/s/a.dcm")
    var later = RejectedFiles(fixture.folders.rejected, settlingTime: .zero, scanInterval: .zero)
    #expect(later.changed().map(\.origin) == ["s/a.dcm"])
  }

  @Test("where its name has come again, the changed file gets one beside it")
  func both() async throws {
    var (fixture, files) = try await rejected()
    _ = try fixture.drop("s/a.dcm", "sent again")
    try fixture.root.write("another image", "rejected/s/a.dcm")
    let change = try #require(try await changes(of: &files).first)
    try change.takeBack(to: FilePath(of: fixture.folders.inbox))
    #expect(fixture.root.read("inbox/s/a.dcm") == "sent again")
    #expect(fixture.root.read("inbox/s/a-2.dcm") == "another image")
  }

  @Test(
    "a reason that names a place outside the inbox, or a hidden one, moves nothing",
    arguments: ["../a", "/etc/a", ".hidden/a", ""])
  func outside(path: String) {
    let text = "file: \(path)\nbytes: 1\nmodified: 2\n"
    #expect(RejectionReason(text: text).origin == nil)
  }
}
