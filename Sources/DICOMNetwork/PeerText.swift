/// Text that a peer sent, before anybody reads it in a log, on a terminal or in a list.
public enum PeerText {
  /// Without control characters, trimmed, cut.
  public static func cleaned(_ text: String, limit: Int = 64) -> String {
    let kept = text.unicodeScalars.map { scalar -> Character in
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
        " "
      default: Character(scalar)
      }
    }
    let words = String(kept).split(separator: " ").joined(separator: " ")
    return String(words.prefix(limit))
  }
}
