import Archive
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
  /// By age group; nil where no header tells the patient's age.
  let ages: [String: Evaluation.Figures]?
  let saliency: Evaluation.Figures.Saliency?
  /// Of the findings that the model doesn't leave open; nil where it leaves none open.
  let decided: Evaluation.Figures.Decided?
  /// The probabilities in between are left open.
  let abstentionBand: [Double]?
  /// What the masks of each source with masks are masks of, where it is known; nil where of none.
  let maskConventions: [String: MaskConvention]?
  /// Whether the masks of sources with visible lung fields were held against the model's drawing of those, rather than of
  /// whole lungs; nil where there are none.
  let visibleMeasuredAsSuch: Bool?
  /// In JSON it is `classification` and `segmentation`.
  private let all: Evaluation.Figures

  enum CodingKeys: String, CodingKey {
    case classification, segmentation, model, temperature, threshold, intervals, calibration, sources, ages
    case saliency, decided
    case abstentionBand = "abstention_band"
    case maskConventions = "mask_conventions"
    case visibleMeasuredAsSuch = "visible_measured_as_such"
    case modelSHA256 = "model_sha256"
    case inputSize = "input_size"
  }

  /// - Parameters:
  ///   - conventions: of the masks, by source.
  ///   - drawsVisible: whether the model draws visible lung fields, too.
  ///   - sha256: of the file with the evaluated temperature and threshold.
  init(
    _ evaluation: Evaluation, _ conventions: [String: MaskConvention], drawsVisible: Bool, sha256: String,
    calibration: String?
  ) {
    all = evaluation.figures()
    classification = all.classification
    segmentation = all.segmentation
    saliency = all.saliency
    decided = all.decided
    abstentionBand = evaluation.abstentionBand.map { [$0.lowerBound, $0.upperBound] }
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
    let segmented = Set(evaluation.segmented.map(\.image.source))
    let known = conventions.filter { segmented.contains($0.key) }
    maskConventions = known.isEmpty ? nil : known
    visibleMeasuredAsSuch = known.values.contains(.visible) ? drawsVisible : nil
    let groups = evaluation.ages
    ages =
      groups.isEmpty
      ? nil
      : Dictionary(
        uniqueKeysWithValues: groups.map { ($0?.rawValue ?? "unknown", evaluation.figures(age: $0)) })
  }

  /// The figures of each source folder by name, then of each age group, then those of all.
  var sets: [(name: String, figures: Evaluation.Figures)] {
    let single = sources.sorted { $0.key < $1.key }.map { (name: $0.key, figures: $0.value) }
    let groups = AgeGroup.allCases.map(\.rawValue) + ["unknown"]
    let byAge = groups.compactMap { group in ages?[group].map { (name: "age \(group)", figures: $0) } }
    return single + byAge + [(name: "all", figures: all)]
  }

  func json() throws -> String { try JSONDocument.pretty(self) }
}
