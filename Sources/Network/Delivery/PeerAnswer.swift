/// What a peer did with an object that was sent to it, by what follows from it. The words are the peer's status and what
/// it said, without control characters; they name no patient unless the peer does.
package enum PeerAnswer: Sendable, Hashable, Codable {
  /// It has it, perhaps with a warning.
  case taken(String)
  /// Another time: out of resources, a failure of its own.
  case refusedForNow(String)
  /// Never: the object doesn't fit.
  case refusedForGood(String)
  /// It never got to see it.
  case untried

  /// By the Failure Reason (0008,1197) or Warning Reason (0008,1196) of one instance (PS3.18 table I.2-2, and the status
  /// codes of PS3.4 B.2.3): A7xx, 0110 and 0213 pass, and so does an authorisation (0124) that somebody mends; what
  /// else fails stays so.
  package init(failureReason: UInt16) {
    let words = failureReason.hexadecimal
    self =
      switch failureReason {
      case 0xA700...0xA7FF, 0x0110, 0x0213, 0x0124: .refusedForNow(words)
      default: .refusedForGood(words)
      }
  }
}

/// What keeps a destination from taking anything at all: it isn't any object's fault.
package struct PeerTrouble: Error, Sendable, Hashable, Codable, CustomStringConvertible {
  package var description: String
  /// When it asks to be left alone for a while, in seconds.
  package var retryAfter: Int?

  package init(_ description: String, retryAfter: Int? = nil) {
    self.description = PeerText.cleaned(description, limit: 200)
    self.retryAfter = retryAfter
  }
}

extension UInt16 {
  /// As the standard writes a status: `A700`.
  package var hexadecimal: String {
    let digits = String(self, radix: 16, uppercase: true)
    return String(repeating: "0", count: 4 - digits.count) + digits
  }
}
