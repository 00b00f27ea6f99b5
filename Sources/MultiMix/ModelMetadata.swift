internal import Foundation

/// What a model file says of itself, in the `__metadata__` of the safetensors file. A missing entry takes its default,
/// so that a converted PyTorch checkpoint loads; one that is there must be valid.
///
/// | key | what it says | default |
/// |---|---|---|
/// | `name`, `version` | what people call it | the file's name, `unversioned` |
/// | `system` | which of the paper's systems: ``System`` | `multimix` |
/// | `widths` | channels of the encoder's blocks: ``Architecture`` | `16,32,64,128,256` |
/// | `input_size` | height and width that images are resized to | 256 |
/// | `class_names` | in the order of the class scores | `normal,pneumonia` |
/// | `decision_threshold`, `temperature` | how scores become a finding | 0.5, 1 |
/// | `abstention_band` | between which probabilities the finding is left open, `0.3,0.8` | none |
/// | `input_geometry` | what the classifier reads, `whole` or `lungs`: ``FindingsView`` | `whole` |
/// | `lungs_margin` | of the lungs' box, in shares of its sides | 0.06 |
/// | `lungs_weight` | of the lungs' scores in the mean with the whole picture's | 1 |
/// | `lung_gate` | whether a picture without a pair of lungs gets no finding: ``LungShape`` | `false` |
/// | `ages` | whom it may read, in years: `1-5` is from the first birthday to the day before the sixth | everybody |
/// | `test_time_flip` | whether the mirror image is read too | `false` |
/// | `training_data_digest` | SHA-256 of the archive's index | empty |
/// | `lanes` | how many lanes added its gradients: ``TrainingStep`` | unknown |
/// | `training`, `calibration`, `validation` | in words | empty |
public struct ModelMetadata: Sendable, Equatable {
  public var name: String
  public var version: String
  public var architecture: Architecture
  /// In the order of the class scores.
  public var classNames: [String]
  /// Pneumonia is reported where its probability is at least this.
  public var decisionThreshold: Double
  /// The class scores are divided by it before the softmax.
  public var temperature: Double
  /// Probabilities at which the finding is said to be uncertain, the upper end not among them; nil where none is.
  public var abstentionBand: Range<Double>?
  /// SHA-256 of the archive's index that it was trained on.
  public var trainingDataDigest: String
  /// Which parts of the network were trained, and whether the decoder sees the saliency.
  public var system = System.multimix
  /// How many lanes added up the gradients that it was trained with; nil where that isn't known.
  public var lanes: Int?
  /// What the classifier reads.
  public var view = FindingsView.whole
  /// Around the lungs where it reads them alone, in shares of their height and width.
  public var lungsMargin = FindingsView.defaultMargin
  /// What the scores of the lungs alone weigh where the classifier reads them; the rest is the whole picture's. At 1 that
  /// has no say.
  public var lungsWeight = 1.0
  /// Whether a picture in which it draws no pair of lungs gets no finding. Only for a model whose masks are good.
  public var gatesLungs = false
  /// Whom it may read, in whole or broken years; nil where it doesn't say.
  public var ages: ClosedRange<Double>?
  /// Whether the mirror image is read too, and the two answers averaged: twice the time.
  public var testTimeFlip = false
  /// In words: what it was trained on and for how long, how temperature and threshold were chosen, and its
  /// figures on the validation split; each empty where it is not known.
  public var training = ""
  public var calibration = ""
  public var validation = ""

  public init(
    name: String, version: String, inputSize: Int = 256, classNames: [String] = ["normal", "pneumonia"],
    decisionThreshold: Double = 0.5, temperature: Double = 1, trainingDataDigest: String = ""
  ) {
    self.name = name
    self.version = version
    architecture = Architecture(inputSize: inputSize)
    self.classNames = classNames
    self.decisionThreshold = decisionThreshold
    self.temperature = temperature
    self.trainingDataDigest = trainingDataDigest
  }

  /// Height and width that images are resized to.
  public var inputSize: Int { architecture.inputSize }

  /// Takes back what was chosen on answers that the model no longer gives.
  public mutating func forgetCalibration() {
    (temperature, decisionThreshold, abstentionBand) = (1, 0.5, nil)
    gatesLungs = false
    (calibration, validation) = ("", "")
  }

  /// Which of the two scores is that of pneumonia.
  package var pneumoniaIndex: Int { classNames.firstIndex(of: "pneumonia") ?? 1 }

  /// How much more the scores speak for pneumonia than for the other class, before the temperature.
  /// - Parameter scores: [2], in the order of ``classNames``.
  public func pneumoniaLogit(ofScores scores: [Float]) -> Double {
    Double(scores[pneumoniaIndex]) - Double(scores[1 - pneumoniaIndex])
  }

  /// The calibrated probability of pneumonia: softmax(scores / temperature).
  /// - Parameter logit: of ``pneumoniaLogit(ofScores:)``.
  public func pneumoniaProbability(ofLogit logit: Double) -> Double { 1 / (1 + exp(-logit / temperature)) }

