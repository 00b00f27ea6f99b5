import ArgumentParser
import Daemon

/// `mmdicom receiver`: the process that takes objects in from the network. Started by `serve` only.
struct ReceiverCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "receiver", abstract: "Take objects in for another mmdicom.", shouldDisplay: false)

  @Option(help: "How, as JSON.") var settings: String
  @Option(help: "For what comes.") var folder: String
  @Option(help: "Bytes of memory; 0 for no limit.") var memory = 0
  @Flag(help: "Set by the receiver itself, once it is shut in.") var confined = false
  @Option(help: "The socket that it listens on.") var socket: Int32?
  @Option(parsing: .singleValue, help: "What the system doesn't offer for that.") var lacks: [String] = []

  func run() throws {
    let surroundings = ReceiverServer.Surroundings(
      memory: memory, socket: socket, lacks: confined ? lacks : nil)
    throw ExitCode(ReceiverServer.run(settings: settings, folder: folder, surroundings))
  }
}
