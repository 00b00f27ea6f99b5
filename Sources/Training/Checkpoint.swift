internal import Archive
internal import Foundation
internal import MultiMix
internal import NeuralNetworks
internal import Tensors

/// The state of a training after a number of steps, in one safetensors file.
struct Checkpoint {
  var step: Int
  var bestScore: Double

  /// What a training must have in common with the one that it goes on from, to go through the same losses.
  struct Origin: Equatable {
    /// As trained; the number of lanes is a part of it.
    var configuration: TrainingConfiguration
    var archive: String
    var kernels: String

    /// - Throws: nothing that a configuration can bring about.
    func metadata() throws -> [String: String] {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      return [
        "configuration": String(decoding: try encoder.encode(configuration), as: UTF8.self),
        "archive": archive, "revision": "\(Trainer.revision)", "kernels": kernels,
      ]
    }

    /// What else a checkpoint was made with, and what would go on from it; nil where nothing differs. A configuration
    /// that an older version wrote lacks keys, which had their defaults.
    func difference(from metadata: [String: String]) -> String? {
      let stored = metadata["configuration"].map { Data($0.utf8) } ?? Data()
      // Older versions wrote none.
      let revision = metadata["revision"].flatMap { Int($0) } ?? 0
      if revision != Trainer.revision {
        return revision < Trainer.revision
          ? "an older version, which drew or added in another way" : "a newer version"
      }
      if (try? TrainingConfiguration().changed(byJSON: stored))?.trained != configuration {
        return "other options: repeat them, or name its configuration.json with --config"
      }
      if metadata["archive"] != archive { return "another archive" }
      return metadata["kernels"] == kernels ? nil : "other kernels, on another kind of processor"
    }
  }

  /// Writes under a temporary name, then renames: a full disk or a crash keeps the last good one.
  func write(_ state: TrainingState, origin: Origin, to url: URL) throws(TrainingError) {
    var file = Safetensors()
    for (prefix, values) in state.parts {
      for entry in values.layout.entries {
        file.arrays[prefix + entry.name] = .init(shape: entry.shape, values: values.values(entry.name))
      }
    }
    do { file.metadata = try origin.metadata().merging(state.metadata) { own, _ in own } } catch {
      throw .cannotWrite("\(url.path): \(error)")
    }
    file.metadata["step"] = "\(step)"
    file.metadata["selection_score"] = "\(bestScore)"
    try TrainingError.write(file.encoded(), to: url)
  }

  /// Reads a checkpoint into `state`.
  /// - Parameter url: where it was read, for messages.
  /// - Throws: `TrainingError.checkpoint` where the file is damaged or of another configuration.
  init(_ content: Data, of url: URL, origin: Origin, into state: inout TrainingState) throws(TrainingError) {
    let file: Safetensors
    do { file = try Safetensors(content) } catch {
      throw .checkpoint(url.path, "\(error)")
    }
    guard let step = file.metadata["step"].flatMap({ Int($0) }) else {
      throw .checkpoint(url.path, "no step number, so it is no checkpoint")
    }
    if let difference = origin.difference(from: file.metadata) {
      throw .checkpoint(url.path, "was made with \(difference); or train anew with another --output")
    }
    for (prefix, values) in state.parts {
      for entry in values.layout.entries {
        guard let array = file.arrays[prefix + entry.name], array.shape == entry.shape else {
          throw .checkpoint(url.path, "\(prefix + entry.name) is missing or has another shape")
        }
        let slice = values[entry.name]
        for (i, value) in array.values.enumerated() { slice[i] = value }
      }
    }
    guard state.restore(file.metadata) else {
      throw .checkpoint(url.path, "its thresholds are missing or damaged")
    }
    self.step = step
    bestScore = file.metadata["selection_score"].flatMap { Double($0) } ?? -.infinity
  }

  init(step: Int, bestScore: Double) {
    self.step = step
    self.bestScore = bestScore
  }
}
