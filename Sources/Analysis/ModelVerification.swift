public import FoundationEssentials
import MultiMix

/// A model file that may be used: what loading alone doesn't find out has been checked.
public struct ModelVerification: Sendable, Equatable {
  public let summary: ModelSummary
  /// Whether there is a model card beside the file; it names the file's SHA-256.
  public let hasCard: Bool

  static let cardName = "MODEL-CARD.md"

  /// Loads the model (which refuses weights that aren't finite), judges temperature and threshold, runs the
  /// network once on a ramp from black to white, and reads the model card in the same folder.
  /// - Throws: `ModelRefusal` with the first thing that is wrong.
  public init(ofFileAt url: URL) throws(ModelRefusal) {
    func refusal(_ what: String) -> ModelRefusal {
      ModelRefusal(isMissing: false, description: "\(url.path): \(what)")
    }
    let predictor = try Predictor.loading(url, threads: 1)
    summary = ModelSummary(of: predictor, at: url)
    // At 0 or 1 every image, or none, is called pneumonia.
    guard summary.decisionThreshold > 0, summary.decisionThreshold < 1 else {
      throw refusal("decision threshold \(summary.decisionThreshold), which must lie between 0 and 1")
    }
    if let problem = Self.problem(of: predictor) { throw refusal(problem) }

    let card = url.deletingLastPathComponent().appending(path: Self.cardName)
    hasCard = FileManager.default.fileExists(atPath: card.path)
    guard hasCard else { return }
    guard let text = try? String(contentsOf: card, encoding: .utf8) else {
      throw refusal("\(Self.cardName) beside it can't be read")
    }
    guard text.lowercased().contains(summary.sha256) else {
      throw refusal("\(Self.cardName) beside it is another model's: it doesn't name \(summary.sha256)")
    }
  }

  private static func problem(of predictor: Predictor) -> String? {
    let pixels = predictor.metadata.inputSize * predictor.metadata.inputSize
    let prediction = predictor.predict((0..<pixels).map { Float($0) / Float(pixels) })
    let outputs = [prediction.classLogits, prediction.maskLogits, prediction.saliency]
    guard outputs.map(\.count) == [2, pixels, pixels] else { return "outputs of the wrong size" }
    guard outputs.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
      return "the network's answer isn't finite"
    }
    return nil
  }
}
