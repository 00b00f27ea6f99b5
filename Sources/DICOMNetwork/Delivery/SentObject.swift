package import Files

/// A result that is to be sent, as the sender is told of it.
package struct SentObject: Sendable, Hashable, Codable, Identifiable {
  /// The number that answers carry.
  package var id: Int64
  /// Where it lies, as `FilePath.text`.
  package var path: String
  /// What was written there: other bytes aren't sent.
  package var content: ContentDigest
  package var sopClassUID: String
  package var sopInstanceUID: String
  package var studyInstanceUID: String

  package init(
    id: Int64, path: String, content: ContentDigest, sopClassUID: String, sopInstanceUID: String,
    studyInstanceUID: String
  ) {
    self.id = id
    self.path = path
    self.content = content
    self.sopClassUID = sopClassUID
    self.sopInstanceUID = sopInstanceUID
    self.studyInstanceUID = studyInstanceUID
  }
}

/// Brings objects to one destination, and may keep the way open from one batch to the next.
package protocol ObjectSender: Sendable {
  /// Sends objects in their order.
  /// - Parameters:
  ///   - tell: is told of each answer as soon as it is there, and now and then that it goes on.
  ///   - isStopping: whether to end behind what is on its way.
  /// - Returns: what keeps the destination from taking more; objects that weren't answered for weren't tried.
  func send(
    _ objects: [SentObject], tell: @escaping @Sendable (SendingNews) -> Void,
    isStopping: @escaping @Sendable () -> Bool
  ) async -> PeerTrouble?

  /// Asks the destination to keep what it took. What it answers waits for ``confirmCommitment(isKept:)``.
  func askCommitment(_ transactionUID: String, of objects: [SentObject]) async -> CommitmentNews

  /// Its answer is kept for good, or can't be: only now it hears so.
  func confirmCommitment(isKept: Bool) async

  /// Ends all use.
  func close() async
}

extension ObjectSender {
  /// Most destinations answer at once or never, so that nothing of theirs waits.
  package func confirmCommitment(isKept: Bool) async {}
}

/// What is heard while objects are sent.
package enum SendingNews: Sendable, Hashable, Codable {
  case answered(id: Int64, PeerAnswer)
  /// Bytes still go.
  case goesOn
}

/// What became of the question whether a peer keeps what it took.
package enum CommitmentNews: Sendable, Hashable, Codable {
  /// It was asked; the answer comes another way, or never.
  case asked
  /// It answered at once, for some or all, by SOP Instance UID.
  case answered(committed: [String], failed: [String: UInt16])
  /// It doesn't do that, or not now.
  case refused(String, isForGood: Bool)
  /// The question didn't get through: it is to be asked again.
  case failed(PeerTrouble)
}
