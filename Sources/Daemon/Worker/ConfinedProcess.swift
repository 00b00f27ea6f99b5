import Glibc

/// A process of this same program that is shut in, with JSON lines over pipes: strangers' bytes are opened only there.
package struct ConfinedProcess: Sendable {
  let executable: String
  var arguments: [String]
  let confinement: WorkerConfinement
  /// For each answer.
  let timeLimit: Duration
  /// A process in uninterruptible sleep, on a mount that doesn't answer, takes no signal: how long to wait for it to die
  /// before it is left to itself.
  let grace: Duration
  let canKill: Bool
  let onLeftBehind: @Sendable (_ process: Int) -> Void

  init(
    executable: String = Self.ownExecutable, arguments: [String], confinement: WorkerConfinement,
    timeLimit: Duration, grace: Duration = .seconds(10), canKill: Bool = true,
    onLeftBehind: @escaping @Sendable (_ process: Int) -> Void
  ) {
    self.executable = executable
    self.arguments = arguments
    self.confinement = confinement
    self.timeLimit = timeLimit
    self.grace = grace
    self.canKill = canKill
    self.onLeftBehind = onLeftBehind
  }

  /// The running program, also after it was replaced by an update, and whatever the working directory.
  package static var ownExecutable: String { "/proc/self/exe" }

  /// Runs `body` with a fresh process that ends when `body` returns.
  func withSession<Result: Sendable>(
    _ body: @Sendable (PipeSession) async throws -> Result
  ) async throws -> Result {
    signal(SIGPIPE, SIG_IGN)  // Writing to a process that just died is an error, not the end.
    let process = WorkerProcess()
    // Not a child task: one that waits for a process that never ends would hold up everything.
    Task { await process.run(executable, arguments, canKill: canKill) }
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

  private func leave(_ session: PipeSession) async {
    if await !session.isGone(within: grace) { onLeftBehind(session.process) }
  }
}
