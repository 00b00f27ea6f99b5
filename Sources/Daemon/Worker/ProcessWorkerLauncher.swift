package import FoundationEssentials

/// Starts workers as processes of this same program (`mmdicom worker`), with JSON lines over pipes.
package struct ProcessWorkerLauncher: WorkerLauncher {
  private var process: ConfinedProcess
  private let rehearsal: URL?

  /// - Parameters:
  ///   - executable: the program; by default the one that is running.
  ///   - model: the model file that the worker loads.
  ///   - threads: threads for inference; 0 leaves one core to decoding and drawing where more than one image is under way.
  ///   - confinement: the files that it may touch, beside the model.
  ///   - timeLimit: a file that takes longer costs the worker its life.
  ///   - rehearsal: a folder for ``rehearsed()``, below one that workers may write to.
  ///   - canKill: false in a test: no signal reaches a worker.
  ///   - onLeftBehind: told of a worker that doesn't die, by its number.
  package init(
    executable: String = ConfinedProcess.ownExecutable, model: String, threads: Int,
    confinement: WorkerConfinement, limits: WorkerLimits = WorkerLimits(), timeLimit: Duration,
    rehearsal: URL? = nil, grace: Duration = .seconds(10), canKill: Bool = true,
    onLeftBehind: @escaping @Sendable (_ process: Int) -> Void = { _ in }
  ) {
    process = ConfinedProcess(
      executable: executable,
      arguments: ["worker", "--model", model, "--threads", String(threads)] + limits.arguments,
      confinement: confinement, timeLimit: timeLimit, grace: grace, canKill: canKill,
      onLeftBehind: onLeftBehind)
    self.rehearsal = rehearsal
  }

  /// Workers that only identify files, and so need no model.
  package init(
    identifyingIn confinement: WorkerConfinement, limits: WorkerLimits = WorkerLimits(),
    timeLimit: Duration, onLeftBehind: @escaping @Sendable (_ process: Int) -> Void = { _ in }
  ) {
    process = ConfinedProcess(
      arguments: ["worker", "--identify"] + limits.arguments, confinement: confinement, timeLimit: timeLimit,
      onLeftBehind: onLeftBehind)
    rehearsal = nil
  }

  package func withWorker<Result: Sendable>(
    _ body: @Sendable (any WorkerSession) async throws -> Result
  ) async throws -> Result {
    try await process.withSession { try await body($0) }
  }

  /// The model, after a fresh worker has read a picture with it that it drew itself.
  /// - Throws: ``WorkerFailure``, ``WriteFailure``.
  package func rehearsed() async throws -> LoadedModel {
    var launcher = self
    if let rehearsal {
      let folder = "\(rehearsal.path)-\(UInt32.random(in: .min ... .max))"
      launcher.process.arguments += ["--rehearse", folder]
    }
    return try await launcher.greeting()
  }

  package func canRead() async -> Bool { (try? await rehearsed()) != nil }
}
