import DICOM
import Dispatch
import Files
import FoundationEssentials
import Synchronization
import SystemPackage

/// Stores objects on a DICOM node (C-STORE, PS3.4 annex B). One association carries a batch, and those that follow as long
/// as it has the presentation contexts that they need.
package final class StoreSender: ObjectSender {
  private let endpoint: DICOMEndpoint
  private let line: Mutex<Line>
  /// Calls to a peer block: they have a thread of their own.
  private let queue = DispatchQueue(label: "mmdicom.store")

  package init(_ endpoint: DICOMEndpoint) {
    self.endpoint = endpoint
    line = Mutex(Line())
  }

  /// The association that is open.
  private struct Line: ~Copyable {
    var association: Association?
    /// What it was asked for.
    var contexts: [ProposedContext] = []

    mutating func release() {
      if let open = association.take() { open.release() }
    }
  }

  package func close() async {
    await onThread { self.line.withLock { $0.release() } }
  }

  package func send(
    _ objects: [SentObject], tell: @escaping @Sendable (SendingNews) -> Void,
    isStopping: @escaping @Sendable () -> Bool
  ) async -> PeerTrouble? {
    await onThread { self.store(objects, tell, isStopping) }
  }

  package func askCommitment(_ transactionUID: String, of objects: [SentObject]) async -> CommitmentNews {
    await onThread { self.ask(transactionUID, of: objects) }
  }

  package func confirmCommitment(isKept: Bool) async {
    await onThread {
      self.line.withLock { line in
        do throws(NetworkFailure) { try line.association?.confirmCommitment(isKept: isKept) } catch {
          line.association = nil
        }
      }
    }
  }

  private func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { done in queue.async { done.resume(returning: body()) } }
  }

  // MARK: On its thread

  private func store(
    _ objects: [SentObject], _ tell: @escaping @Sendable (SendingNews) -> Void, _ isStopping: () -> Bool
  ) -> PeerTrouble? {
    var fit: [(id: Int64, object: OutgoingObject)] = []
    for object in objects {
      switch Self.look(at: object) {
      case .success(let outgoing): fit.append((object.id, outgoing))
      case .failure(let words): tell(.answered(id: object.id, .refusedForGood(words.text)))
      }
    }
    for proposals in [ProposedContext].storing(fit.map { ($0.object.sopClass, $0.object.transferSyntax) }) {
      let classes = Set(proposals.map(\.sopClass))
      let part = fit.filter { classes.contains($0.object.sopClass) }
      do throws(NetworkFailure) {
        try open(proposals)
        for (id, object) in part where !isStopping() {
          if let trouble = storeOne(id, object, tell) { return trouble }
        }
      } catch { return PeerTrouble(error.detail) }
    }
    return nil
  }

  /// - Returns: what keeps the peer from taking more.
  private func storeOne(
    _ id: Int64, _ object: OutgoingObject, _ tell: @escaping @Sendable (SendingNews) -> Void
  ) -> PeerTrouble? {
    let pulse = Pulse { tell(.goesOn) }
    do throws(NetworkFailure) {
      let answer = try line.withLock { line throws(NetworkFailure) in
        try line.association?.store(object) { pulse.beat() }
      }
      guard let answer else { return PeerTrouble("no association") }
      tell(.answered(id: id, PeerAnswer(answer)))
      return nil
    } catch  where error.isOfObject {
      tell(.answered(id: id, .refusedForGood(error.detail)))
      return nil
    } catch {
      // The association is gone with this object on its way; perhaps it is the object that the peer can't bear.
      line.withLock { $0.association = nil }
      var trouble = PeerTrouble(error.detail)
      trouble.isLate = error.kind == .timedOut
      if trouble.isLate {
        trouble.onTheirWay = [id]
      } else {
        tell(.answered(id: id, .refusedForNow("cut off: \(error.detail)")))
      }
      return trouble
    }
  }

  /// Keeps the association that is open where it was asked for the same.
  private func open(_ proposals: [ProposedContext]) throws(NetworkFailure) {
    var wanted = proposals
    if endpoint.wantsCommitment, wanted.count < ProposedContext.most { wanted.append(.commitment) }
    try line.withLock { line throws(NetworkFailure) in
      if line.association != nil, wanted.allSatisfy(line.contexts.contains) { return }
      line.release()
      line.association = try Association.open(endpoint.address, for: wanted, endpoint.options)
      line.contexts = wanted
    }
  }

  /// What lies there must be what was written.
  private static func look(at object: SentObject) -> Result<OutgoingObject, Unfit> {
    let path = FilePath(text: object.path)
    guard ContentDigest(ofFileAt: path) == object.content else {
      return .failure(Unfit(text: SentObject.gone))
    }
    do throws(DICOMReadError) {
      return .success(try OutgoingObject(reading: URL(filePath: object.path)))
    } catch {
      return .failure(Unfit(text: error.detail))
    }
  }

  private struct Unfit: Error { let text: String }

  private func ask(_ transactionUID: String, of objects: [SentObject]) -> CommitmentNews {
    let references = objects.compactMap { object -> ReferencedSOP? in
      guard let sopClass = UID(object.sopClassUID), let instance = UID(object.sopInstanceUID) else {
        return nil
      }
      return ReferencedSOP(sopClass: sopClass, sopInstance: instance)
    }
    guard let transaction = UID(transactionUID), !references.isEmpty else {
      return .refused("the objects have no UIDs", isForGood: true)
    }
    let request = CommitmentRequest(transactionUID: transaction, objects: references)
    do throws(NetworkFailure) {
      if line.withLock({ $0.association == nil }) { try open([]) }
      let status = try line.withLock { line throws(NetworkFailure) in
        try line.association?.requestCommitment(request)
      }
      guard let status else { return .failed(PeerTrouble("no association")) }
      guard status.verdict.isTaken else {
        return .refused(status.description, isForGood: status.verdict == .refusedForGood)
      }
    } catch {
      if error.kind == .noContext { return .refused(error.detail, isForGood: true) }
      line.withLock { $0.association = nil }
      return .failed(PeerTrouble(error.detail))
    }
    return answer(to: transaction)
  }

  /// Waits for the answer to a question that got through.
  private func answer(to transaction: UID) -> CommitmentNews {
    line.withLock { line in
      do throws(NetworkFailure) {
        guard let result = try line.association?.awaitCommitment(seconds: endpoint.commitmentSeconds) else {
          // It is said elsewhere, perhaps much later.
          line.release()
          return .asked
        }
        guard result.transactionUID == transaction else {
          // Nobody waits for it here: it may say it again elsewhere.
          try line.association?.confirmCommitment(isKept: false)
          return .asked
        }
        return .answered(
          committed: result.committed.map(\.sopInstance.string),
          failed: Dictionary(
            result.failed.map { ($0.object.sopInstance.string, $0.statedReason) }
          ) { first, _ in first })
      } catch {
        line.association = nil
        return .asked
      }
    }
  }
}

extension PeerAnswer {
  /// What follows from a C-STORE's status; the comment stands behind it.
  init(_ answer: StoreAnswer) {
    let words = answer.status.description + (answer.comment.isEmpty ? "" : ": \(answer.comment)")
    self =
      switch answer.status.verdict {
      case .taken, .takenWithWarning: .taken(words)
      case .refusedForNow: .refusedForNow(words)
      case .refusedForGood: .refusedForGood(words)
      }
  }
}
