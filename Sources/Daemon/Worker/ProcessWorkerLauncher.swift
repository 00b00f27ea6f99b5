import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage

/// Starts workers as processes of this same program (`mmdicom worker`), with JSON lines over pipes.
package struct ProcessWorkerLauncher: WorkerLauncher {
  private let executable: String
  private let arguments: [String]
  private let timeLimit: Duration

  /// - Parameters:
  ///   - executable: the program; by default the one that is running.
  ///   - model: the model file that the worker loads.
  ///   - threads: threads for inference; 0 leaves one core to decoding and drawing.
  ///   - timeLimit: a file that takes longer costs the worker its life.
  package init(
    executable: String = ProcessWorkerLauncher.ownExecutable, model: String, threads: Int, timeLimit: Duration
  ) {
    self.executable = executable
    self.arguments = ["worker", "--model", model, "--threads", String(threads)]
    self.timeLimit = timeLimit
  }

  /// Workers that only identify files, and so need no model.
  package init(identifyingWithin timeLimit: Duration) {
    executable = Self.ownExecutable
    arguments = ["worker", "--identify"]
    self.timeLimit = timeLimit
  }

  /// The running program, also after it was replaced by an update, and whatever the working directory.
  package static var ownExecutable: String { "/proc/self/exe" }

  package func withWorker<Result: Sendable>(
    _ body: @Sendable (any WorkerSession) async throws -> Result
  ) async throws -> Result {
    signal(SIGPIPE, SIG_IGN)  // Writing to a worker that just died is an error, not the end.
    var options = PlatformOptions()
    options.teardownSequence = []  // A worker holds nothing that needs an orderly end: kill it.
    let outcome = try await run(
      .path(FilePath(executable)),
      arguments: Arguments(executablePathOverride: "mmdicom", remainingValues: arguments),
      // A crash of the worker is expected and handled; its back trace would only fill the log.
      environment: .inherit.updating(["SWIFT_BACKTRACE": "enable=no"]),
      platformOptions: options, input: .inputWriter, output: .sequence, error: .currentStandardError
    ) { execution in
      let session = PipeSession(
        lines: LineReader(execution.standardOutput), timeLimit: timeLimit,
        send: { line in _ = try await execution.standardInputWriter.write(line) },
        kill: { try? execution.send(signal: .kill) })
      do {
        let result = try await body(session)
        try? await execution.standardInputWriter.finish()
        // A worker that doesn't end by itself must not hold up the daemon's end.
        await session.drain(within: .seconds(5))
        return result
      } catch {
        try? execution.send(signal: .kill)
        throw error
      }
    }
    return outcome.closureResult
  }
}

/// One worker process behind two pipes.
private actor PipeSession: WorkerSession {
  private var lines: LineReader
  private let timeLimit: Duration
  private let sendLine: @Sendable ([UInt8]) async throws -> Void
  private let kill: @Sendable () -> Void

  init(
    lines: sending LineReader, timeLimit: Duration,
    send: @escaping @Sendable ([UInt8]) async throws -> Void, kill: @escaping @Sendable () -> Void
  ) {
    self.lines = lines
    self.timeLimit = timeLimit
    self.sendLine = send
    self.kill = kill
  }

  func send(_ request: WorkerRequest) async throws {
    var line = Array(try JSONEncoder().encode(request))
    line.append(UInt8(ascii: "\n"))
    try await sendLine(line)
  }

  func reply() async throws -> WorkerReply? {
    guard let line = try await nextLine(within: timeLimit) else { return nil }
    // A line that isn't a reply means that the worker's memory can't be trusted any more: as good as dead.
    guard let reply = try? JSONDecoder().decode(WorkerReply.self, from: Data(line)) else {
      kill()
      return nil
    }
    return reply
  }

  /// Reads what still comes until the worker closes its end.
  func drain(within limit: Duration) async {
    while (try? await nextLine(within: limit)) != nil {}
  }

  private func nextLine(within limit: Duration) async throws -> [UInt8]? {
    // The pipe's read ends when the process dies, so killing it is the way to stop waiting.
    // It's cancelled and awaited at the end of this scope.
    async let _: Void = killUnlessCancelled(after: limit)
    var reader = lines
    defer { lines = reader }
    return try await reader.next(isolation: self)
  }

  private nonisolated func killUnlessCancelled(after limit: Duration) async {
    do { try await Task.sleep(for: limit) } catch { return }
    kill()
  }
}
