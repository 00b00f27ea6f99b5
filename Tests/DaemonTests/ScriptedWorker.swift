import Analysis
import Daemon
import Foundation
import Synchronization

/// Workers that do as a script says, without a process: the seam for tests of crashes.
final class ScriptedWorkers: WorkerLauncher, Sendable {
  /// What a worker does with a request.
  enum Answer {
    case reply(WorkerReply)
    case crash
  }

  private let greeting: WorkerReply?
  private let script: @Sendable (WorkerRequest, _ attempt: Int) -> Answer
  private let started = Mutex(0)
  private let attempts = Mutex<[String: Int]>([:])

  init(
    greeting: WorkerReply? = .ready(model: "m 1", sha256: "ab"),
    script: @escaping @Sendable (WorkerRequest, Int) -> Answer
  ) {
    self.greeting = greeting
    self.script = script
  }

  /// How many workers were started.
  var count: Int { started.withLock { $0 } }

  func withWorker<Result: Sendable>(
    _ body: @Sendable (any WorkerSession) async throws -> Result
  ) async throws -> Result {
    started.withLock { $0 += 1 }
    return try await body(Session(greeting: greeting, answer: answer))
  }

  private func answer(_ request: WorkerRequest) -> Answer {
    let key = "\(request.path) \(String(describing: request).prefix(4))"
    let attempt = attempts.withLock { attempts in
      attempts[key, default: 0] += 1
      return attempts[key] ?? 0
    }
    return script(request, attempt)
  }

  private actor Session: WorkerSession {
    private var replies: [WorkerReply?]
    private let answer: @Sendable (WorkerRequest) -> Answer
    private var isDead = false

    init(greeting: WorkerReply?, answer: @escaping @Sendable (WorkerRequest) -> Answer) {
      replies = [greeting]
      self.answer = answer
    }

    func send(_ request: WorkerRequest) {
      guard !isDead else { return }
      switch answer(request) {
      case .reply(let reply): replies.append(reply)
      case .crash:
        isDead = true
        replies.append(nil)
      }
    }

    func reply() -> WorkerReply? { replies.isEmpty ? nil : replies.removeFirst() }
  }
}
