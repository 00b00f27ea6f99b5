import ArgumentParser
import Daemon
import Foundation

/// `mmdicom join`: one folder of results of those of several tasks.
struct JoinCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "join", abstract: "Join what analyze --shard wrote into one folder with one report.",
    discussion: """
      Refuses (65) while a shard is missing or not at its end, and names it. Exit status 1: images that two shards hold, \
      of which the first result is taken; each is named, and the others stay in folders repeated-K-of-N.
      """)

  @Argument(help: ArgumentHelp("The --output of analyze --shard.", valueName: "folder"))
  var folder: String

  func run() async throws {
    try await reportingFailure {
      let output = URL(filePath: folder, directoryHint: .isDirectory)
      let join = try ShardJoin(output)
      for name in join.repeated {
        Terminal.complain(
          "\(name): in several shards: the first result is taken, the others stay in repeated-...")
      }
      print(output.appending(path: "report.csv").path)
      guard join.repeated.isEmpty else { throw ExitCode.someInputsFailed }
    }
  }
}
