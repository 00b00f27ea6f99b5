import Crypto

/// HMAC-SHA-256 (RFC 2104): stands for a value where the value itself mustn't stand. The same value has the same code, and
/// who lacks the key can neither tell the value nor try all that there are.
package struct KeyedDigest: Sendable, Equatable {
  /// The shortest key, in bytes.
  package static let shortestKey = 32

  private let key: [UInt8]

  /// Nil for a key that is too short.
  package init?(key: [UInt8]) {
    guard key.count >= Self.shortestKey else { return nil }
    self.key = key
  }

  /// - Parameter purpose: the same value has another code for another purpose.
  /// - Returns: 32 hexadecimal digits, half of the code.
  package func code(of value: String, for purpose: String) -> String {
    let code = HMAC<SHA256>.authenticationCode(
      for: Array("\(purpose)\u{0}\(value)".utf8), using: SymmetricKey(data: key))
    return code.prefix(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
