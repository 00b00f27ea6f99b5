internal import Crypto

/// A unique identifier (PS3.5 section 9): up to 64 characters, digits in components joined by dots,
/// no component with a leading zero.
public struct UID: Hashable, Sendable, Codable, CustomStringConvertible {
  public let string: String

  /// Nil where `string` breaks a rule of PS3.5 section 9.1.
  public init?(_ string: String) {
    guard UID.isValid(string) else { return nil }
    self.string = string
  }

  /// The UID that a text means, for references in results. One of digits with leading zeros in its components is the
  /// same object identifier without them (ISO/IEC 9834-1 has numbers there, not digits). Where a text is none at all
  /// (letters, more than 64 characters) a UID derived from it stands for it, the same every time.
  ///
  /// Nil for a text without any character.
  public init?(meantBy text: String) {
    let bare = text.filter { $0 != " " && $0 != "\0" }
    guard !bare.isEmpty else { return nil }
    self = UID(withoutLeadingZeros: bare) ?? .derived(from: ["uid", bare])
  }

  /// Nil where leading zeros in components aren't all that is wrong.
  init?(withoutLeadingZeros text: String) {
    let components = text.split(separator: ".", omittingEmptySubsequences: false).map { component in
      let number = component.drop { $0 == "0" }
      return number.isEmpty && !component.isEmpty ? "0" : number
    }
    self.init(components.joined(separator: "."))
  }

  /// For constants of the standard, known to be valid.
  init(constant: StaticString) { string = "\(constant)" }

  private init(uuid number: UInt128) { string = "2.25.\(number)" }

  public var description: String { string }

  /// A UID that depends on nothing but `parts`: `2.25.` and the decimal value of the version-5 UUID (RFC 4122
  /// section 4.3, OID name space) of the parts joined by line feeds. The same parts always give the same UID, so
  /// that a second run over the same input can't create a duplicate under a new identity.
  public static func derived(from parts: [String]) -> UID {
    // 6ba7b812-9dad-11d1-80b4-00c04fd430c8
    let oidNameSpace: [UInt8] = [
      0x6b, 0xa7, 0xb8, 0x12, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8,
    ]
    let digest = Insecure.SHA1.hash(data: oidNameSpace + Array(parts.joined(separator: "\n").utf8))
    return UID(uuid: uuid(Array(digest.prefix(16)), version: 5))
  }

  /// `2.25.` and the decimal value of a version-4 UUID.
  public static func random() -> UID {
    var generator = SystemRandomNumberGenerator()
    let bytes = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
    return UID(uuid: uuid(bytes, version: 4))
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let uid = UID(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not a UID")
    }
    self = uid
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(string)
  }

  private static func uuid(_ bytes: [UInt8], version: UInt8) -> UInt128 {
    var bytes = bytes
    bytes[6] = bytes[6] & 0x0f | version << 4
    bytes[8] = bytes[8] & 0x3f | 0x80
    return bytes.reduce(0) { $0 << 8 | UInt128($1) }
  }

  private static func isValid(_ string: String) -> Bool {
    let bytes = string.utf8
    guard (1...64).contains(bytes.count) else { return false }
    return bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy {
      component in
      guard let first = component.first else { return false }
      guard component.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
        return false
      }
      return component.count == 1 || first != UInt8(ascii: "0")
    }
  }
}
