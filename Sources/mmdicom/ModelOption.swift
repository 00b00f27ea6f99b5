import ArgumentParser
import Foundation
import MultiMix

/// Which model a command uses.
struct ModelOption: ParsableArguments {
  @Option(
    name: .customLong("model"),
    help: "A model in safetensors format; by default $MMDICOM_MODEL, then the installed one, then samples/.",
    completion: .file(extensions: ["safetensors"]))
  var path: String?

  /// - Throws: `CommandFailure`: 66 where it's missing, 65 where it can't be used.
  func load() throws -> Model { try Self.load(resolve()) }

  /// The model in a file.
  /// - Throws: as above.
  static func load(_ url: URL) throws -> Model {
    do { return try Model(readingFrom: url) } catch {
      if case .missing = error { throw CommandFailure(.noInput, "\(error)") }
      throw CommandFailure(.badData, "\(error)")
    }
  }

  /// Where the model is looked for: ``ModelLocation``.
  func resolve() throws -> URL { URL(filePath: try ModelLocation.here.find(path)) }
}
