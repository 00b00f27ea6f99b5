package import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage

/// Starts workers as processes of this same program (`mmdicom worker`), with JSON lines over pipes.
package struct ProcessWorkerLauncher: WorkerLauncher {
  private let executable: String
  private var arguments: [String]
  private let rehearsal: URL?
  private let confinement: WorkerConfinement
  private let timeLimit: Duration
  /// A process in uninterruptible sleep, on a mount that doesn't answer, takes no signal: how long to wait for a worker
  /// to die before it is left to itself.
  private let grace: Duration
  private let canKill: Bool
  private let onLeftBehind: @Sendable (_ process: Int) -> Void

  /// - Parameters:
  ///   - executable: the program; by default the one that is running.
  ///   - model: the model file that the worker loads.
  ///   - threads: threads for inference; 0 leaves one core to decoding and drawing.
  ///   - confinement: the files that it may touch, beside the model.
  ///   - timeLimit: a file that takes longer costs the worker its life.
  ///   - rehearsal: a folder for ``rehearsed()``, below one that workers may write to.
  ///   - canKill: false in a test: no signal reaches a worker.
  ///   - onLeftBehind: told of a worker that doesn't die, by its number.
  package init(
    executable: String = ProcessWorkerLauncher.ownExecutable, model: String, threads: Int,
    confinement: WorkerConfinement, limits: WorkerLimits = WorkerLimits(), timeLimit: Duration,
    rehearsal: URL? = nil, grace: Duration = .seconds(10), canKill: Bool = true,
    onLeftBehind: @escaping @Sendable (_ process: Int) -> Void = { _ in }
  ) {
    self.executable = executable
    arguments =
      ["worker", "--model", model, "--threads", String(threads)] + limits.arguments
    self.rehearsal = rehearsal
    self.confinement = confinement
    self.timeLimit = timeLimit
    self.grace = grace
    self.canKill = canKill
    self.onLeftBehind = onLeftBehind
  }

  /// Workers that only identify files, and so need no model.
  package init(
    identifyingIn confinement: WorkerConfinement, limits: WorkerLimits = WorkerLimits(),
    timeLimit: Duration, onLeftBehind: @escaping @Sendable (_ process: Int) -> Void = { _ in }
  ) {
    executable = Self.ownExecutable
    arguments = ["worker", "--identify"] + limits.arguments
    rehearsal = nil
    self.confinement = confinement
    self.timeLimit = timeLimit
    grace = .seconds(10)
    canKill = true
    self.onLeftBehind = onLeftBehind
  }

  /// The running program, also after it was replaced by an update, and whatever the working directory.
  package static var ownExecutable: String { "/proc/self/exe" }

  package func withWorker<Result: Sendable>(
    _ body: @Sendable (any WorkerSession) async throws -> Result
  ) async throws -> Result {
    signal(SIGPIPE, SIG_IGN)  // Writing to a worker that just died is an error, not the end.
    let process = WorkerProcess()
    // Not a child task: one that waits for a process that never ends would hold up everything.
    Task { await run(process) }
    let session = try await PipeSession(process, timeLimit: timeLimit, grace: grace)
    do {
      try await session.send(line: try confinement.line)
      let result = try await body(session)
      await session.end(within: .seconds(5))
      await leave(session)
      return result
    } catch {
      session.kill()
      await leave(session)
      throw error
    }
  }

  /// The model, after a fresh worker has read a picture with it that it drew itself.
  /// - Throws: ``WorkerFailure``, ``WriteFailure``.
  package func rehearsed() async throws -> LoadedModel {
    var launcher = self
    if let rehearsal {
      let folder = "\(rehearsal.path)-\(UInt32.random(in: .min ... .max))"
      launcher.arguments += ["--rehearse", folder]
    }
    return try await launcher.greeting()
  }

  package func canRead() async -> Bool { (try? await rehearsed()) != nil }

  private func leave(_ session: PipeSession) async {
    if await !session.isGone(within: grace) { onLeftBehind(session.process) }
  }

  /// From start to end of a process.
  private func run(_ process: WorkerProcess) async {
    var options = PlatformOptions()
    options.teardownSequence = []  // A worker holds nothing that needs an orderly end: kill it.
    do {
      _ = try await Subprocess.run(
        .path(FilePath(executable)),
        arguments: Arguments(executablePathOverride: "mmdicom", remainingValues: arguments),
        // A crash of the worker is expected and handled; its back trace would only fill the log.
        environment: .inherit.updating(["SWIFT_BACKTRACE": "enable=no"]),
        platformOptions: options, input: .inputWriter, output: .sequence, error: .currentStandardError
      ) { execution in
        let canKill = canKill
        process.started(
          WorkerProcess.Control(
            number: Int(execution.processIdentifier.value),
            send: { line in _ = try await execution.standardInputWriter.write(line) },
            close: { try? await execution.standardInputWriter.finish() },
            kill: { if canKill { try? execution.send(signal: .kill) } }))
        var lines = LineReader(execution.standardOutput)
        while let line = try await lines.next(isolation: nil) { process.said(line) }
      }
      process.ended(nil)
    } catch { process.ended(error) }
  }
}
