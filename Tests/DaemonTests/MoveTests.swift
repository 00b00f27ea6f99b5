import Daemon
import Files
import Foundation
import Glibc
import SystemPackage
import Testing

@Suite("Moving files")
struct MoveTests {
  private let root: TemporaryFolder

  init() throws { root = try TemporaryFolder() }

  /// A folder on another file system than the temporary one; nil where there is none.
  private static let elsewhere: URL? = {
    func device(_ path: String) -> UInt? {
      var status = stat()
      return unsafe stat(path, &status) == 0 ? UInt(status.st_dev) : nil
    }
    let memory = "/dev/shm"
    let here = FileManager.default.temporaryDirectory.path
    guard let other = device(memory), other != device(here), unsafe access(memory, W_OK) == 0 else {
      return nil
    }
    return URL(filePath: memory)
  }()

  private func place(_ path: String) -> FilePath { FilePath(of: root.url.appending(path: path)) }

  @Test("a move makes the folders it needs and overwrites nothing")
  func within() throws {
    try root.write("one", "a")
    #expect(try Move.file(from: place("a"), to: place("x/y/a")) == .moved)
    try root.write("two", "a")
    #expect(try Move.file(from: place("a"), to: place("x/y/a")) == .destinationTaken)
    #expect(root.read("a") == "two" && root.read("x/y/a") == "one")
    #expect(try Move.file(from: place("nothing"), to: place("z")) == .sourceMissing)
  }

  @Test(
    "across file systems: copied whole, with its time, then removed; nothing is overwritten",
    .enabled(if: elsewhere != nil, "no second file system"))
  func across() throws {
    let far = try #require(Self.elsewhere).appending(path: "mmdicom-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: far) }
    let text = String(repeating: "0123456789", count: 300_000)
    let source = try root.write(text, "a")
    let time = Date(timeIntervalSince1970: 1_700_000_000)
    try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: source.path)
    let destination = far.appending(path: "deep/a")
    #expect(try Move.file(from: FilePath(of: source), to: FilePath(of: destination)) == .moved)
    #expect(root.files == [])
    #expect(try String(contentsOf: destination, encoding: .utf8) == text)
    let attributes = try FileManager.default.attributesOfItem(atPath: destination.path)
    #expect(attributes[.modificationDate] as? Date == time)
    try root.write("other", "a")
    #expect(try Move.file(from: FilePath(of: source), to: FilePath(of: destination)) == .destinationTaken)
    #expect(root.read("a") == "other")
    #expect(try FileManager.default.contentsOfDirectory(atPath: far.appending(path: "deep").path) == ["a"])
  }
}
