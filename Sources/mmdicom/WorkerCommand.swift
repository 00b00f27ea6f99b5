import ArgumentParser
import Daemon
import FoundationEssentials

/// `mmdicom worker`: the process in which files are decoded and read. Started by `serve` and `analyze` only.
struct WorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Decode and read files for another mmdicom.", shouldDisplay: false)

  @Option var model: String
  @Option var threads = 0

  func run() async throws {
    throw ExitCode(await WorkerServer.run(model: URL(filePath: model), threads: threads))
  }
}
