import ArgumentParser
import Daemon
import FoundationEssentials

/// `mmdicom worker`: the process in which files are decoded and read. Started by `serve` and `analyze` only.
struct WorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Decode and read files for another mmdicom.", shouldDisplay: false)

  @Option var model: String?
  @Option var threads = 0
  @Flag(help: "Only tell which image a file is.") var identify = false
  @Option(help: "Read a picture of the program's own in this folder before any other.") var rehearse: String?
  @Option(help: "Bytes of memory; 0 for no limit.") var memory = 0
  @Option(help: "Seconds of processor time for each file; 0 for no limit.") var processorSeconds = 0
  @Flag(help: "Set by the worker itself, once it is shut in.") var confined = false
  @Option(parsing: .singleValue, help: "What the system doesn't offer for that.") var lacks: [String] = []

  func validate() throws {
    if model == nil, !identify { throw ValidationError("a worker that reads needs --model") }
  }

  func run() async throws {
    let surroundings = WorkerServer.Surroundings(
      limits: WorkerLimits(memory: memory, processorSeconds: processorSeconds), lacks: confined ? lacks : nil)
    guard let model, !identify else { throw ExitCode(await WorkerServer.identify(surroundings)) }
    throw ExitCode(
      await WorkerServer.run(
        model: URL(filePath: model), threads: threads, rehearsal: rehearse.map { URL(filePath: $0) },
        surroundings))
  }
}
