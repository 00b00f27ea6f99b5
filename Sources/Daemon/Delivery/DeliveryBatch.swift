package import DICOMNetwork
import Files
package import Ledger
package import SystemPackage

/// Deliveries that were handed to a sender, and what of them was answered for. Pure.
package struct DeliveryBatch: Sendable {
  /// What the ledger is to be told of one.
  package struct Settlement: Sendable, Equatable {
    package let delivery: DeliveryRecord
    package let answer: DeliveryEvent.Answer
    package let words: String
  }

  /// In the order in which they are sent.
  package let objects: [SentObject]
  private let deliveries: [DeliveryRecord]
  private let wantsCommitment: Bool
  private var open: Set<Int64>
  /// Those that the peer took and is to be asked to keep.
  package private(set) var stored: [SentObject] = []
  /// How many the peer took.
  package private(set) var count = 0

  /// - Parameter outbox: what paths of results lie below.
  package init(_ claim: DeliveryClaim, below outbox: FilePath, wantsCommitment: Bool) {
    deliveries = claim.deliveries
    objects = claim.deliveries.map { SentObject($0, below: outbox) }
    open = Set(claim.deliveries.map(\.id))
    self.wantsCommitment = wantsCommitment
  }

  /// An answer came.
  /// - Returns: nil where nobody asked for it.
  package mutating func answered(_ id: Int64, _ answer: PeerAnswer) -> Settlement? {
    guard open.remove(id) != nil, let index = deliveries.firstIndex(where: { $0.id == id }) else {
      return nil
    }
    let (event, words): (DeliveryEvent.Answer, String) =
      switch answer {
      case .taken(let words): (wantsCommitment ? .stored : .taken, words)
      case .refusedForNow(let words): (.refusedForNow, words)
      case .refusedForGood(let words): (.refusedForGood, words)
      }
    if event == .stored { stored.append(objects[index]) }
    if case .taken = answer { count += 1 }
    return Settlement(delivery: deliveries[index], answer: event, words: words)
  }

  /// What the batch ended without.
  package var untried: [Settlement] {
    rest.map { Settlement(delivery: $0, answer: .untried, words: $0.answer) }
  }

  /// The sender died or hung on some of these: the first without an answer was on its way.
  package mutating func lost(of group: [SentObject]) -> Settlement? {
    guard let first = group.first(where: { open.contains($0.id) }) else { return nil }
    return answered(first.id, .refusedForNow("the sender process died or hung on it"))
  }

  private var rest: [DeliveryRecord] { deliveries.filter { open.contains($0.id) } }
}

extension SentObject {
  fileprivate init(_ delivery: DeliveryRecord, below outbox: FilePath) {
    let result = delivery.result
    self.init(
      id: delivery.id, path: outbox.pushing(FilePath(bytes: result.path)).text, content: result.content,
      sopClassUID: result.sopClassUID, sopInstanceUID: result.uid, studyInstanceUID: result.studyInstanceUID)
  }
}
