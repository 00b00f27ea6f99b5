import CSystemCalls
import Files
import Foundation
import Glibc
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite("Folders that are held open")
struct OpenFolderTests {
  private let root: FilePath
  private let outside: FilePath

  init() throws {
    root = FilePath(of: try TestEnvironment.temporaryFolder())
    outside = FilePath(of: try TestEnvironment.temporaryFolder())
    for folder in [root.appending("a/b"), outside.appending("b")] {
      try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
      try Data(folder.string.utf8).write(to: URL(filePath: folder.appending("file").string))
    }
  }

  private func link(_ path: FilePath, to target: FilePath) {
    #expect(unsafe symlink(target.string, path.string) == 0)
  }

  @Test("what lies below is reached by names, and never through a link or upwards")
  func beneath() throws {
    let folder = try #require(OpenFolder(root))
    #expect(folder.status(at: "a/b/file") != nil)
    #expect(folder.folder("a/b")?.names() == ["file"])
    link(root.appending("linked"), to: outside)
    link(root.appending("a/c"), to: "b")
    for path in ["linked", "linked/b", "a/c", "..", "a/../a"] as [FilePath] {
      #expect(folder.folder(path) == nil, "\(path)")
    }
    #expect(folder.status(at: "linked/b/file") == nil)
    #expect(folder.makingFolder("linked/new") == nil)
    #expect(!FileManager.default.fileExists(atPath: outside.appending("new").string))
    #expect(folder.open("linked", O_RDONLY) < 0)
  }

  @Test("a kernel without openat2 is answered the same")
  func walk() throws {
    let folder = try #require(OpenFolder(root))
    link(root.appending("linked"), to: outside)
    link(root.appending("a/link"), to: outside.appending("b/file"))
    func reach(_ path: String, _ flags: Int32 = O_RDONLY) -> Bool {
      let found = unsafe [
        system_walk_beneath(folder.descriptor, path, flags),
        system_open_beneath(folder.descriptor, path, flags),
      ]
      for descriptor in found where descriptor >= 0 { close(descriptor) }
      #expect((found[0] >= 0) == (found[1] >= 0), "\(path)")
      return found[0] >= 0
    }
    #expect(reach("a/b/file") && reach("a//b/") && reach("a"))
    for path in [
      "linked", "linked/b", "linked/b/file", "a/link", "../a", "a/b/..", "nothing", "a/b/file/x", "",
    ] {
      #expect(!reach(path), "\(path)")
    }
    #expect(!reach(String(repeating: "x", count: 300)))
  }

  @Test("who holds a folder isn't led astray when a link takes its name")
  func swapped() throws {
    let held = try #require(OpenFolder(root)?.folder("a"))
    #expect(unsafe rename(root.appending("a").string, root.appending("moved").string) == 0)
    link(root.appending("a"), to: outside)
    #expect(held.folder("b")?.rename("file", to: held, "taken") == 0)
    #expect(held.makingFolder("new") != nil)
    #expect(FileManager.default.fileExists(atPath: root.appending("moved/new").string))
    #expect(FileManager.default.fileExists(atPath: root.appending("moved/taken").string))
    #expect(FileManager.default.fileExists(atPath: outside.appending("b/file").string))
  }

  @Test("a walk never lists what lies behind a link that comes and goes")
  func walkUnderSwaps() throws {
    try Data().write(to: URL(filePath: outside.appending("b/secret").string))
    let (folder, aside, planted) = (root.appending("a"), root.appending(".aside"), root.appending(".link"))
    link(planted, to: outside)
    let isOver = Mutex(false)
    let swaps = Mutex(0)
    let ended = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      while !isOver.withLock({ $0 }) {
        _ = unsafe rename(folder.string, aside.string)
        _ = unsafe rename(planted.string, folder.string)
        _ = unsafe rename(folder.string, planted.string)
        _ = unsafe rename(aside.string, folder.string)
        swaps.withLock { $0 += 1 }
      }
      ended.signal()
    }
    var walks = 0
    while walks < 500 || swaps.withLock({ $0 }) < 500 {
      walks += 1
      let walk = FolderWalk(root, .inbox())
      #expect(walk.files.allSatisfy { $0.path == "a/b/file" } && walk.problems == [])
      #expect(FolderWalk.entry("a/b/secret", in: root) == nil)
    }
    isOver.withLock { $0 = true }
    ended.wait()
  }

  @Test("folders are made where they are missing, and found where they are there")
  func making() throws {
    let folder = try #require(OpenFolder(root))
    let made = try #require(folder.makingFolder("x/y/z"))
    #expect(made.path == root.appending("x/y/z") && made.status?.st_mode ?? 0 & 0o777 == S_IFDIR | 0o750)
    #expect(folder.makingFolder("x/y") != nil)
    #expect(folder.makingFolder("a/b/file/x") == nil)
    #expect(folder.folder("x/y")?.removeFolder("z") == 0 && folder.removeFolder("x") == ENOTEMPTY)
  }

  @Test("what root makes belongs to whoever the folder above belongs to", .enabled(if: geteuid() == 0))
  func makingAsRoot() throws {
    let folder = try #require(OpenFolder(root))
    #expect(unsafe chown(root.string, 4321, 1234) == 0)
    _ = try #require(folder.makingFolder("x/y"))
    for path: FilePath in ["x", "x/y"] {
      let status = try #require(folder.folder(path)?.status)
      #expect(status.st_uid == 4321 && status.st_gid == 1234)
    }
  }

  @Test(
    "many files are synced together as well as one by one, and who can't be read is no reason not to",
    arguments: [2, 40])
  func synced(count: Int) throws {
    let folder = try #require(OpenFolder(root.appending("a/b")))
    var names: [FilePath.Component] = ["missing"]
    for number in 1...count {
      let name = try #require(FilePath.Component(bytes: Array("f\(number)".utf8)))
      try Data([1, 2, 3]).write(to: URL(filePath: folder.path.appending(name).string))
      names.append(name)
    }
    try SyncedFiles.sync(names, in: folder)
    #expect(folder.names()?.count == count + 1)
  }
}
