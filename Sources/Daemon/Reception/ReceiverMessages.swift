import DICOMNetwork

/// One line from the receiver to the daemon: JSON, ended by a line feed.
enum ReceiverLine: Sendable, Equatable, Codable {
  /// It listens; always the first. `missing` names what the system doesn't offer of its sandbox.
  case ready(missing: [String])
  /// It can't: why, in one line.
  case cannotListen(String)
  /// An object came; it waits for the answer of this number.
  case object(id: Int, ReceivedObject)
  case commitment(id: Int, CommitmentResult, caller: String)
  /// For the log; names no patient.
  case note(String)
}

/// One line to the receiver.
enum ReceiverAnswer: Sendable, Equatable, Codable {
  /// What to say to the peer.
  case status(id: Int, UInt16)
  /// Whether objects are taken just now.
  case room(isOpen: Bool)
}
