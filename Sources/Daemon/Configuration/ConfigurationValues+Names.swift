/// An entry of a list in which each is called by a name.
struct NamedValue {
  let name: String
  let value: String
}

extension ConfigurationValues {
  /// A list of `NAME=VALUE`, in its order. A name becomes the name of a file or folder and a word of the audit trail, and
  /// commands are told it, so that it is a plain word and no two are the same.
  /// - Parameters:
  ///   - form: what an entry looks like, for who got it wrong.
  ///   - most: so many entries may be there.
  func namedValues(
    _ key: String, form: String, most: Int
  ) throws(ConfigurationFailure) -> [NamedValue] {
    var entries: [NamedValue] = []
    let shown = { (text: String) in ShownAddress.of(text, hidesPath: key == "notify") }
    for text in try list(key) ?? [] {
      guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
        throw failure(key, "holds '\(shown(text))'; it takes \(form)")
      }
      let name = String(text[..<sign])
      guard name.utf8.count <= 32, name.utf8.allSatisfy(Self.isOfAName) else {
        throw failure(key, "holds the name '\(shown(name))'; it takes letters, digits, - and _, at most 32")
      }
      guard !entries.contains(where: { $0.name == name }) else { throw failure(key, "names '\(name)' twice") }
      entries.append(NamedValue(name: name, value: String(text[text.index(after: sign)...])))
    }
    guard entries.count <= most else { throw failure(key, "holds \(entries.count); \(most) at most") }
    return entries
  }

  private static func isOfAName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
