import Daemon
import Files
import Foundation
import Glibc
import SystemPackage
import Testing

@Suite("Looking at the inbox")
struct InboxWatchTests {
  private let root: TemporaryFolder
  private let inbox: URL
  private let manager = FileManager.default

  init() throws {
    root = try TemporaryFolder()
    inbox = root.url.appending(path: "inbox")
    try FileManager.default.createDirectory(at: inbox, withIntermediateDirectories: true)
  }

  /// Asks until something is complete, or gives up.
  private func complete(_ watch: inout InboxWatch, within seconds: Double = 120) async throws -> [FilePath] {
    let end = ContinuousClock.now + .seconds(seconds)
    // A busy machine may let two minutes pass between two looks.
    var looks = 0
    while .now < end || looks < 20 {
      looks += 1
      let files = watch.takeComplete().map(\.path)
      if !files.isEmpty { return files }
      try await Task.sleep(for: .milliseconds(20))
    }
    return []
  }

  private func watch(settling: Duration = .seconds(600), scan: Duration = .seconds(600), events: Bool = true)
    -> InboxWatch
  {
    var watch = InboxWatch(
      inbox, ignoring: ["*.part"], settlingTime: settling, scanInterval: scan, usesEvents: events)
    _ = watch.takeComplete()
    return watch
  }

