import ArgumentParser
import Daemon

/// `mmdicom sender`: the process in which results are sent to one destination. Started by `serve` only.
struct SenderCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sender", abstract: "Send results for another mmdicom.", shouldDisplay: false)

  @Option(help: "Bytes of memory; 0 for no limit.") var memory = 0
  @Flag(help: "Set by the sender itself, once it is shut in.") var confined = false
  @Option(parsing: .singleValue, help: "What the system doesn't offer for that.") var lacks: [String] = []

  func run() async throws {
    throw ExitCode(
      await SenderServer.run(
        WorkerServer.Surroundings(
          limits: WorkerLimits(memory: memory, processorSeconds: 0), lacks: confined ? lacks : nil)))
  }
}
