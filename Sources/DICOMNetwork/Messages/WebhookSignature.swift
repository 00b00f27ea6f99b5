internal import Crypto

/// How a notice shows that it comes from here and is no old one: HMAC-SHA-256 (RFC 2104) over the time and the body.
///
/// The header `X-Mmdicom-Signature` holds `t=SECONDS,v1=HEX`; `HEX` is the code, under the key that both know, of
/// `SECONDS`, a full stop and the body's bytes. Who checks it refuses what is older than a few minutes.
package enum WebhookSignature {
  package static let header = "X-Mmdicom-Signature"

  /// - Parameter now: seconds since 1970.
  package static func value(of body: [UInt8], key: String, at now: Int64) -> String {
    let code = HMAC<SHA256>.authenticationCode(
      for: Array("\(now).".utf8) + body, using: SymmetricKey(data: Array(key.utf8)))
    let hexadecimal = code.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    return "t=\(now),v1=\(hexadecimal)"
  }
}
