import Files
import Foundation
import Glibc
import SystemPackage
import Testing

@Suite struct FolderTests {
  private func inNewFolder(_ body: (FilePath) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "mmdicom-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(FilePath(folder.path))
  }

  @Test func makesAllThatIsMissingAndTakesWhatIsThere() throws {
    try inNewFolder { folder in
      for _ in 0..<2 { try Folder.create(folder.pushing("a/b/c")) }
      #expect(folder.pushing("a/b/c").status(followingLink: false)?.st_mode == S_IFDIR | 0o750)
      try DurableFile.write("", to: URL(filePath: folder.pushing("a/file").string))
      #expect(throws: WriteFailure.self) { try Folder.create(folder.pushing("a/file")) }
      #expect(throws: WriteFailure.self) { try Folder.create(folder.pushing("a/file/b")) }
    }
  }

  @Test func namesThatCannotBeMadeDurableAreAFailure() throws {
    try inNewFolder { folder in
      try Folder.sync(holding: folder.pushing("anything"))
      #expect(throws: WriteFailure.self) { try Folder.sync(holding: folder.pushing("gone/anything")) }
    }
    // A file system that has nothing to sync says EINVAL, and is left to its own.
    try Folder.sync(holding: FilePath("/proc/self/status"))
  }
}
