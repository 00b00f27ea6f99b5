public import DICOM

/// What a peer said to an object.
public struct StoreAnswer: Sendable, Hashable, Codable {
  public var status: DIMSEStatus
  /// Of the peer, cleaned; empty where it gave none.
  public var comment: String
  /// That the object went in.
  public var transferSyntax: TransferSyntax

  public init(status: DIMSEStatus, comment: String = "", transferSyntax: TransferSyntax) {
    self.status = status
    self.comment = comment
    self.transferSyntax = transferSyntax
  }
}

extension Association {
  /// C-STORE (PS3.7 section 9.1.1): the object as it is where the peer takes that, otherwise a decoded copy.
  /// - Parameter onProgress: Is told of each piece that is gone.
  /// - Throws: ``NetworkFailure/isOfObject`` tells whether the association goes on.
  public mutating func store(
    _ object: OutgoingObject, onProgress: () -> Void = {}
  ) throws(NetworkFailure) -> StoreAnswer {
    let accepted = acceptedSyntaxes(for: object.sopClass)
    guard let agreed = Self.choose(among: accepted, for: object.transferSyntax) else {
      let name = object.sopClass.sopClassName ?? "class \(object.sopClass)"
      throw NetworkFailure(
        .noContext,
        accepted.isEmpty
          ? "the peer doesn't take \(name)" : "the peer takes \(name), but not in \(object.transferSyntax)")
    }
    let context = try context(object.sopClass) { $0 == agreed.uid.string }
    let dataSet = try object.dataSet(as: agreed)
    let command = DIMSECommand.store(
      nextMessage(), sopClass: object.sopClass.string, sopInstance: object.sopInstance.string)
    let answer = try request(command, dataSet, context: context.identifier, onProgress: onProgress)
    return StoreAnswer(
      status: try status(answer), comment: answer.errorComment, transferSyntax: agreed)
  }

  /// The transfer syntax to send an object in. Pure.
  package static func choose(among accepted: [TransferSyntax], for own: TransferSyntax) -> TransferSyntax? {
    if accepted.contains(own) { return own }
    return ProposedContext.littleEndian.first(where: accepted.contains)
  }
}
