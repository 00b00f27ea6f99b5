package import DICOMNetwork

/// One line to a sender process: JSON, ended by a line feed.
package enum SenderRequest: Sendable, Hashable, Codable {
  /// Where everything goes that follows. The first line.
  case open(PeerEndpoint)
  /// Send these, in their order.
  case send([SentObject])
  /// Ask the peer to keep these, which it took.
  case askCommitment(transactionUID: String, [SentObject])
  /// The peer's answer to that is in the ledger, or can't be noted.
  case confirmCommitment(isKept: Bool)
}

/// One line from a sender process: JSON, ended by a line feed.
package enum SenderReply: Sendable, Hashable, Codable {
  /// It is shut in, and objects may come. `missing` names what the system doesn't offer of the sandbox.
  case ready(missing: [String])
  /// What is heard of the batch.
  case news(SendingNews)
  /// The batch is over. Objects that weren't answered for weren't tried; `trouble` says why, where nobody asked it to
  /// stop.
  case sent(trouble: PeerTrouble?)
  case commitment(CommitmentNews)
}

/// A running sender, seen from the daemon.
package protocol SenderSession: Sendable {
  /// Sends a request. An error means that the sender is gone.
  func send(_ request: SenderRequest) async throws
  /// Waits for the next reply; nil when the sender ended, crashed, or said nothing for too long and was killed.
  func reply() async -> SenderReply?
  /// Asks it to end behind what is on its way.
  func close() async
  /// Ends it, whatever is on its way.
  func kill()
}

/// Starts senders.
package protocol SenderLauncher: Sendable {
  /// Runs `body` with a fresh sender that ends when `body` returns.
  func withSender<Result: Sendable>(
    _ body: @Sendable (any SenderSession) async throws -> Result
  ) async throws -> Result
}
