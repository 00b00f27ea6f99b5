import Files
import Foundation
import SystemPackage
import TestSupport
import Testing
import Unpacking

@Suite("Zip archives: what is in them, and what is refused") struct ZipArchiveTests {
  private let folder: URL

  init() throws { folder = try TestEnvironment.temporaryFolder() }

  private func unpack(
    _ bytes: [UInt8], _ change: (inout UnpackingLimits) -> Void = { _ in }
  ) throws -> Result<[String: String], UnpackingFailure> {
    let file = folder.appending(path: "\(UUID().uuidString).zip")
    try Data(bytes).write(to: file)
    return try unpack(file, change)
  }

  private func unpack(
    _ file: URL, _ change: (inout UnpackingLimits) -> Void = { _ in }
  ) throws -> Result<[String: String], UnpackingFailure> {
    let place = folder.appending(path: "out-\(UUID().uuidString)/in")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    var limits = UnpackingLimits()
    change(&limits)
    do throws(UnpackingFailure) {
      try ZipArchive.unpack(FilePath(file.path), into: FilePath(place.path), limits: limits)
    } catch { return .failure(error) }
    // Nothing lies beside the folder.
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: place.deletingLastPathComponent().path) == ["in"])
    var found: [String: String] = [:]
    for entry in FolderWalk(FilePath(place.path), .archive).files {
      found[entry.path.string] = try String(
        contentsOf: place.appending(path: entry.path.string), encoding: .utf8)
    }
    return .success(found)
  }

  private func reason(_ result: Result<[String: String], UnpackingFailure>) -> UnpackingFailure.Reason? {
    if case .failure(let failure) = result { failure.reason } else { nil }
  }

  @Test("files lie where their names say, also by backslashes; folders and dots name nothing")
  func files() throws {
    let zip = HandmadeZip([
      .init(name: "a.dcm"), .init(name: "study/", content: [], mode: 0o040_755), .init(name: "study/b.dcm"),
      .init(name: "disk\\c.dcm", mode: 0), .init(name: "./d//e.dcm"), .init(name: "ü.dcm"),
    ])
    let found = try unpack(zip.bytes).get()
    #expect(Set(found.keys) == ["a.dcm", "study/b.dcm", "disk/c.dcm", "d/e.dcm", "ü.dcm"])
    #expect(Set(found.values) == ["content"])
  }

  @Test("two of one name are two files")
  func duplicates() throws {
    let zip = HandmadeZip([
      .init(name: "a.dcm", content: Array("1".utf8)), .init(name: "a.dcm", content: Array("2".utf8)),
      .init(name: "A.dcm", content: Array("3".utf8)),
    ])
    #expect(try unpack(zip.bytes).get() == ["a.dcm": "1", "a-2.dcm": "2", "A.dcm": "3"])
  }

  @Test(
    "names that lead out, and what is no file",
    arguments: [
      "../a", "a/../../b", "/etc/passwd", "\\a", "C:\\a", "c:/a", "..", "a/..", "a\\..\\..\\b",
      String(repeating: "n", count: 300),
    ])
  func names(name: String) throws {
    #expect(try reason(unpack(HandmadeZip("sound.dcm", name).bytes)) == .unsafe)
  }

  @Test(
    "links, devices and a file where a folder is",
    arguments: [0o120_777, 0o060_644, 0o010_644, 0o140_644] as [UInt32])
  func links(mode: UInt32) throws {
    let zip = HandmadeZip([
      .init(name: "link", content: Array("/etc".utf8), mode: mode), .init(name: "link/a"),
    ])
    #expect(try reason(unpack(zip.bytes)) == .unsafe)
    #expect(try reason(unpack(HandmadeZip("a", "a/b").bytes)) == .unsafe)
  }

  @Test("encrypted, damaged, empty")
  func unusable() throws {
    #expect(try reason(unpack(HandmadeZip([.init(name: "a", flags: 1)]).bytes)) == .encrypted)
    #expect(try reason(unpack(HandmadeZip([.init(name: "a", statedCRC: 7)]).bytes)) == .damaged)
    let sound = HandmadeZip("a", "b").bytes
    #expect(try reason(unpack(Array(sound.dropLast(30)))) == .damaged)
    #expect(try reason(unpack(Array("PK\u{3}\u{4} and no more of it than this".utf8))) == .damaged)
    #expect(try reason(unpack(HandmadeZip().bytes)) == .empty)
    #expect(
      try reason(unpack(HandmadeZip([.init(name: "a/", content: [], mode: 0o040_755)]).bytes)) == .empty)
  }

  @Test("too many, too large, too deep; what is stated counts before a byte is written")
  func limits() throws {
    let three = HandmadeZip("a", "b", "c").bytes
    #expect(try reason(unpack(three) { $0.entries = 2 }) == .tooLarge)
    #expect(try reason(unpack(three) { $0.bytes = 20 }) == .tooLarge)
    #expect(try reason(unpack(three) { $0.reserve = .max / 2 }) == .noRoom)
    #expect(try reason(unpack(three) { $0.fullest = 0 }) == .noRoom)
    #expect(try reason(unpack(three) { $0.seconds = 0 }) == .tooSlow)
    #expect(
      try reason(
        unpack(HandmadeZip([.init(name: "a", statedSize: 0xFFFF_FFF0)]).bytes) { $0.bytes = 1 << 30 })
        == .tooLarge)
    #expect(try reason(unpack(HandmadeZip("a/b/c/d").bytes) { $0.folders = 2 }) == .tooDeep)
    #expect(try unpack(HandmadeZip("a/b/c/d").bytes) { $0.folders = 3 }.get().count == 1)
  }

  @Test("archives within archives are opened, but not for ever")
  func nested() throws {
    let inner = HandmadeZip("a.dcm", "sub/b.dcm")
    let middle = HandmadeZip([.init(name: "inner.ZIP", content: inner.bytes), .init(name: "c.dcm")])
    let outer = HandmadeZip([.init(name: "disk/middle", content: middle.bytes)])
    let found = try unpack(outer.bytes).get()
    #expect(
      Set(found.keys) == [
        "disk/middle.unpacked/c.dcm", "disk/middle.unpacked/inner/a.dcm",
        "disk/middle.unpacked/inner/sub/b.dcm",
      ])
    #expect(try reason(unpack(outer.bytes) { $0.nesting = 2 }) == .tooDeep)
    // One budget for all.
    #expect(try reason(unpack(outer.bytes) { $0.entries = 4 }) == .tooLarge)
    let rude = HandmadeZip([.init(name: "inner.zip", content: HandmadeZip("../a").bytes)])
    #expect(try reason(unpack(rude.bytes)) == .unsafe)
  }

  @Test("a DICOM file that begins like an archive is none, and a document is one")
  func signature() throws {
    let file = folder.appending(path: "x")
    func isArchive(_ bytes: [UInt8]) throws -> Bool {
      try Data(bytes).write(to: file)
      return ZipArchive.isOne(at: FilePath(file.path))
    }
    #expect(try isArchive(HandmadeZip("a").bytes))
    #expect(try isArchive(HandmadeZip().bytes))
    #expect(try !isArchive([0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 124) + Array("DICM".utf8)))
    #expect(try !isArchive([0x50, 0x4B, 3, 4]))
    #expect(try !isArchive([]))
    #expect(!ZipArchive.isOne(at: FilePath(folder.path)))
    #expect(!ZipArchive.isOne(at: "/nonexistent"))
  }

  @Test(
    "what other programs pack: compressed, of 64 bits; and a few kilobytes that stand for a gigabyte",
    .enabled(if: TestEnvironment.python != nil, "MMDICOM_PYTHON isn't set"))
  func packed() throws {
    let script = """
      import sys, zipfile
      folder = sys.argv[1]
      with zipfile.ZipFile(folder + "/deflated.zip", "w", zipfile.ZIP_DEFLATED) as z:
          z.writestr("a.dcm", "x" * 100000)
          with z.open("b.dcm", "w", force_zip64=True) as f:
              f.write(b"large")
      with zipfile.ZipFile(folder + "/bomb.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
          with z.open("zeros", "w") as f:
              for _ in range(1024):
                  f.write(bytes(1 << 20))
      with zipfile.ZipFile(folder + "/many.zip", "w") as z:
          for i in range(30000):
              z.writestr(f"{i}", "")
      """
    let run = try TestEnvironment.run(try #require(TestEnvironment.python), ["-c", script, folder.path])
    try #require(run.status == 0, "\(run.output)")
    let found = try unpack(folder.appending(path: "deflated.zip")).get()
    #expect(found["a.dcm"]?.count == 100_000 && found["b.dcm"] == "large")
    #expect(try reason(unpack(folder.appending(path: "bomb.zip"))) == .tooLarge)
    #expect(try reason(unpack(folder.appending(path: "many.zip"))) == .tooLarge)
  }
}
