import Subprocess
import SystemPackage

/// A program of this machine that is told of what happens: a notice on its standard input, one run for each.
struct CommandHook: Sendable {
  let path: String
  /// One that takes longer is killed.
  let timeLimit: Duration

  /// What became of a run.
  enum Outcome: Sendable, Equatable {
    /// Status 0.
    case taken
    /// It takes this one no more: EX_DATAERR (sysexits.h).
    case refused
    /// Any other status, a signal, too long, or it can't be started.
    case failed(String)
  }

  func run(_ notice: [UInt8]) async -> Outcome {
    await withTaskGroup(of: Outcome.self) { group in
      group.addTask { await ended(notice) }
      group.addTask {
        try? await Task.sleep(for: timeLimit)
        return .failed("no end within \(timeLimit.components.seconds) s")
      }
      defer { group.cancelAll() }
      return await group.next() ?? .failed("")
    }
  }

  private func ended(_ notice: [UInt8]) async -> Outcome {
    var options = PlatformOptions()
    // A group of its own, which is ended as a whole: what a shell started, too.
    options.processGroupID = 0
    options.teardownSequence = [
      .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(1))
    ]
    do {
      let result = try await Subprocess.run(
        .path(FilePath(path)), platformOptions: options, input: .array(notice), output: .discarded,
        error: .discarded)
      switch result.terminationStatus {
      case .exited(0): return .taken
      case .exited(65): return .refused
      case .exited(let code): return .failed("status \(code)")
      case .signaled(let code): return .failed("signal \(code)")
      }
    } catch { return .failed("can't be run: \(error)") }
  }
}
