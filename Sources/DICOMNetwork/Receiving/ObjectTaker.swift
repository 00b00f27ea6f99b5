/// An object that came, whole, in a file.
public struct ReceivedObject: Sendable, Hashable, Codable {
  /// Of the file in the folder of what came.
  public let file: String
  public let bytes: Int
  /// As the peer stated it; it may be no valid UID.
  public let sopInstance: String
  /// The peer's title.
  public let caller: String

  public init(file: String, bytes: Int, sopInstance: String, caller: String) {
    self.file = file
    self.bytes = bytes
    self.sopInstance = sopInstance
    self.caller = caller
  }
}

/// Takes what came, and answers for it. Called from many threads at a time; each call waits until the answer is certain.
public protocol ObjectTaker: Sendable {
  /// Whether objects are taken just now.
  var isOpen: Bool { get }
  /// Of `.success` the file is the taker's; otherwise it may be removed.
  func take(_ object: ReceivedObject) -> DIMSEStatus
  func take(_ result: CommitmentResult, from caller: String) -> DIMSEStatus
  /// For the log: how an association ended that didn't end well. Names no patient.
  func note(_ text: String)
}
