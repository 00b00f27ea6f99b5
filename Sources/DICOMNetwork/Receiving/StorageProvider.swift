internal import DICOM
internal import Synchronization

/// The other side of C-STORE: has conversations with peers, each on a thread of its own, and hands on what comes.
public final class StorageProvider: Sendable {
  private let settings: ReceptionSettings
  private let rules: ReceptionRules
  private let folder: String
  private let taker: any ObjectTaker
  private let tls: TLSContext?
  private let lastFile = Atomic<Int>(0)

  /// - Parameters:
  ///   - folder: For objects in the making and those that are handed on; no one else writes to it.
  ///   - tls: Made for a server where the address asks for it.
  public init(
    _ settings: ReceptionSettings, folder: String, tls: consuming TLSContext?, taker: any ObjectTaker
  ) {
    self.settings = settings
    self.folder = folder
    self.taker = taker
    self.tls = tls
    rules = ReceptionRules(settings)
  }

  /// Has a conversation to its end, and closes the socket.
  /// - Parameters:
  ///   - peer: Its address, for the log.
  ///   - isFull: It is to be rejected, since there are enough.
  public func serve(socket: Int32, from peer: String, isFull: Bool) {
    do throws(NetworkFailure) {
      let handle = try AssociationHandle.receive(
        socket: socket, tls: tls, connectSeconds: settings.stallSeconds, stallSeconds: settings.stallSeconds)
      try converse(handle, isFull: isFull)
    } catch {
      taker.note("an association from \(peer) ended: \(error.detail)")
    }
  }

  private typealias Agreed = (service: ReceptionRules.Service, sopClass: String, syntax: TransferSyntax)

  private func converse(_ handle: consuming AssociationHandle, isFull: Bool) throws(NetworkFailure) {
    let caller = PeerText.cleaned(handle.calling, limit: 16)
    let contexts = handle.contexts
    let request = AssociationRequest(
      called: handle.called, calling: handle.calling,
      contexts: contexts.map {
        .init($0.identifier, $0.sopClass, $0.transferSyntaxes, isProvider: $0.isProvider && !$0.isUser)
      })
    let agreed: [UInt8: Agreed]
    switch rules.decide(request, isFull: isFull) {
    case .reject(let why):
      try handle.reject(result: why.result, source: why.source, diagnostic: why.diagnostic)
      throw NetworkFailure(
        why.result == 2 ? .rejectedForNow : .rejectedForGood,
        "rejected '\(caller)', who called '\(PeerText.cleaned(request.called, limit: 16))': "
          + (why == .tooMany ? "as many associations as may be" : "a title that isn't known"))
    case .accept(let answers): agreed = try answer(&handle, answers, contexts)
    }
    while true {
      let received: ReceivedCommand
      do throws(NetworkFailure) {
        received = try handle.nextCommand(
          within: settings.idleSeconds, finishedWithin: settings.stallSeconds)
      } catch {
        guard error.kind == .released else { throw error }
        handle.acknowledgeRelease()
        return
      }
      try answer(&handle, received, agreed[received.context], caller)
    }
  }

  private func answer(
    _ handle: inout AssociationHandle, _ answers: [ReceptionRules.Answer],
    _ contexts: [AssociationHandle.Context]
  ) throws(NetworkFailure) -> [UInt8: Agreed] {
    var agreed: [UInt8: Agreed] = [:]
    for (context, answer) in zip(contexts, answers) {
      switch answer {
      case .accepted(let service, let syntax):
        let provides = service == .commitment && context.isProvider
        try handle.accept(context.identifier, syntax.uid.string, requestorProvides: provides)
        agreed[context.identifier] = (service, context.sopClass, syntax)
      case .noSyntax: try handle.refuse(context.identifier, knowsClass: true)
      case .noClass: try handle.refuse(context.identifier, knowsClass: false)
      }
    }
    try handle.acknowledge()
    return agreed
  }

  // MARK: Requests

  private func answer(
    _ handle: inout AssociationHandle, _ received: ReceivedCommand, _ agreed: Agreed?, _ caller: String
  ) throws(NetworkFailure) {
    guard let agreed else {
      throw NetworkFailure(.protocolError, "a message in a presentation context that wasn't agreed on")
    }
    let command = received.command
    let status: DIMSEStatus
    switch command.operation {
    case .cancelRequest: return
    case .echoRequest where agreed.service == .verification && !command.hasDataSet: status = .success
    case .storeRequest where command.hasDataSet:
      status = try store(&handle, received, agreed, caller)
    case .eventReportRequest where agreed.service == .commitment:
      let result = try handle.receiveCommitment(received, within: settings.stallSeconds)
      status = result.map { taker.take($0, from: caller) } ?? .invalidObjectInstance
    case .echoResponse, .storeResponse, .eventReportResponse, .actionResponse:
      throw NetworkFailure(.protocolError, "an answer that nobody waits for")
    default:
      if command.hasDataSet { try skip(&handle, received) }
      status = .unrecognizedOperation
    }
    try handle.send(command.response(status.code), context: received.context)
  }

  private func skip(_ handle: inout AssociationHandle, _ received: ReceivedCommand) throws(NetworkFailure) {
    try unsafe handle.receiveDataSet(
      context: received.context, within: settings.stallSeconds, limit: settings.objectBytes
    ) { _ in }
  }

  private func store(
    _ handle: inout AssociationHandle, _ received: ReceivedCommand, _ agreed: Agreed, _ caller: String
  ) throws(NetworkFailure) -> DIMSEStatus {
    let sopClass = received.command[text: .affectedSOPClassUID] ?? ""
    let instance = received.command[text: .affectedSOPInstanceUID] ?? ""
    var refusal: DIMSEStatus?
    if agreed.service != .storage || sopClass != agreed.sopClass {
      refusal = .classNotSupported
    } else if !Self.mayName(instance) {
      refusal = .invalidObjectInstance
    } else if !taker.isOpen {
      refusal = .outOfResources
    }
    if let refusal {
      try skip(&handle, received)
      return refusal
    }
    let name = "\(lastFile.add(1, ordering: .relaxed).newValue)"
    var file = ReceivedFile("\(folder)/\(name)")
    file.append(
      FileMetaInformation.bytes(sopClass: sopClass, sopInstance: instance, transferSyntax: agreed.syntax))
    try unsafe handle.receiveDataSet(
      context: received.context, within: settings.stallSeconds, limit: settings.objectBytes
    ) { part in
      // An object may be larger than the room that was left when it began.
      if taker.isOpen { unsafe file.append(part) } else { file.abandon() }
    }
    guard !file.isAbandoned else { return .outOfResources }
    guard file.finish() else {
      taker.note("can't write what comes: \(NetworkFailure.text(of: file.code))")
      return .outOfResources
    }
    let object = ReceivedObject(file: name, bytes: file.bytes, sopInstance: instance, caller: caller)
    let status = taker.take(object)
    if status == .success { file.keep() }
    return status
  }

  /// Whatever is printed may stand for an object, valid or not: it is read, and its fault noted.
  private static func mayName(_ instance: String) -> Bool {
    1...64 ~= instance.utf8.count && instance.utf8.allSatisfy { (0x20...0x7E).contains($0) }
  }
}
