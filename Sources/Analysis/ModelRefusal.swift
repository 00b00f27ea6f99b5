import FoundationEssentials
import MultiMix

/// Why a model file can't be used.
public struct ModelRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  /// There is no such file.
  public let isMissing: Bool
  /// One line that names the file.
  public let description: String
}

extension Predictor {
  /// Loads a model; a refusal names the file and says whether it is missing or wrong.
  static func loading(_ url: URL, threads: Int, alone: Int? = nil) throws(ModelRefusal) -> Predictor {
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw ModelRefusal(isMissing: true, description: "\(url.path): no such model file")
    }
    do { return try Predictor(modelAt: url, threads: threads, alone: alone) } catch {
      let message = "\(error)"
      throw ModelRefusal(
        isMissing: false, description: message.contains(url.path) ? message : "\(url.path): \(message)")
    }
  }
}
