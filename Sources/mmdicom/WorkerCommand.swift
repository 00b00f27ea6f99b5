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

  func validate() throws {
    if model == nil, !identify { throw ValidationError("a worker that reads needs --model") }
  }

  func run() async throws {
    guard let model, !identify else { throw ExitCode(await WorkerServer.identify()) }
    throw ExitCode(await WorkerServer.run(model: URL(filePath: model), threads: threads))
  }
}