  @Test("of a great drop the first are handed out while others are looked at, each once")
  func portions() async throws {
    let names = (0..<1500).map { "outside/\($0 % 7)/deep/\($0).dcm" }
    for name in names { try root.write("image", name) }
    var watch = watch(settling: .zero)
    try manager.moveItem(at: root.url.appending(path: "outside"), to: inbox.appending(path: "sent"))
    let first = try await complete(&watch)
    #expect(first.count < names.count && watch.hasMore)
    let rest = try await complete(&watch)
    #expect(
      !watch.hasMore && Set(first + rest).count == names.count && first.count + rest.count == names.count)
    #expect(watch.takeComplete().isEmpty)
    // Each of the folders is watched.
    try root.write("image", "inbox/sent/6/deep/later.dcm")
    #expect(try await complete(&watch) == ["sent/6/deep/later.dcm"])
  }

  @Test("scans that show nothing new take a hundredth of the processor, and of the time a thirtieth")
  func pauses() {
    func pause(_ seconds: Double, _ processor: Double, _ hasNews: Bool) -> Duration {
      InboxWatch.pause(afterScanOf: .seconds(seconds), using: .seconds(processor), hasNews: hasNews)
    }
    #expect(pause(0.5, 0.5, false) == .seconds(50))
    // A mount that lets us wait costs nobody else anything.
    #expect(pause(10, 0.5, false) == .seconds(300))
    #expect(pause(10, 10, true) == .seconds(20))
  }

  @Test("a file that was closed, or renamed in, is there at once; one that is open isn't")
  func events() async throws {
    var watch = watch()
    try root.write("image", "inbox/closed.dcm")
    #expect(try await complete(&watch) == ["closed.dcm"])
    try root.write("image", "outside.dcm")
    try manager.moveItem(at: root.url.appending(path: "outside.dcm"), to: inbox.appending(path: "moved.dcm"))
    #expect(try await complete(&watch) == ["moved.dcm"])
    let path = inbox.appending(path: "open.dcm").path
    // Not FileManager's way, which renames a finished file into place.
    let handle = FileHandle(
      fileDescriptor: unsafe open(path, O_WRONLY | O_CREAT, 0o640), closeOnDealloc: true)
    try handle.write(contentsOf: Data("half".utf8))
    #expect(try await complete(&watch, within: 0.3) == [])
    try handle.close()
    #expect(try await complete(&watch) == ["open.dcm"])
  }

  @Test("folders that come later are watched too, in any depth")
  func nested() async throws {
    var watch = watch()
    try root.write("image", "inbox/study/series/one.dcm")
    // The folder is new: the file may have been closed before anybody watched.
    _ = watch.takeComplete()
    try root.write("image", "inbox/study/series/two.dcm")
    #expect(try await complete(&watch).contains("study/series/two.dcm"))
    try root.write("image", "elsewhere/deep/three.dcm")
    try manager.moveItem(at: root.url.appending(path: "elsewhere"), to: inbox.appending(path: "whole"))
    _ = watch.takeComplete()
    try root.write("image", "inbox/whole/deep/four.dcm")
    #expect(try await complete(&watch) == ["whole/deep/four.dcm"])
  }

  @Test("in a folder that was renamed in, old files are complete; one that may still be open isn't")
  func renamedFolder() async throws {
    var watch = watch(settling: .seconds(3))
    try root.write("image", "elsewhere/old.dcm")
    try await Task.sleep(for: .seconds(3.2))
    try root.write("half", "elsewhere/deep/open.dcm")
    try manager.moveItem(at: root.url.appending(path: "elsewhere"), to: inbox.appending(path: "whole"))
    #expect(try await complete(&watch) == ["whole/old.dcm"])
    #expect(watch.waiting(among: nil) == ["whole/deep/open.dcm"])
    #expect(try await complete(&watch) == ["whole/deep/open.dcm"])
  }

  @Test("names are bytes: by events, by scans, in folders, and for analysis", arguments: [true, false])
  func bytes(events: Bool) async throws {
    var watch = watch(settling: .milliseconds(100), scan: .milliseconds(50), events: events)
    // "Müller" in Latin-1, in a folder "Méd".
    let name = FilePath(bytes: Array("M".utf8) + [0xFC] + Array("ller".utf8))
    let folder = FilePath(bytes: Array("M".utf8) + [0xE9] + Array("d".utf8))
    let whole = FilePath(of: inbox)
    #expect(unsafe whole.pushing(folder).withPlatformString { unsafe mkdir($0, 0o750) } == 0)
    var found: Set<FilePath> = []
    for path in [name, folder.pushing(name)] {
      let place = whole.pushing(path)
      let descriptor = unsafe place.withPlatformString { unsafe open($0, O_WRONLY | O_CREAT, 0o640) }
      try #require(descriptor >= 0)
      try FileHandle(fileDescriptor: descriptor, closeOnDealloc: true).write(contentsOf: Data("image".utf8))
      found.formUnion(try await complete(&watch))
    }
    #expect(found == [name, folder.pushing(name)])
    let inputs = try AnalysisInputs([whole])
    #expect(Set(inputs.files) == [whole.pushing(name), whole.pushing(folder).pushing(name)])
    #expect(inputs.problems == [])
  }

  @Test("without events a scan finds files, once they are unchanged for the settling time")
  func scans() async throws {
    var watch = watch(settling: .milliseconds(200), scan: .milliseconds(50), events: false)
    try root.write("image", "inbox/study/a.dcm")
    #expect(watch.takeComplete().isEmpty)
    #expect(try await complete(&watch) == ["study/a.dcm"])
    #expect(try await complete(&watch, within: 0.3) == [])
  }

  @Test("hidden files, unfinished names, links and locks aren't touched")
  func ignored() async throws {
    var watch = watch(settling: .zero, scan: .milliseconds(10))
    try root.write("image", "target.dcm")
    for name in [".hidden", "a.part", ".folder/a.dcm", FolderLock.fileName] {
      try root.write("x", "inbox/" + name)
    }
    try manager.createSymbolicLink(
      at: inbox.appending(path: "link.dcm"), withDestinationURL: root.url.appending(path: "target.dcm"))
    #expect(try await complete(&watch, within: 0.3) == [])
  }

  @Test("at the start of a single run old files are complete at once, by the file system's clock")
  func age() throws {
    try root.write("image", "inbox/old.dcm")
    let lock = try FolderLock(inbox)
    let time = lock.fileSystemTime()
    let now = try #require(time)
    var watch = InboxWatch(
      inbox, ignoring: [], settlingTime: .seconds(100), scanInterval: .seconds(600), usesEvents: false)
    watch.scan(fileSystemTime: now)
    #expect(watch.takeComplete().isEmpty && watch.isWaiting)
    watch.scan(fileSystemTime: now + 101_000_000_000)
    #expect(watch.takeComplete().map(\.path) == ["old.dcm"])
  }
}
