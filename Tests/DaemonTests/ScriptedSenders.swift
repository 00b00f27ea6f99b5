import DICOMNetwork
import Daemon
import Foundation
import Synchronization

/// Senders that do as a script says, without a process: the seam for tests of delivery.
final class ScriptedSenders: SenderLauncher, Sendable {
  /// What a sender does with a batch.
  enum Step {
    case say(SenderReply)
    /// The process is gone.
    case die
    /// It says nothing until it is killed.
    case hang
  }

  private let script: @Sendable (SenderRequest, _ number: Int) async -> [Step]
  private let state = Mutex<(started: Int, requests: [SenderRequest])>((0, []))

  /// - Parameter script: what is done with the `number`-th request of all, the openings not counted.
  init(script: @escaping @Sendable (SenderRequest, Int) async -> [Step]) { self.script = script }

  /// A peer that answers for each object by itself.
  convenience init(answer: @escaping @Sendable (SentObject) -> PeerAnswer) {
    self.init { request, _ in
      switch request {
      case .send(let objects):
        objects.map { .say(.news(.answered(id: $0.id, answer($0)))) } + [.say(.sent(trouble: nil))]
      case .askCommitment: [.say(.commitment(.asked))]
      case .open, .confirmCommitment: []
      }
    }
  }

  var started: Int { state.withLock { $0.started } }
  var requests: [SenderRequest] { state.withLock { $0.requests } }
  /// Objects of each batch.
  var batches: [[SentObject]] {
    requests.compactMap { if case .send(let objects) = $0 { objects } else { nil } }
  }

  func withSender<Result: Sendable>(
    _ body: @Sendable (any SenderSession) async throws -> Result
  ) async throws -> Result {
    state.withLock { $0.started += 1 }
    return try await body(Session(self))
  }

  private func steps(for request: SenderRequest) async -> [Step] {
    if case .open = request { return [] }
    let number = state.withLock { state in
      state.requests.append(request)
      return state.requests.count
    }
    return await script(request, number)
  }

  private actor Session: SenderSession {
    private let senders: ScriptedSenders
    private var steps: [Step] = [.say(.ready(missing: []))]
    private let killed = Atomic<Bool>(false)

    init(_ senders: ScriptedSenders) { self.senders = senders }

    func send(_ request: SenderRequest) async { steps += await senders.steps(for: request) }

    func reply() async -> SenderReply? {
      guard !steps.isEmpty else { return nil }
      switch steps.removeFirst() {
      case .say(let reply): return reply
      case .die: return nil
      case .hang:
        // As long as the daemon lets it: until the task is cancelled, or it is killed.
        while !killed.load(ordering: .relaxed), !Task.isCancelled {
          try? await Task.sleep(for: .milliseconds(10))
        }
        return nil
      }
    }

    func close() {}

    nonisolated func kill() { killed.store(true, ordering: .relaxed) }
  }
}
