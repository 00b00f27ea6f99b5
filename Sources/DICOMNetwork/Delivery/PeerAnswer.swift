/// What a peer did with an object that was sent to it, by what follows from it. The words are the peer's status and what
/// it said, without control characters; they name no patient unless the peer does.
package enum PeerAnswer: Sendable, Hashable, Codable {
  /// It has it, perhaps with a warning.
  case taken(String)
  /// Another time: out of resources, a failure of its own.
  case refusedForNow(String)
  /// Never: the object doesn't fit.
  case refusedForGood(String)

  /// By the Failure Reason (0008,1197) of one instance, whose values are those of a C-STORE's status (PS3.18 I.2).
  package init(failureReason: UInt16) {
    let status = DIMSEStatus(failureReason)
    self =
      switch status.verdict {
      case _ where status == .duplicateInstance: .taken("warning \(status)")
      case .refusedForNow: .refusedForNow(status.description)
      // A warning among the failures is a failure all the same.
      case .taken, .takenWithWarning, .refusedForGood: .refusedForGood(status.description)
      }
  }
}

/// What keeps a destination from taking anything at all: it isn't any object's fault.
package struct PeerTrouble: Error, Sendable, Hashable, Codable, CustomStringConvertible {
  package var description: String
  /// When it asks to be left alone for a while, in seconds.
  package var retryAfter: Int?
  /// Whether it came while objects were on their way: one of them may be what the peer can't bear, and they had better go
  /// one by one.
  package var isCut = false
  /// Whether no answer came in time: the peer's fault, unless it is an object that it can't bear.
  package var isLate = false
  /// Those that were on their way and weren't answered for, where one of them may be the cause.
  package var onTheirWay: [Int64] = []

  package init(_ description: String, retryAfter: Int? = nil) {
    self.description = PeerText.cleaned(description, limit: 200)
    self.retryAfter = retryAfter
  }
}
