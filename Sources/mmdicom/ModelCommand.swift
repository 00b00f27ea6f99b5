import Analysis
import ArgumentParser
import FoundationEssentials
import MultiMix
import NeuralNetworks

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

  /// `mmdicom model export`: a model for release, under its own name and in half the space.
  struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "export", abstract: "Write a model anew: other precision, name, version or reading.")

    enum Precision: String, CaseIterable, ExpressibleByArgument {
      case float16, float32
    }

    @Argument(help: ArgumentHelp("Model file.", valueName: "file"))
    var file: String

    @Option(help: ArgumentHelp("The file to write.", valueName: "file"))
    var output: String

    @Option(help: "Of the weights in the file; the network computes in float32.")
    var precision = Precision.float32

    @Option(help: "The model's name.")
    var name: String?

    @Option(help: ArgumentHelp("The model's version.", valueName: "text"))
    var modelVersion: String?

    @Flag(
      inversion: .prefixedNo,
      help: "Whether the model reads each image's mirror image too and averages the answers.")
    var testTimeFlip: Bool?

    func run() async throws {
      try await reportingFailure {
        var model = try ModelOption.load(URL(filePath: try ModelLocation.here.find(file)))
        model.metadata.name = name ?? model.metadata.name
        model.metadata.version = modelVersion ?? model.metadata.version
        model.metadata.testTimeFlip = testTimeFlip ?? model.metadata.testTimeFlip
        let bytes = model.encoded(precision == .float16 ? .float16 : .float32)
        do { try bytes.write(to: URL(filePath: output), options: .atomic) } catch {
          throw CommandFailure(.cannotCreate, "\(output): can't be written")
        }
        Terminal.result("\(output): \(model.metadata.name) \(model.metadata.version), \(bytes.count) bytes\n")
      }
    }
  }
}
