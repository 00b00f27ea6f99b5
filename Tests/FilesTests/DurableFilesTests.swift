import Files
import Foundation
import SystemPackage
import Testing

/// Files of one folder that are written together.
@Suite struct DurableFilesTests {
  private let root: URL

  init() throws {
    root = FileManager.default.temporaryDirectory.appending(path: "mmdicom-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
  }

  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root.path).sorted()
  }

  private func text(_ name: String) throws -> String {
    try String(contentsOf: root.appending(path: name), encoding: .utf8)
  }

  @Test(arguments: [1, 3, 40])
  func allAreThereWhole(count: Int) throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let folder = try #require(OpenFolder(FilePath(root.path)))
    let files = try (1...count).map { number in
      (name: try #require(FilePath.Component("file-\(number)")), bytes: Array("text \(number)".utf8))
    }
    try Data("before".utf8).write(to: root.appending(path: "file-1"))
    try DurableFiles.write(files, in: folder)
    #expect(try names() == files.map(\.name.string).sorted())
    for number in 1...count { #expect(try text("file-\(number)") == "text \(number)") }
  }

  @Test func byPathTheirFolderIsMade() throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let folder = root.appending(path: "new/folder")
    try DurableFiles.write(["a", "b"].map { (url: folder.appending(path: $0), bytes: Array($0.utf8)) })
    #expect(try text("new/folder/a") == "a")
    #expect(try text("new/folder/b") == "b")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["a", "b"])
    // A file where the folder should be.
    #expect(throws: WriteFailure.self) {
      try DurableFiles.write([(url: folder.appending(path: "a/c"), bytes: [])])
    }
  }

  @Test func oneThatCantHaveItsNameFailsAndLeavesNoDraft() throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let folder = try #require(OpenFolder(FilePath(root.path)))
    try FileManager.default.createDirectory(
      at: root.appending(path: "b/held"), withIntermediateDirectories: true)
    let files: [(name: FilePath.Component, bytes: [UInt8])] = [("a", [1]), ("b", [2]), ("c", [3])]
    #expect(throws: WriteFailure.self) { try DurableFiles.write(files, in: folder) }
    #expect(try names().filter { $0.hasPrefix(".") } == [])
    #expect(try names().contains("b"))
  }
}
