import Analysis
import Archive
import Foundation
import Phantoms
import Testing

@Suite("Files on their way to the network")
struct PreparedImageTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "prepared-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  @Test("a file that isn't DICOM has no identity", arguments: ["", "hello, this is text"])
  func notDICOM(content: String) throws {
    let url = folder.appending(path: "a")
    try content.write(to: url, atomically: true, encoding: .utf8)
    #expect(PreparedImage(url, inputSize: 256).identity == ImageIdentity())
  }

  @Test("a truncated file still tells which image it was")
  func truncated() throws {
    let path = try PhantomArchive.write(count: 1, size: 128, seed: 3, to: folder)[0]
    let whole = folder.appending(path: path)
    let identity = PreparedImage(whole, inputSize: 256).identity
    #expect(!identity.sopInstanceUID.isEmpty && !identity.studyInstanceUID.isEmpty)
    let data = try Data(contentsOf: whole)
    let cut = folder.appending(path: "cut.dcm")
    try data.prefix(data.count - 2000).write(to: cut)
    #expect(PreparedImage(cut, inputSize: 256).identity == identity)
    #expect(ImageIdentity(ofFileAt: cut) == identity)
  }
}
