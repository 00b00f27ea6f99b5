/// Addresses of IPv4 that begin alike: `192.168.10.0/24`, or one: `192.168.10.7`.
public struct AddressRange: Sendable, Hashable, Codable, CustomStringConvertible {
  private let address: UInt32
  private let prefix: Int

  /// Nil where the text is none.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let address = Self.number(parts[0]) else { return nil }
    let prefix = parts.count == 2 ? Int(parts[1]) : 32
    guard let prefix, 0...32 ~= prefix else { return nil }
    self.address = address
    self.prefix = prefix
  }

  /// Whether an address, as text, is among them.
  public func contains(_ text: String) -> Bool {
    guard let other = Self.number(text[...]) else { return false }
    return prefix == 0 || (address ^ other) >> UInt32(32 - prefix) == 0
  }

  private static func number(_ text: Substring) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let bytes = parts.compactMap { part in part.allSatisfy(\.isNumber) ? UInt8(part) : nil }
    guard parts.count == 4, bytes.count == 4 else { return nil }
    return bytes.reduce(0) { $0 << 8 | UInt32($1) }
  }

  public var description: String {
    let bytes = stride(from: 24, through: 0, by: -8).map { String(address >> UInt32($0) & 0xFF) }
    return bytes.joined(separator: ".") + (prefix == 32 ? "" : "/\(prefix)")
  }
}
