/// An address as it may be shown and logged: which system it is of, without what opens it.
package enum ShownAddress {
  /// - Parameters:
  ///   - text: an address, perhaps a wrong one, perhaps behind a name and a sign of equality.
  ///   - hidesPath: for addresses whose path is a key, as it is in those of chats.
  package static func of(_ text: some StringProtocol, hidesPath: Bool) -> String {
    let start = text.firstRange(of: "://")?.upperBound ?? text.startIndex
    var (shown, rest) = (String(text[..<start]), text[start...])
    if let at = rest.lastIndex(of: "@") {
      shown += "..."
      // A password may hold any character, and so may a path: which of them this sign ends isn't to be told.
      if rest[..<at].contains("/") { return shown }
      rest = rest[at...]
    }
    guard hidesPath, let path = rest.firstIndex(where: { "/?#".contains($0) }) else { return shown + rest }
    return shown + rest[..<path] + "/..."
  }
}
