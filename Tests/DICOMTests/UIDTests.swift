import DICOM
import Foundation
import Testing

@Suite struct UIDTests {
  /// `uuid.uuid5(uuid.NAMESPACE_OID, "1.2.3\noverlay").int` in Python.
  @Test func derivesVersion5() {
    #expect(
      UID.derived(from: ["1.2.3", "overlay"]).string == "2.25.127334212575742780696296110728308260155")
    #expect(UID.derived(from: ["mmdicom"]).string == "2.25.33620402396219735829103883602135429732")
  }

  @Test func derivedUIDsDifferByEveryPart() {
    let base = ["1.2.3", "overlay", "abc", "def"]
    var seen: Set<UID> = [.derived(from: base)]
    for index in base.indices {
      var parts = base
      parts[index] += "x"
      #expect(seen.insert(.derived(from: parts)).inserted)
    }
    #expect(seen.insert(.derived(from: ["1.2.3overlay", "abc", "def"])).inserted)
  }

  @Test func randomUIDsAreValidVersion4() throws {
    var seen: Set<UID> = []
    for _ in 0..<100 {
      let uid = UID.random()
      #expect(UID(uid.string) == uid)
      let number = try #require(UInt128(uid.string.dropFirst(5)))
      #expect(number >> 76 & 0xF == 4)
      #expect(number >> 62 & 0x3 == 2)
      seen.insert(uid)
    }
    #expect(seen.count == 100)
  }

  @Test(arguments: ["1.2.840.10008.1.1", "0.0", "2.25.0", String(repeating: "1", count: 64)])
  func acceptsValid(text: String) { #expect(UID(text)?.string == text) }

  @Test(arguments: [
    "", ".", "1.", ".1", "1..2", "1.02", "1.2a", "1 2", "１.2", String(repeating: "1", count: 65),
  ])
  func refusesInvalid(text: String) { #expect(UID(text) == nil) }

  @Test func codesAsText() throws {
    let data = try JSONEncoder().encode([UID.secondaryCaptureImageStorage])
    #expect(String(decoding: data, as: UTF8.self) == #"["1.2.840.10008.5.1.4.1.1.7"]"#)
    #expect(try JSONDecoder().decode([UID].self, from: data) == [.secondaryCaptureImageStorage])
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([UID].self, from: Data(#"["1.02"]"#.utf8))
    }
  }
}
