import Subprocess
import SystemPackage

/// What a worker process does, as a stream that can be left: reading from its pipe, and waiting for its end, can't.
struct WorkerProcess: Sendable {
  /// A process that was started.
  struct Control: Sendable {
    let number: Int
    let send: @Sendable ([UInt8]) async throws -> Void
    let close: @Sendable () async -> Void
    let kill: @Sendable () -> Void
  }

  enum Event: Sendable {
    case started(Control)
    case line([UInt8])
    /// With what kept it from being started, or from being read.
    case ended((any Error)?)
  }

  /// Ends with the process, or when it is left.
  let events: AsyncStream<Event>
  private let feed: AsyncStream<Event>.Continuation

  init() { (events, feed) = AsyncStream.makeStream() }

  func started(_ control: Control) { feed.yield(.started(control)) }

  func said(_ line: [UInt8]) { feed.yield(.line(line)) }

  func ended(_ error: (any Error)?) {
    feed.yield(.ended(error))
    feed.finish()
  }

  /// Nothing more is awaited of it.
  func leave() { feed.finish() }

  /// From start to end of a process.
  /// - Parameter canKill: false in a test: no signal reaches it.
  func run(_ executable: String, _ arguments: [String], canKill: Bool) async {
    var options = PlatformOptions()
    options.teardownSequence = []  // It holds nothing that needs an orderly end: kill it.
    do {
      _ = try await Subprocess.run(
        .path(FilePath(executable)),
        arguments: Arguments(executablePathOverride: "mmdicom", remainingValues: arguments),
        // A crash is expected and handled; its back trace would only fill the log.
        environment: .inherit.updating(["SWIFT_BACKTRACE": "enable=no"]),
        platformOptions: options, input: .inputWriter, output: .sequence, error: .currentStandardError
      ) { execution in
        started(
          WorkerProcess.Control(
            number: Int(execution.processIdentifier.value),
            send: { line in _ = try await execution.standardInputWriter.write(line) },
            close: { try? await execution.standardInputWriter.finish() },
            kill: { if canKill { try? execution.send(signal: .kill) } }))
        var lines = LineReader(execution.standardOutput)
        while let line = try await lines.next(isolation: nil) { said(line) }
      }
      ended(nil)
    } catch { ended(error) }
  }
}
