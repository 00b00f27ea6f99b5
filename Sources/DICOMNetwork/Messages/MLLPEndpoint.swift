/// A system that takes HL7 version 2 messages over MLLP: `mllp://HOST:PORT`, or `mllps://` under TLS.
package struct MLLPEndpoint: Sendable, Hashable, Codable, CustomStringConvertible {
  package let host: String
  package let port: Int
  package let usesTLS: Bool
  package var tls = TLSSettings()
  /// Seconds to connect, and to wait for an acknowledgement.
  package var connectSeconds = 10.0
  package var answerSeconds = 60.0

  private static let schemes = [("mllp://", false), ("mllps://", true)]

  /// Nil where `text` isn't such an address; the port must be named.
  package init?(_ text: String) {
    guard let (scheme, usesTLS) = Self.schemes.first(where: { text.hasPrefix($0.0) }) else { return nil }
    var rest = text.dropFirst(scheme.count)
    if rest.hasSuffix("/") { rest.removeLast() }
    guard let colon = rest.lastIndex(of: ":"), let port = UInt16(rest[rest.index(after: colon)...]), port > 0
    else { return nil }
    var host = rest[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard (1...253).contains(host.utf8.count),
      host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !Array("/@?#".utf8).contains($0) })
    else { return nil }
    (self.host, self.port, self.usesTLS) = (String(host), Int(port), usesTLS)
  }

  package var description: String { "\(usesTLS ? "mllps" : "mllp")://\(host):\(port)" }
}
