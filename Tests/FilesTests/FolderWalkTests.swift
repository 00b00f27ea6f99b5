import Files
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite("One walk through folders, for the inbox and for archives")
struct FolderWalkTests {
  private let root: FilePath
  private let folder: URL

  init() throws {
    folder = try TestEnvironment.temporaryFolder()
    root = FilePath(of: folder)
  }

  /// Writes a file under a name of any bytes.
  private func write(_ path: FilePath) throws {
    let place = root.pushing(path)
    try FileManager.default.createDirectory(
      atPath: place.removingLastComponent().string, withIntermediateDirectories: true)
    let file = unsafe place.withPlatformString { unsafe open($0, O_WRONLY | O_CREAT, 0o640) }
    try #require(file >= 0)
    close(file)
  }

  private func link(_ path: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: folder.appending(path: path).path, withDestinationPath: target)
  }

  private func files(_ options: FolderWalk.Options) -> [FilePath] {
    FolderWalk(root, options).files.map(\.path)
  }

  @Test("hidden entries: the archive's are taken, the inbox's aren't")
  func hidden() throws {
    for path in ["a", ".hidden", ".folder/b"] as [FilePath] { try write(path) }
    #expect(files(.archive) == [".folder/b", ".hidden", "a"])
    #expect(files(.inbox()) == ["a"])
  }

  @Test(
    "a file's date may be whatever somebody wrote there",
    arguments: [Int.min / 2, -11_644_473_600, 0, 9_999_999_999, 10_413_792_000, Int.max / 2])
  func dates(seconds: Int) throws {
    var status = Glibc.stat()
    status.st_mtim = timespec(tv_sec: seconds, tv_nsec: 999_999_999)
    status.st_ctim = timespec(tv_sec: -(seconds / 2), tv_nsec: 0)
    let (stamp, other) = (
      FileStamp(status), FileStamp(size: 0, modified: status.st_ctim.nanoseconds, inode: 0)
    )
    // Any two can be compared.
    #expect(stamp.mayBeCopy(of: stamp) && abs(stamp.modified - other.modified) >= 0)
    #expect(seconds.magnitude > 4_000_000_000 || stamp.modified == seconds * 1_000_000_000 + 999_999_999)
  }

  @Test("links: followed once in an archive, a real path preferred; left out in the inbox")
  func links() throws {
    try write("real/a")
    try write("z")
    try link("linked", to: "real")
    try link("b", to: "real/a")
    try link("real/loop", to: "..")
    let outside = try TestEnvironment.temporaryFolder()
    try Data().write(to: outside.appending(path: "c"))
    try link("outside", to: outside.path)
    try link("again", to: outside.path)
    try link("broken", to: "nothing")
    #expect(files(.archive) == ["again/c", "real/a", "z"])
    #expect(files(.inbox()) == ["real/a", "z"])
    #expect(FolderWalk(root, .archive).problems.map(\.path) == ["broken"])
    #expect(FolderWalk(root, .archive).problems.map(\.kind) == [.brokenLink])
    #expect(FolderWalk(root, .inbox()).problems == [])
  }

  @Test("names are bytes", arguments: [FolderWalk.Options.archive, .inbox()])
  func bytes(options: FolderWalk.Options) throws {
    let latin = FilePath(bytes: Array("M".utf8) + [0xFC] + Array("ller".utf8))
    let composed = FilePath(bytes: [0xC3, 0xA9])
    let decomposed = FilePath(bytes: [0x65, 0xCC, 0x81])
    try write(latin)
    try write(composed)
    try write(decomposed)
    let place = root.pushing(latin)
    let walk = FolderWalk(root, options)
    #expect(Set(walk.files.map(\.path)) == [latin, composed, decomposed] && walk.problems == [])
    #expect(FolderWalk.entry(latin, in: root) != nil)
    let opened = OpenedFile(place)
    #expect(
      opened.url.path.hasPrefix("/proc/self/fd/") && FileManager.default.fileExists(atPath: opened.url.path))
    extendLifetime(opened)
  }

  @Test("in folders whose names are bytes, too")
  func folders() throws {
    let name = FilePath(bytes: [0xE9])
    let made = unsafe root.pushing(name).withPlatformString { unsafe mkdir($0, 0o750) }
    #expect(made == 0)
    let path = name.appending("a.dcm")
    let file = unsafe root.pushing(path).withPlatformString { unsafe open($0, O_WRONLY | O_CREAT, 0o640) }
    close(file)
    let walk = FolderWalk(root, .inbox())
    #expect(walk.files.map(\.path) == [path] && Set(walk.folders) == [FilePath(), name])
  }

  @Test("patterns and skipped folders are left out")
  func leftOut() throws {
    for path in ["a.dcm", "a.part", "out/b.dcm", "in/c.dcm"] as [FilePath] { try write(path) }
    let out = try #require(FileIdentity(of: root.appending("out")))
    #expect(files(.inbox(ignoring: ["*.part"], skipping: [out])) == ["a.dcm", "in/c.dcm"])
  }

  @Test("a folder without rights is a problem", .enabled(if: geteuid() != 0, "root may read everything"))
  func rights() throws {
    try write("shut/a")
    let shut = folder.appending(path: "shut").path
    #expect(unsafe chmod(shut, 0) == 0)
    defer { _ = unsafe chmod(shut, 0o755) }
    let walk = FolderWalk(root, .inbox())
    #expect(walk.problems.map(\.message) == ["no rights"] && walk.problems.map(\.isFolder) == [true])
  }
}
