import DICOMNetwork
import Dispatch
import Glibc
import Synchronization

/// The sender process: brings the daemon's results to one destination, until its input ends.
public enum SenderServer {
  /// - Returns: the exit status.
  public static func run(_ surroundings: WorkerServer.Surroundings) async -> Int32 {
    guard let missing = WorkerServer.prepareProcess(surroundings, as: "sender", connects: true) else {
      return 70
    }
    let replies = ReplyWriter()
    let requests = Requests()
    replies.send(SenderReply.ready(missing: missing))
    var sender: (any ObjectSender)?
    var refusal: PeerTrouble?
    for await request in requests.stream() {
      switch request {
      case .open(let endpoint):
        await sender?.close()
        do { (sender, refusal) = (try endpoint.sender(), nil) } catch {
          (sender, refusal) = (nil, error as? PeerTrouble ?? PeerTrouble("\(error)"))
        }
      case .send(let objects):
        let trouble = await sender?.send(objects) {
          replies.send(SenderReply.news($0))
        } isStopping: {
          requests.isOver
        }
        replies.send(SenderReply.sent(trouble: sender == nil ? refusal : trouble ?? nil))
      case .askCommitment(let transaction, let objects):
        let news = await sender?.askCommitment(transaction, of: objects)
        replies.send(SenderReply.commitment(news ?? .failed(refusal ?? PeerTrouble("not connected"))))
      case .confirmCommitment(let isKept): await sender?.confirmCommitment(isKept: isKept)
      }
    }
    await sender?.close()
    return 0
  }

  /// Standard input as a stream of requests.
  private final class Requests: Sendable {
    private let over = Atomic<Bool>(false)

    /// Whether the daemon wants no more, or is gone: nothing new is begun.
    var isOver: Bool { over.load(ordering: .relaxed) }

    /// Reads on a thread of its own, so that the end of the input is noticed while an object is on its way.
    func stream() -> AsyncStream<SenderRequest> {
      let (stream, continuation) = AsyncStream.makeStream(of: SenderRequest.self)
      DispatchQueue(label: "requests").async { [self] in
        var input = JSONInput<SenderRequest>()
        while let request = input.next() { continuation.yield(request) }
        over.store(true, ordering: .relaxed)
        continuation.finish()
      }
      return stream
    }
  }
}
