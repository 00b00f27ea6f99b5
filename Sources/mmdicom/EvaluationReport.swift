internal import EvaluationMetrics
import FoundationEssentials
import MultiMix
import Training

/// The result of `mmdicom evaluate`: one JSON document.
struct EvaluationReport: Encodable {
  /// How the intervals were drawn.
  struct Intervals: Encodable {
    let level = Bootstrap.level
    let resamples: Int
    let seed: UInt64
    let unit = "patient"
  }

  let classification: ClassificationMetrics?
  let segmentation: Evaluation.Figures.Segmentation?
  let model: String
  let modelSHA256: String
  let temperature: Double
  let threshold: Double
  /// Side in pixels of the images that the model was given.
  let inputSize: Int
  let intervals: Intervals
  /// How temperature and threshold came about; nil where they weren't changed.
  let calibration: String?
  let sources: [String: Evaluation.Figures]
  /// In JSON it is `classification` and `segmentation`.
  private let all: Evaluation.Figures

  enum CodingKeys: String, CodingKey {
    case classification, segmentation, model, temperature, threshold, intervals, calibration, sources
    case modelSHA256 = "model_sha256"
    case inputSize = "input_size"
  }

  /// - Parameter sha256: of the file with the evaluated temperature and threshold.
  init(_ evaluation: Evaluation, sha256: String, calibration: String?) {
    all = evaluation.figures()
    classification = all.classification
    segmentation = all.segmentation
    model = "\(evaluation.metadata.name) \(evaluation.metadata.version)"
    modelSHA256 = sha256
    temperature = evaluation.metadata.temperature
    threshold = evaluation.threshold
    inputSize = evaluation.metadata.inputSize
    let bootstrap = Bootstrap(patients: [])
    intervals = Intervals(resamples: bootstrap.resamples, seed: bootstrap.seed)
    self.calibration = calibration
    sources = Dictionary(
      uniqueKeysWithValues: evaluation.sources.map { ($0, evaluation.figures(source: $0)) })
  }

  /// The figures of each source folder by name, then those of all.
  var sets: [(name: String, figures: Evaluation.Figures)] {
    let single = sources.sorted { $0.key < $1.key }.map { (name: $0.key, figures: $0.value) }
    return single + [(name: "all", figures: all)]
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }
}
