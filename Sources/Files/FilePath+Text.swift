package import FoundationEssentials
package import SystemPackage

/// Names of files are bytes; text is only how they are shown and written down.
extension FilePath {
  /// A path of these bytes, none of which is zero.
  package init(bytes: some Sequence<UInt8>) {
    unsafe self.init(platformString: bytes.map { CChar(bitPattern: $0) } + [0])
  }

  /// The path of a file URL.
  package init(of url: URL) { self.init(url.path) }

  /// The path with `ending` behind its last name.
  package func appending(ending: String) -> FilePath { FilePath(bytes: bytes + Array(ending.utf8)) }

  /// The path's bytes.
  package var bytes: [UInt8] {
    let count = length
    return unsafe withPlatformString { start in
      (0..<count).map { unsafe UInt8(bitPattern: start[$0]) }
    }
  }

  /// The path in one line of text that tells every name apart: as it is where it is UTF-8; bytes that aren't, and
  /// control characters, as `\xE9`; a backslash in front of an `x` as `\x5C`. ``init(text:)`` reads it back.
  package var text: String {
    let bytes = bytes
    // As nearly every path is: nothing in it needs a look.
    if bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) {
      return String(decoding: bytes, as: UTF8.self)
    }
    var text = ""
    text.reserveCapacity(bytes.count)
    var parser = UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var position = 0
    while true {
      let count: Int
      var mustEscape = true
      switch parser.parseScalar(from: &iterator) {
      case .emptyInput: return text
      case .error(let length): count = length
      case .valid(let encoded):
        count = encoded.count
        let scalar = UTF8.decode(encoded)
        let isMark = scalar == "\\" && position + 1 < bytes.count && bytes[position + 1] == UInt8(ascii: "x")
        mustEscape = isMark || scalar.properties.generalCategory == .control
        if !mustEscape { text.unicodeScalars.append(scalar) }
      }
      if mustEscape {
        for byte in bytes[position..<(position + count)] {
          let digits = String(byte, radix: 16, uppercase: true)
          text += "\\x" + (digits.count == 1 ? "0" : "") + digits
        }
      }
      position += count
    }
  }

  /// The path that ``text`` stands for.
  package init(text: String) {
    if !text.utf8.contains(UInt8(ascii: "\\")) {
      self.init(bytes: text.utf8)
      return
    }
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    let mark = Array("\\x".utf8)
    while let first = rest.first {
      if rest.starts(with: mark), rest.count >= 4,
        let byte = UInt8(String(decoding: rest.dropFirst(2).prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(byte)
        rest = rest.dropFirst(4)
      } else {
        bytes.append(first)
        rest = rest.dropFirst()
      }
    }
    self.init(bytes: bytes)
  }
}

extension FilePath.Component {
  /// The name's bytes.
  package var bytes: [UInt8] { FilePath(root: nil, [self]).bytes }

  /// As ``SystemPackage/FilePath/text``.
  package var text: String { FilePath(root: nil, [self]).text }

  /// A name of these bytes; nil when they are no name: none, with a slash or a zero in them.
  package init?(bytes: some Collection<UInt8>) {
    guard !bytes.isEmpty, !bytes.contains(0), !bytes.contains(UInt8(ascii: "/")) else { return nil }
    unsafe self.init(platformString: bytes.map { CChar(bitPattern: $0) } + [0])
  }
}

/// A path that is written down as its ``SystemPackage/FilePath/text``, which people can read and a later run
/// understands.
@propertyWrapper
package struct WrittenAsText: Sendable, Equatable, Codable {
  package var wrappedValue: FilePath

  package init(wrappedValue: FilePath) { self.wrappedValue = wrappedValue }

  package init(from decoder: any Decoder) throws {
    wrappedValue = FilePath(text: try decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(wrappedValue.text)
  }
}
