/// A running worker, seen from the process that gives it work.
package protocol WorkerSession: Sendable {
  /// Sends a request. An error means that the worker is gone.
  func send(_ request: WorkerRequest) async throws
  /// Waits for the next reply; nil when the worker ended, crashed, or took longer than its time limit and
  /// was killed.
  func reply() async throws -> WorkerReply?
}

/// Starts workers.
package protocol WorkerLauncher: Sendable {
  /// Runs `body` with a fresh worker that ends when `body` returns.
  func withWorker<Result: Sendable>(
    _ body: @Sendable (any WorkerSession) async throws -> Result
  ) async throws -> Result
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
