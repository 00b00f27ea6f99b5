public import DICOM

/// An association that this side has asked for. Aborted when it goes out of scope without ``release()``.
///
/// Calls block for as long as ``AssociationOptions`` say: they belong on a thread, or in a process, of their own.
public struct Association: ~Copyable {
  var handle: AssociationHandle
  let options: AssociationOptions
  /// The event report that the peer waits for an answer to.
  var unconfirmed: ReceivedCommand?
  private var lastMessage: UInt16 = 0

  /// Asks a node for an association.
  /// - Parameter contexts: At most ``ProposedContext/most``.
  public static func open(
    _ address: DICOMAddress, for contexts: [ProposedContext],
    _ options: AssociationOptions = AssociationOptions()
  ) throws(NetworkFailure) -> Association {
    Association(try AssociationHandle.request(address, contexts, options), options)
  }

  private init(_ handle: consuming AssociationHandle, _ options: AssociationOptions) {
    self.handle = handle
    self.options = options
  }

  /// In which the peer takes objects of a class; empty where it takes none.
  public func acceptedSyntaxes(for sopClass: UID) -> [TransferSyntax] {
    handle.contexts.filter { $0.sopClass == sopClass.string }.compactMap { context in
      context.transferSyntaxes.first.flatMap(UID.init(_:)).map(TransferSyntax.of)
    }
  }

  /// C-ECHO (PS3.7 section 9.1.5); needs ``ProposedContext/verification``.
  public mutating func echo() throws(NetworkFailure) -> DIMSEStatus {
    let context = try context(.verification) { _ in true }
    let command = DIMSECommand.echo(nextMessage(), sopClass: context.sopClass)
    return try status(try request(command, context: context.identifier))
  }

  /// Ends it in order (A-RELEASE). Whether the peer agrees doesn't matter any more.
  public consuming func release() { handle.release() }

  // MARK: Requests

  mutating func nextMessage() -> UInt16 {
    lastMessage = lastMessage % 0xFFFF + 1
    return lastMessage
  }

  /// An agreed context of a class.
  func context(
    _ sopClass: UID, _ isFit: (String) -> Bool
  ) throws(NetworkFailure) -> AssociationHandle.Context {
    let fit = handle.contexts.first { context in
      context.sopClass == sopClass.string && context.transferSyntaxes.first.map(isFit) == true
    }
    guard let fit else {
      throw NetworkFailure(
        .noContext, "the peer doesn't take \(sopClass.sopClassName ?? "class \(sopClass)")")
    }
    return fit
  }

  /// Sends a request and waits for its answer.
  mutating func request(
    _ command: DIMSECommand, _ dataSet: ArraySlice<UInt8>? = nil, context: UInt8,
    onProgress: () -> Void = {}
  ) throws(NetworkFailure) -> DIMSECommand {
    try handle.send(command, dataSet, context: context, onProgress: onProgress)
    let answer = try handle.nextCommand(
      within: options.answerSeconds, finishedWithin: options.answerSeconds)
    guard answer.command.answers(command) else {
      throw NetworkFailure(.protocolError, "the peer answers something that it wasn't asked")
    }
    if answer.command.hasDataSet {
      _ = try handle.receiveSmallDataSet(context: answer.context, within: options.answerSeconds)
    }
    return answer.command
  }

  func status(_ answer: DIMSECommand) throws(NetworkFailure) -> DIMSEStatus {
    guard let status = answer.status else {
      throw NetworkFailure(.protocolError, "the peer answers without a status")
    }
    return DIMSEStatus(status)
  }
}
