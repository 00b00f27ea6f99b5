/// What a peer says of objects that it was asked to keep: storage commitment (PS3.4 annex J).
package struct CommitmentReport: Sendable, Hashable {
  /// Why it doesn't keep one.
  package struct Failure: Sendable, Hashable {
    package let sopInstanceUID: String
    /// Failure Reason (0008,1197).
    package let reason: UInt16

    package init(_ sopInstanceUID: String, reason: UInt16) {
      self.sopInstanceUID = sopInstanceUID
      self.reason = reason
    }
  }

  /// Transaction UID of the question.
  package var transaction: String
  /// SOP Instance UIDs of those that it keeps.
  package var committed: [String]
  package var failed: [Failure]

  package init(transaction: String, committed: [String] = [], failed: [Failure] = []) {
    self.transaction = transaction
    self.committed = committed
    self.failed = failed
  }

  /// The same, as far as it matters here.
  package enum Answer: String, Sendable, Hashable, CaseIterable {
    case confirmed
    /// It is sent once more.
    case deniedForNow
    case deniedForGood

    /// By Failure Reason (PS3.3 C.14.1.1). 0122 and 0119: class not supported, class and instance don't fit; sending it
    /// again changes nothing. The others (0110 processing failure, 0112 no such instance, 0131 duplicate transaction,
    /// 0213 resource limitation) pass.
    package init(reason: UInt16) {
      self = [0x0119, 0x0122].contains(reason) ? .deniedForGood : .deniedForNow
    }
  }
}
