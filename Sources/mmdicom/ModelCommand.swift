import Analysis
import ArgumentParser
import FoundationEssentials

/// `mmdicom model`: looks at model files, and converts them.
struct ModelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Look at model files, and convert them.",
    subcommands: [InfoCommand.self, VerifyCommand.self, ExportCommand.self])
}

extension ModelCommand {
  /// `mmdicom model info`: what a model says of itself.
  struct InfoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "info", abstract: "Print what a model says of itself.")

    @Argument(help: ArgumentHelp("Model file; by default the one that analyze takes.", valueName: "file"))
    var file: String?

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() async throws {
      try await reportingFailure {
        let summary = try ModelSummary(ofFileAt: URL(filePath: try ModelLocation.here.find(file)))
        Terminal.result(json ? try summary.json() + "\n" : summary.text)
      }
    }
  }

  /// `mmdicom model verify`: whether a model can be used.
  struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify", abstract: "Load a model, run it once, and check what it says of itself.",
      discussion: """
        Weights and answers must be finite, the decision threshold between 0 and 1, and a MODEL-CARD.md in the \
        same folder must name the file's SHA-256. Exit status: 0 it can be used, 65 it can't, 66 it isn't there.
        """)

    @Argument(help: ArgumentHelp("Model file; by default the one that analyze takes.", valueName: "file"))
    var file: String?

    func run() async throws {
      try await reportingFailure {
        let path = try ModelLocation.here.find(file)
        let verification = try ModelVerification(ofFileAt: URL(filePath: path))
        let summary = verification.summary
        Terminal.result(
          "\(path): usable, \(summary.name) \(summary.version), SHA-256 \(summary.sha256); "
            + (verification.hasCard ? "its model card names it\n" : "no model card beside it\n"))
      }
    }
  }
}
