import Daemon
import Foundation
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
}
