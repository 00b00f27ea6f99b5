import Files
import Foundation
import SystemPackage
import Testing

@Suite struct FileComparisonTests {
  @Test func tellsEqualFilesFromOthers() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "mmdicom-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func file(_ name: String, _ bytes: [UInt8]) throws -> FilePath {
      try Data(bytes).write(to: folder.appending(path: name))
      return FilePath(folder.appending(path: name).path)
    }
    // More than one buffer, and exactly two.
    for size in [0, 1, 1 << 17, 200_000] {
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let first = try file("a", bytes)
      #expect(try first.hasSameContents(as: file("b", bytes)))
      #expect(try !first.hasSameContents(as: file("c", bytes + [0])))
      guard size > 0 else { continue }
      #expect(try !first.hasSameContents(as: file("d", bytes.dropLast() + [bytes[size - 1] ^ 1])))
    }
    let nothing = FilePath(folder.appending(path: "nothing").path)
    #expect(try !nothing.hasSameContents(as: nothing) && !file("a", []).hasSameContents(as: nothing))
  }
}
