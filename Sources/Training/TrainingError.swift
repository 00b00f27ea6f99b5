internal import Files
package import Foundation

/// Why a training can't begin or go on.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  case configuration(String)
  case nothingToTrainOn(String)
  case checkpoint(String, String)
  case diverged(step: Int, images: [String])
  /// The model after a step gives validation images no number.
  case unreadable(step: Int, images: [String])
  case cannotWrite(String)
  /// What all ranks should have alike, and which hasn't.
  case ranksDiffer(RankTrait, String)
  /// The weights of some ranks, after a step, aren't those of rank 0.
  case ranksApart(step: Int, ranks: [Int])

  /// Whether every rank of a training meets it at the same place, so that one may say it for all; the others meet
  /// one rank alone.
  public var isOfAllRanks: Bool {
    switch self {
    case .diverged, .unreadable, .ranksDiffer, .ranksApart: true
    case .configuration, .nothingToTrainOn, .checkpoint, .cannotWrite: false
    }
  }

  public var description: String {
    switch self {
    case .configuration(let what): "invalid training configuration: \(what)"
    case .nothingToTrainOn(let what): "nothing to train on: \(what)"
    case .checkpoint(let path, let what): "\(path): \(what)"
    case .diverged(let step, let images):
      "the loss or gradient of step \(step) is not finite; its images: \(images.joined(separator: ", "))"
    case .unreadable(let step, let images):
      "after step \(step) the model's answers to validation images are not finite: "
        + images.joined(separator: ", ")
    case .cannotWrite(let what): "can't write: \(what)"
    case .ranksDiffer(_, let what): what
    case .ranksApart(let step, let ranks):
      "after step \(step) the weights of rank \(ranks.map(String.init).joined(separator: ", ")) are not those of rank "
        + "0, though all computed the same: look for a broken memory or processor on its host; the last checkpoint is "
        + "good: go on with --resume"
    }
  }

  /// Writes a whole file; when that fails, the one of that name before it stays as it was.
  package static func write(_ data: Data, to url: URL) throws(TrainingError) {
    do { try DurableFile.write(data, to: url) } catch { throw .cannotWrite("\(error.path): \(error.reason)") }
  }

  /// Runs `body`, which writes to `url`.
  package static func writing<Result>(_ url: URL, _ body: () throws -> Result) throws(TrainingError) -> Result
  {
    do { return try body() } catch { throw .cannotWrite("\(url.path): \(error.localizedDescription)") }
  }
}
