public import FoundationEssentials
import MultiMix

/// What a model file says of itself, for people and programs.
public struct ModelSummary: Sendable, Equatable, Codable {
  public let path: String
  public let name: String
  public let version: String
  /// SHA-256 of the file, hexadecimal.
  public let sha256: String
  /// Side of the network's input in pixels.
  public let inputSize: Int
  /// In the order of the class scores.
  public let classNames: [String]
  /// Pneumonia is reported from this calibrated probability on.
  public let decisionThreshold: Double
  /// The class scores are divided by it before the softmax.
  public let temperature: Double
  /// Between which probabilities it leaves the finding open, the upper end not among them; nil where nowhere.
  public let abstentionBand: [Double]?
  /// What the classifier reads, `whole` or `lungs`.
  public let inputGeometry: String
  /// Whether a picture without a pair of lungs gets no finding.
  public let lungGate: Bool
  /// Whether the mirror image is read too, and the two answers averaged.
  public let testTimeFlip: Bool
  /// Whom it may read, in years; nil where it doesn't say.
  public let ages: ClosedRange<Double>?
  /// Which of the paper's systems it is, that is which parts were trained.
  public let system: String
  /// Digest of the archive that it was trained on.
  public let trainingDataDigest: String
  /// In words: what it was trained on, how temperature and threshold were chosen, and its figures on the
  /// validation split; each empty where the file doesn't say.
  public let training, calibration, validation: String

  /// Loads the model at `url`.
  public init(ofFileAt url: URL) throws(ModelRefusal) {
    self.init(of: try Predictor.loading(url, threads: 1), at: url)
  }

  /// - Parameter url: where it was loaded from.
  init(of predictor: Predictor, at url: URL) {
    let metadata = predictor.metadata
    path = url.path
    name = metadata.name
    version = metadata.version
    sha256 = predictor.sha256
    inputSize = metadata.inputSize
    classNames = metadata.classNames
    decisionThreshold = metadata.decisionThreshold
    temperature = metadata.temperature
    abstentionBand = metadata.abstentionBand.map { [$0.lowerBound, $0.upperBound] }
    inputGeometry = metadata.view.rawValue
    lungGate = metadata.gatesLungs
    testTimeFlip = metadata.testTimeFlip
    ages = metadata.ages
    system = metadata.system.rawValue
    trainingDataDigest = metadata.trainingDataDigest
    training = metadata.training
    calibration = metadata.calibration
    validation = metadata.validation
  }

  /// One `key: value` a line.
  public var text: String {
    """
    file: \(path)
    name: \(name)
    version: \(version)
    sha256: \(sha256)
    input_size: \(inputSize)
    class_names: \(classNames.joined(separator: ", "))
    decision_threshold: \(decisionThreshold)
    temperature: \(temperature)
    abstention_band: \(abstentionBand.map { "\($0[0]) to \($0[1])" } ?? "none")
    input_geometry: \(inputGeometry)
    lung_gate: \(lungGate)
    test_time_flip: \(testTimeFlip)
    ages: \(ages.map { "\($0.lowerBound) to \($0.upperBound) years" } ?? "not stated")
    system: \(system)
    training_data_digest: \(trainingDataDigest)
    training: \(Self.line(training))
    calibration: \(Self.line(calibration))
    validation: \(Self.line(validation))

    """
  }

  private static func line(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  /// One JSON object.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  enum CodingKeys: String, CodingKey {
    case path, name, version, sha256, temperature, ages, system, training, calibration, validation
    case inputSize = "input_size"
    case classNames = "class_names"
    case decisionThreshold = "decision_threshold"
    case abstentionBand = "abstention_band"
    case inputGeometry = "input_geometry"
    case lungGate = "lung_gate"
    case testTimeFlip = "test_time_flip"
    case trainingDataDigest = "training_data_digest"
  }
}
