/// Where the pages are served: `ADDRESS:PORT`, an IPv6 address in brackets.
public struct HTTPAddress: Sendable, Equatable, CustomStringConvertible {
  public let host: String
  /// 0: whatever is free.
  public let port: Int

  public init(host: String, port: Int) { (self.host, self.port) = (host, port) }

  /// Nil where `text` isn't an address and a port.
  public init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      (0...65535).contains(port)
    else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
      guard host.contains(":") else { return nil }
    } else if host.contains(":") {
      return nil
    }
    guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }) else {
      return nil
    }
    self.init(host: String(host), port: port)
  }

  /// Whether nobody on another machine can reach it.
  public var isLoopback: Bool {
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    let isFour = parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    return host == "localhost" || host == "::1" || isFour && parts[0] == "127"
  }

  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
