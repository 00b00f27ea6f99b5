public import DICOM

/// An object by its class and instance (PS3.3 table 10-11).
public struct ReferencedSOP: Sendable, Hashable, Codable {
  public var sopClass: UID
  public var sopInstance: UID

  public init(sopClass: UID, sopInstance: UID) {
    self.sopClass = sopClass
    self.sopInstance = sopInstance
  }
}

/// The wish that a peer takes responsibility for objects (PS3.4 section J.3.2).
public struct CommitmentRequest: Sendable, Hashable, Codable {
  /// By which the answer is known, once.
  public var transactionUID: UID
  public var objects: [ReferencedSOP]

  public init(transactionUID: UID, objects: [ReferencedSOP]) {
    self.transactionUID = transactionUID
    self.objects = objects
  }

  var dataSet: DataSet {
    DataSet([
      DataElement(.transactionUID, .UI, .text(transactionUID.string)),
      DataElement(.referencedSOPSequence, .SQ, .items(objects.map { $0.item(reason: nil) })),
    ])
  }
}

/// What a peer says to that (PS3.4 section J.3.3).
public struct CommitmentResult: Sendable, Hashable, Codable {
  public struct Failed: Sendable, Hashable, Codable {
    public var object: ReferencedSOP
    /// Failure Reason (0008,1197); nil where the peer gives none.
    public var reason: UInt16?
    /// The same; processing failure where the peer gives none.
    package var statedReason: UInt16 { reason ?? DIMSEStatus.processingFailure.code }

    public init(_ object: ReferencedSOP, reason: UInt16?) {
      self.object = object
      self.reason = reason
    }
  }

  public var transactionUID: UID
  public var committed: [ReferencedSOP]
  public var failed: [Failed]

  public init(transactionUID: UID, committed: [ReferencedSOP], failed: [Failed]) {
    self.transactionUID = transactionUID
    self.committed = committed
    self.failed = failed
  }

  /// Of the event information; nil where it names no transaction.
  init?(_ dataSet: DataSet) {
    guard let transaction = dataSet.uid(.transactionUID) else { return nil }
    transactionUID = transaction
    committed = dataSet.items(.referencedSOPSequence).compactMap(ReferencedSOP.init(item:))
    failed = dataSet.items(.failedSOPSequence).compactMap { item in
      ReferencedSOP(item: item).map { object in
        Failed(object, reason: item.integer(.failureReason).flatMap { UInt16(exactly: $0) })
      }
    }
  }

  var dataSet: DataSet {
    var elements = [
      DataElement(.transactionUID, .UI, .text(transactionUID.string)),
      DataElement(.referencedSOPSequence, .SQ, .items(committed.map { $0.item(reason: nil) })),
    ]
    if !failed.isEmpty {
      elements.append(
        DataElement(
          .failedSOPSequence, .SQ, .items(failed.map { $0.object.item(reason: $0.statedReason) })))
    }
    return DataSet(elements)
  }
}

extension ReferencedSOP {
  fileprivate init?(item: DataSet) {
    guard let sopClass = item.uid(.referencedSOPClassUID), let instance = item.uid(.referencedSOPInstanceUID)
    else { return nil }
    self.init(sopClass: sopClass, sopInstance: instance)
  }

  fileprivate func item(reason: UInt16?) -> DataSet {
    var item = DataSet([
      DataElement(.referencedSOPClassUID, .UI, .text(sopClass.string)),
      DataElement(.referencedSOPInstanceUID, .UI, .text(sopInstance.string)),
    ])
    if let reason { item[.failureReason] = DataElement(.failureReason, .US, .integers([Int(reason)])) }
    return item
  }
}

extension Association {
  /// N-ACTION, type 1 (PS3.4 section J.3.2.1); needs ``ProposedContext/commitment``. The answer itself comes by
  /// N-EVENT-REPORT, at once or later, on this association or another.
  public mutating func requestCommitment(_ request: CommitmentRequest) throws(NetworkFailure) -> DIMSEStatus {
    let context = try context(.storageCommitmentPushModel) { _ in true }
    let isImplicit = context.transferSyntaxes.first == TransferSyntax.implicitVRLittleEndian.uid.string
    let command = DIMSECommand.action(
      nextMessage(), type: 1, sopClass: UID.storageCommitmentPushModel.string,
      sopInstance: UID.storageCommitmentPushModelInstance.string)
    let dataSet = request.dataSet.bytes(isImplicit: isImplicit)
    return try status(try self.request(command, dataSet[...], context: context.identifier))
  }

  /// Waits for a peer's answer on this association; nil where none comes in time. One that is returned waits for
  /// ``confirmCommitment(isKept:)``, once it is known whether it is kept.
  public mutating func awaitCommitment(seconds: Double) throws(NetworkFailure) -> CommitmentResult? {
    let received: ReceivedCommand
    do throws(NetworkFailure) {
      received = try handle.nextCommand(within: seconds, finishedWithin: options.answerSeconds)
    } catch {
      // A peer that has nothing to say, or hangs up, may still say it elsewhere.
      if [.timedOut, .released, .closed, .aborted].contains(error.kind) { return nil }
      throw error
    }
    guard received.command.operation == .eventReportRequest else {
      throw NetworkFailure(.protocolError, "the peer asks for something else than an event report")
    }
    let result = try handle.receiveCommitment(received, within: options.answerSeconds)
    guard let result else {
      try handle.send(
        received.command.response(DIMSEStatus.invalidObjectInstance.code), context: received.context)
      return nil
    }
    unconfirmed = received
    return result
  }

  /// Answers the event report that ``awaitCommitment(seconds:)`` returned: a peer that hears of success doesn't say it
  /// again.
  public mutating func confirmCommitment(isKept: Bool) throws(NetworkFailure) {
    guard let received = unconfirmed.take() else { return }
    let status: DIMSEStatus = isKept ? .success : .processingFailure
    try handle.send(received.command.response(status.code), context: received.context)
  }
}

extension AssociationHandle {
  /// The event information behind an N-EVENT-REPORT-RQ; nil where it makes no sense.
  mutating func receiveCommitment(
    _ received: ReceivedCommand, within seconds: Double
  ) throws(NetworkFailure) -> CommitmentResult? {
    guard received.command.hasDataSet else { return nil }
    let bytes = try receiveSmallDataSet(context: received.context, within: seconds)
    // As a file: without meta information not every data set is known for one.
    let meta = FileMetaInformation.bytes(
      sopClass: UID.storageCommitmentPushModel.string,
      sopInstance: UID.storageCommitmentPushModelInstance.string, transferSyntax: .explicitVRLittleEndian)
    guard let dataSet = try? DataSet(parsing: meta + bytes) else { return nil }
    return CommitmentResult(dataSet)
  }
}
