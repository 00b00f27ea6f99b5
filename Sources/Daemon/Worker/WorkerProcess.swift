import Dispatch
import Files
import Subprocess
import Synchronization
import SystemPackage

/// What a worker process does, as a stream that can be left: reading from its pipe, and waiting for its end, can't.
struct WorkerProcess: Sendable {
  /// A process that was started.
  struct Control: Sendable {
    let number: Int
    let send: @Sendable ([UInt8]) async throws -> Void
    let close: @Sendable () -> Void
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
  private let unread = Count()

  private final class Count: Sendable {
    let number = Atomic<Int>(0)
  }

  init() { (events, feed) = AsyncStream.makeStream() }

  func started(_ control: Control) { feed.yield(.started(control)) }

  func said(_ line: [UInt8]) {
    unread.number.add(1, ordering: .relaxed)
    feed.yield(.line(line))
  }

  /// A line was taken.
  func heard() { unread.number.subtract(1, ordering: .relaxed) }

  /// Whether it said something that nobody has taken yet.
  var isUnheard: Bool { unread.number.load(ordering: .relaxed) > 0 }

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
      let (requests, answers) = (try UninheritedPipe(), try UninheritedPipe())
      let input = RequestPipe(requests.writing)
      defer {
        input.close()
        try? answers.reading.close()
      }
      _ = try await Subprocess.run(
        .path(FilePath(executable)),
        arguments: Arguments(executablePathOverride: "mmdicom", remainingValues: arguments),
        // A crash is expected and handled; its back trace would only fill the log.
        environment: .inherit.updating(["SWIFT_BACKTRACE": "enable=no"]), platformOptions: options,
        input: .fileDescriptor(requests.reading, closeAfterSpawningProcess: true),
        output: .fileDescriptor(answers.writing, closeAfterSpawningProcess: true),
        error: .currentStandardError
      ) { execution in
        started(
          WorkerProcess.Control(
            number: Int(execution.processIdentifier.value), send: input.send, close: input.close,
            kill: { if canKill { try? execution.send(signal: .kill) } }))
        await hear(answers.reading)
      }
      ended(nil)
    } catch { ended(error) }
  }

  /// Tells what is said, to its end, from a thread of its own: one that waits for one pipe is woken by nothing else.
  private func hear(_ answers: FileDescriptor) async {
    await withCheckedContinuation { (end: CheckedContinuation<Void, Never>) in
      DispatchQueue(label: "mmdicom.answers").async {
        var lines = LineReader(answers)
        while let line = lines.next() { said(line) }
        end.resume()
      }
    }
  }
}
