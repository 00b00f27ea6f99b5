import Daemon
import Files
import Foundation
import Ledger
import Testing

@Suite("What a part says that pauses") struct PauseNoteTests {
  @Test("it needs no more room when the disk is full than it has taken before")
  func room() throws {
    let fixture = try DeliveryFixture()
    let note = PauseNote(.intake, fixture.folders)
    #expect(note.text == nil)
    note.clear()
    #expect(note.text == nil)
    let place = fixture.folders.ledger.appending(path: "paused-intake").path
    func file() throws -> [FileAttributeKey: Int] {
      let attributes = try FileManager.default.attributesOfItem(atPath: place)
      return [
        .size: try #require(attributes[.size] as? Int),
        .systemFileNumber: try #require(attributes[.systemFileNumber] as? Int),
      ]
    }
    let empty = try file()
    for text in ["the disk is full; next try soon", "short", String(repeating: "long ", count: 1000)] {
      note.set(text)
      let told = try #require(note.text)
      #expect(!told.isEmpty && text.hasPrefix(told))
      #expect(try file() == empty)
    }
    #expect(PauseNote(.reading, fixture.folders).text == nil)
    note.clear()
    #expect(note.text == nil)
    #expect(try file() == empty)
  }

  @Test("a note of an earlier version is understood")
  func earlier() throws {
    let fixture = try DeliveryFixture()
    try fixture.root.write("no room\n", "ledger/paused-reading")
    let note = PauseNote(.reading, fixture.folders)
    #expect(note.text == "no room")
    note.clear()
    #expect(note.text == nil)
  }

  @Test("reading that is mended goes on when nothing is left to be read, and else when the next image is")
  func mended() async throws {
    let fixture = try DeliveryFixture()
    let note = PauseNote(.reading, fixture.folders)
    note.set("no room")
    _ = try await fixture.desk.ledger.admit(
      [
        Admission(
          content: try #require(ContentDigest([UInt8](repeating: 1, count: 32))), studyInstanceUID: "1",
          sopInstanceUID: "1.1", spooled: [1], sender: [1])
      ], at: .now)
    try await fixture.desk.reading.takeUp()
    #expect(note.text == "no room")
    let other = try DeliveryFixture()
    let second = PauseNote(.reading, other.folders)
    second.set("no room")
    try await other.desk.reading.takeUp()
    #expect(second.text == nil)
  }
}
