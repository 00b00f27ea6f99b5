internal import Files
public import Foundation
public import NeuralNetworks
public import Tensors

/// What a model file says of itself.
public struct ModelMetadata: Sendable, Equatable {
  public var name: String
  public var version: String
  /// Height and width that images are resized to.
  public var inputSize: Int
  /// In the order of the class scores.
  public var classNames: [String]
  /// Pneumonia is reported where its probability is at least this.
  public var decisionThreshold: Double
  /// The class scores are divided by it before the softmax.
  public var temperature: Double
  /// SHA-256 of the archive's index that it was trained on.
  public var trainingDataDigest: String
  /// Which parts of the network were trained, and whether the decoder sees the saliency.
  public var system = System.multimix
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
    self.inputSize = inputSize
    self.classNames = classNames
    self.decisionThreshold = decisionThreshold
    self.temperature = temperature
    self.trainingDataDigest = trainingDataDigest
  }

  /// Takes back what was chosen on answers that the model no longer gives.
  public mutating func forgetCalibration() {
    (temperature, decisionThreshold) = (1, 0.5)
    (calibration, validation) = ("", "")
  }

  /// Which of the two scores is that of pneumonia.
  var pneumoniaIndex: Int { classNames.firstIndex(of: "pneumonia") ?? 1 }

  /// How much more the scores speak for pneumonia than for the other class, before the temperature.
  /// - Parameter scores: [2], in the order of ``classNames``.
  public func pneumoniaLogit(ofScores scores: [Float]) -> Double {
    Double(scores[pneumoniaIndex]) - Double(scores[1 - pneumoniaIndex])
  }

  /// The calibrated probability of pneumonia: softmax(scores / temperature).
  /// - Parameter logit: of ``pneumoniaLogit(ofScores:)``.
  public func pneumoniaProbability(ofLogit logit: Double) -> Double { 1 / (1 + exp(-logit / temperature)) }

  var dictionary: [String: String] {
    var entries = [
      "format": "pt", "name": name, "version": version, "input_size": "\(inputSize)",
      "class_names": classNames.joined(separator: ","), "decision_threshold": "\(decisionThreshold)",
      "temperature": "\(temperature)", "training_data_digest": trainingDataDigest,
      "system": system.rawValue,
      "intended_use": "research use only, not for diagnosis",
    ]
    if testTimeFlip { entries["test_time_flip"] = "true" }
    for (key, path) in Self.remarks where !self[keyPath: path].isEmpty {
      entries[key] = self[keyPath: path]
    }
    return entries
  }

  private static var remarks: [(key: String, path: WritableKeyPath<ModelMetadata, String>)] {
    [("training", \.training), ("calibration", \.calibration), ("validation", \.validation)]
  }

  /// Missing entries take their defaults, so that a converted PyTorch checkpoint loads; present ones must be
  /// valid.
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
    inputSize = try number("input_size") { $0 >= 32 && $0 <= 4096 && $0 % 32 == 0 } ?? inputSize
    decisionThreshold = try number("decision_threshold") { (0...1).contains($0) } ?? decisionThreshold
    temperature = try number("temperature") { (1e-3...1e3).contains($0) } ?? temperature
    testTimeFlip = try number("test_time_flip") { _ in true } ?? testTimeFlip
    trainingDataDigest = dictionary["training_data_digest"] ?? ""
    if let name = dictionary["system"] {
      guard let system = System(rawValue: name) else { throw .invalidMetadata(file, "system = \(name)") }
      self.system = system
    }
    for (key, path) in Self.remarks { self[keyPath: path] = dictionary[key] ?? "" }
    if let names = dictionary["class_names"] {
      classNames = names.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard classNames.count == 2, classNames.contains("pneumonia") else {
        throw .invalidMetadata(file, "class_names = \(names)")
      }
    }
  }
}

/// A network with its weights, as read from a safetensors file.
public struct Model: Sendable {
  public var metadata: ModelMetadata
  public let parameters: Parameters<Float>
  /// Of the file, in hexadecimal; nil for a model that was not read from one.
  public let sha256: String?

  public init(metadata: ModelMetadata, parameters: Parameters<Float>) {
    self.metadata = metadata
    self.parameters = parameters
    sha256 = nil
  }

  /// - Throws: `ModelError`, naming the file and what is wrong with it.
  public init(readingFrom url: URL) throws(ModelError) {
    let file = url.lastPathComponent
    let data: Data
    do { data = try Data(contentsOf: url) } catch {
      throw FileManager.default.fileExists(atPath: url.path) ? .unreadable(url.path) : .missing(url.path)
    }
    let contents: Safetensors
    do { contents = try Safetensors(data) } catch { throw .corrupt(url.path, "\(error)") }
    metadata = try ModelMetadata(contents.metadata, file: file)
    let layout = MultiMix<Float>.layout
    parameters = Parameters(layout)
    for entry in layout.entries {
      guard let array = contents.arrays[entry.name] else { throw .missingParameter(url.path, entry.name) }
      guard array.shape == entry.shape else {
        throw .shape(url.path, entry.name, expected: entry.shape, found: array.shape)
      }
      guard array.values.allSatisfy(\.isFinite) else {
        throw .corrupt(url.path, "\(entry.name) holds a value that is not finite")
      }
      let slice = parameters[entry.name]
      for (i, value) in array.values.enumerated() { slice[i] = value }
    }
    // The published module has a layer that it never uses.
    for name in contents.arrays.keys
    where layout.entry(name) == nil && !name.hasPrefix("decoder.conv_last_saliency.") {
      throw .unknownParameter(url.path, name)
    }
    sha256 = ContentDigest(of: data).description
  }

  /// float16 where that keeps every weight, as in a model that was exported so.
  public var exactPrecision: Safetensors.Precision {
    let isHalf = parameters.layout.entries.allSatisfy { entry in
      parameters.values(entry.name).allSatisfy { Float(Float16($0)) == $0 }
    }
    return isHalf ? .float16 : .float32
  }

  /// The model as a safetensors file's bytes.
  public func encoded(_ precision: Safetensors.Precision) -> Data {
    var file = Safetensors(metadata: metadata.dictionary)
    for entry in parameters.layout.entries {
      file.arrays[entry.name] = .init(shape: entry.shape, values: parameters.values(entry.name))
    }
    return file.encoded(precision)
  }
}

/// Why a model file can't be used.
public enum ModelError: Error, Equatable, CustomStringConvertible {
  case missing(String)
  case unreadable(String)
  case corrupt(String, String)
  case missingParameter(String, String)
  case unknownParameter(String, String)
  case shape(String, String, expected: [Int], found: [Int])
  case invalidMetadata(String, String)

  public var description: String {
    switch self {
    case .missing(let path): "\(path): no such model file"
    case .unreadable(let path): "\(path): the model file can't be read"
    case .corrupt(let path, let what): "\(path): \(what)"
    case .missingParameter(let path, let name): "\(path): not a MultiMix model: \(name) is missing"
    case .unknownParameter(let path, let name): "\(path): not a MultiMix model: unexpected \(name)"
    case .shape(let path, let name, let expected, let found):
      "\(path): not a MultiMix model: \(name) has shape \(found), expected \(expected)"
    case .invalidMetadata(let path, let what): "\(path): invalid metadata: \(what)"
    }
  }
}
