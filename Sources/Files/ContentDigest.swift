import Crypto
package import FoundationEssentials

/// SHA-256 of contents: the one digest that files, archives, caches and results are told apart and pinned by.
package struct ContentDigest: Sendable, Hashable, CustomStringConvertible {
  /// 32 bytes.
  package let bytes: [UInt8]

  fileprivate init(_ digest: SHA256.Digest) { bytes = Array(digest) }

  /// A digest that was kept; nil unless there are 32 bytes.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count == SHA256.byteCount else { return nil }
    self.bytes = bytes
  }

  /// What ``description`` wrote; nil where it isn't that.
  package init?(hexadecimal text: String) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(SHA256.byteCount)
    var high: UInt8?
    for character in text.utf8 {
      let digit: UInt8
      switch character {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = character - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = character - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = character - UInt8(ascii: "A") + 10
      default: return nil
      }
      if let first = high { bytes.append(first << 4 | digit) }
      high = high == nil ? digit : nil
    }
    guard high == nil else { return nil }
    self.init(bytes)
  }

  package init(of contents: some DataProtocol) { self.init(SHA256.hash(data: contents)) }

  package init(of text: String) { self.init(SHA256.hash(data: Array(text.utf8))) }

  /// 64 hexadecimal digits.
  package var description: String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(2 * bytes.count)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// A digest in the making, for contents that come piece by piece.
  package struct Running: Sendable {
    private var hash = SHA256()

    package init() {}

    package mutating func add(_ piece: some DataProtocol) { hash.update(data: piece) }

    package mutating func add(_ text: String) { hash.update(data: Array(text.utf8)) }

    package func finished() -> ContentDigest { ContentDigest(hash.finalize()) }
  }
}

/// As ``description``.
extension ContentDigest: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let digest = ContentDigest(hexadecimal: try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a SHA-256")
    }
    self = digest
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