  /// Whether the finding is left open at this calibrated probability.
  public func abstains(at probability: Double) -> Bool { abstentionBand?.contains(probability) ?? false }

  package var dictionary: [String: String] {
    var entries = [
      "format": "pt", "name": name, "version": version, "input_size": "\(inputSize)",
      "class_names": classNames.joined(separator: ","), "decision_threshold": "\(decisionThreshold)",
      "temperature": "\(temperature)", "training_data_digest": trainingDataDigest,
      "system": system.rawValue, "widths": architecture.widths.map(String.init).joined(separator: ","),
      "intended_use": "research use only, not for diagnosis",
    ]
    if let lanes { entries["lanes"] = "\(lanes)" }
    if view == .lungs {
      entries["input_geometry"] = view.rawValue
      entries["lungs_margin"] = "\(lungsMargin)"
      entries["lungs_weight"] = "\(lungsWeight)"
    }
    if let band = abstentionBand { entries["abstention_band"] = "\(band.lowerBound),\(band.upperBound)" }
    if gatesLungs { entries["lung_gate"] = "true" }
    if let ages { entries["ages"] = "\(ages.lowerBound)-\(ages.upperBound)" }
    if testTimeFlip { entries["test_time_flip"] = "true" }
    for (key, path) in Self.remarks where !self[keyPath: path].isEmpty {
      entries[key] = self[keyPath: path]
    }
    return entries
  }

  private static var remarks: [(key: String, path: WritableKeyPath<ModelMetadata, String>)] {
    [("training", \.training), ("calibration", \.calibration), ("validation", \.validation)]
  }

  /// - Parameter file: what to call a model without a name.
  init(_ dictionary: [String: String], file: String) throws(ModelError) {
    self.init(name: dictionary["name"] ?? file, version: dictionary["version"] ?? "unversioned")
    func number<Number: LosslessStringConvertible>(_ key: String, _ valid: (Number) -> Bool)
      throws(ModelError)
      -> Number?
    {
      guard let text = dictionary[key] else { return nil }
      guard let value = Number(text), valid(value) else { throw .invalidMetadata(file, "\(key) = \(text)") }
      return value
    }
    architecture = try Self.architecture(dictionary, file)
    decisionThreshold = try number("decision_threshold") { (0...1).contains($0) } ?? decisionThreshold
    temperature = try number("temperature") { (1e-3...1e3).contains($0) } ?? temperature
    lungsWeight = try number("lungs_weight") { (0...1).contains($0) } ?? lungsWeight
    gatesLungs = try number("lung_gate") { _ in true } ?? gatesLungs
    testTimeFlip = try number("test_time_flip") { _ in true } ?? testTimeFlip
    if let text = dictionary["abstention_band"] {
      let ends = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
      guard ends.count == 2, ends[0] >= 0, ends[0] < ends[1], ends[1] <= 1 else {
        throw .invalidMetadata(file, "abstention_band = \(text)")
      }
      abstentionBand = ends[0]..<ends[1]
    }
    lanes = try number("lanes") { $0 > 0 }
    if let text = dictionary["ages"] {
      let years = text.split(separator: "-", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
      guard years.count == 2, years[0] >= 0, years[0] <= years[1], years[1] < 1000 else {
        throw .invalidMetadata(file, "ages = \(text)")
      }
      ages = years[0]...years[1]
    }
    trainingDataDigest = dictionary["training_data_digest"] ?? ""
    if let name = dictionary["input_geometry"] {
      guard let view = FindingsView(rawValue: name) else {
        throw .invalidMetadata(file, "input_geometry = \(name)")
      }
      self.view = view
    }
    lungsMargin = try number("lungs_margin") { (0...1).contains($0) } ?? lungsMargin
    if let name = dictionary["system"] {
      guard let system = System(rawValue: name) else { throw .invalidMetadata(file, "system = \(name)") }
      self.system = system
    }
    guard view == .whole || system.segments else {
      throw .invalidMetadata(
        file, "a classifier that reads the lungs in a system that doesn't find them")
    }
    for (key, path) in Self.remarks { self[keyPath: path] = dictionary[key] ?? "" }
    if let names = dictionary["class_names"] {
      classNames = names.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard classNames.count == 2, classNames.contains("pneumonia") else {
        throw .invalidMetadata(file, "class_names = \(names)")
      }
    }
  }

  private static func architecture(_ dictionary: [String: String], _ file: String) throws(ModelError)
    -> Architecture
  {
    var architecture = Architecture()
    if let text = dictionary["widths"] {
      architecture.widths = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    }
    if let text = dictionary["input_size"] {
      guard let size = Int(text) else { throw .invalidMetadata(file, "input_size = \(text)") }
      architecture.inputSize = size
    }
    if let problem = architecture.problem { throw .invalidMetadata(file, problem) }
    return architecture
  }
}
