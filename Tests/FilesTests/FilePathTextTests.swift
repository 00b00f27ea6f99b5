import Files
import SystemPackage
import Testing

@Suite("Names of files as text")
struct FilePathTextTests {
  @Test(
    "text shows every byte and reads back",
    arguments: [
      ("a/b.dcm", "a/b.dcm"), ("M\u{FC}ller", "M\u{FC}ller"), ("back\\slash", "back\\slash"),
      ("back\\xslash", "back\\x5Cxslash"), ("two\nlines", "two\\x0Alines"), ("\u{85}", "\\xC2\\x85"),
      ("\\xE9", "\\x5CxE9"), ("ends\\", "ends\\"),
    ])
  func text(name: String, shown: String) {
    let path = FilePath(bytes: name.utf8)
    #expect(path.text == shown)
    #expect(FilePath(text: path.text) == path)
  }

  @Test(
    "bytes that are no UTF-8 are told apart",
    arguments: [
      ([0x4D, 0xFC, 0x6C], "M\\xFCl"), ([0xE9], "\\xE9"), ([0xC3], "\\xC3"), ([0xC3, 0x28], "\\xC3("),
      ([0xED, 0xA0, 0x80], "\\xED\\xA0\\x80"), ([0x5C, 0xE9], "\\\\xE9"),
      ([0xC3, 0xA9, 0xE9], "\u{E9}\\xE9"),
    ] as [([UInt8], String)])
  func bytes(name: [UInt8], shown: String) {
    let path = FilePath(bytes: name)
    #expect(path.bytes == name && path.text == shown)
    #expect(FilePath(text: shown) == path)
  }

  @Test("every name of two bytes reads back, and no two look alike")
  func all() {
    var texts: Set<[UInt8]> = []
    var count = 0
    for first in UInt8(1)...255 {
      for second in UInt8(1)...255 where first != UInt8(ascii: "/") && second != UInt8(ascii: "/") {
        let path = FilePath(bytes: [first, second])
        guard FilePath(text: path.text) == path else {
          Issue.record("\(path.text)")
          continue
        }
        // Compared by bytes: composed and decomposed letters are different names.
        texts.insert(Array(path.text.utf8))
        count += 1
      }
    }
    #expect(texts.count == count)
  }

  @Test("a component is no empty name, and holds neither slash nor zero")
  func component() {
    #expect(FilePath.Component(bytes: [UInt8]()) == nil)
    #expect(FilePath.Component(bytes: Array("a/b".utf8)) == nil)
    #expect(FilePath.Component(bytes: [0x61, 0]) == nil)
    #expect(FilePath.Component(bytes: [0xE9])?.bytes == [0xE9])
    #expect(FilePath("a/x").appending(ending: ".reason.txt") == "a/x.reason.txt")
  }
}
