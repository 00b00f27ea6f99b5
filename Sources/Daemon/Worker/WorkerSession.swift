import Files

/// A running worker, seen from the process that gives it work.
package protocol WorkerSession: Sendable {
  /// Sends a request. An error means that the worker is gone.
  func send(_ request: WorkerRequest) async throws
  /// Waits for the next reply; nil when the worker ended, crashed, or took longer than its time limit and
  /// was killed.
  func reply() async throws -> WorkerReply?
}

extension WorkerSession {
  /// What the worker has loaded, the first that it says; nil when it ended before.
  /// - Throws: ``WorkerFailure``, ``WriteFailure``.
  func ready() async throws -> LoadedModel? {
    switch try await reply() {
    case .ready(let name, let sha256, let missing):
      return LoadedModel(name: name, sha256: sha256, sandboxLacks: missing)
    case .modelRefused(let message, let isMissing):
      throw isMissing ? WorkerFailure.modelMissing(message) : .modelRefused(message)
    case .cannotWrite(_, let path, let message): throw WriteFailure(path: path, message: message)
    case nil: return nil
    default: throw WorkerFailure.cannotStart("it doesn't speak this program's language")
    }
  }

  /// The same where a worker that ends at once can't be done without.
  func greeted() async throws -> LoadedModel {
    guard let model = try await ready() else {
      throw WorkerFailure.cannotStart("it ended before it was ready")
    }
    return model
  }
}

/// Starts workers.
package protocol WorkerLauncher: Sendable {
  /// Runs `body` with a fresh worker that ends when `body` returns.
  func withWorker<Result: Sendable>(
    _ body: @Sendable (any WorkerSession) async throws -> Result
  ) async throws -> Result

  /// Whether a fresh worker reads a picture that is known to be sound: then files on which others died are to blame
  /// themselves, and nothing outside.
  func canRead() async -> Bool
}

extension WorkerLauncher {
  /// Nobody knows.
  package func canRead() async -> Bool { false }

  /// The model that a fresh worker loads.
  /// - Throws: ``WorkerFailure``, ``WriteFailure``.
  package func greeting() async throws -> LoadedModel {
    try await withWorker { session in try await session.greeted() }
  }
}

/// Why no worker can be had.
public enum WorkerFailure: Error, Equatable, CustomStringConvertible {
  /// There is no model file at this path.
  case modelMissing(String)
  /// The model file can't be used.
  case modelRefused(String)
  /// The worker program ends before it is ready.
  case cannotStart(String)

  public var description: String {
    switch self {
    case .modelMissing(let message), .modelRefused(let message): message
    case .cannotStart(let message): "the worker process doesn't start: \(message)"
    }
  }
}
