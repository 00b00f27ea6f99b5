import Foundation
import MultiMix
import NeuralNetworks
import TestSupport
import Testing

@Suite struct ModelMetadataTests {
  private func model(_ change: (inout ModelMetadata) -> Void) -> Model {
    var metadata = ModelMetadata(name: "n", version: "v")
    change(&metadata)
    return Model(metadata: metadata, parameters: Goldens.formulaWeights())
  }

  private func reading(_ bytes: Data) throws -> Model {
    let url = try TestEnvironment.temporaryFolder().appending(path: "model.safetensors")
    try bytes.write(to: url)
    return try Model(readingFrom: url)
  }

  @Test func everythingComesBack() throws {
    let model = model {
      $0.temperature = 1.234_567_890_123_456_7
      $0.decisionThreshold = 0.1 + 0.2
      $0.trainingDataDigest = "abc"
      $0.training = "10 steps; \"quoted\""
      $0.calibration = "ECE 0.1 -> 0.05"
      $0.validation = "Dice 0.9"
    }
    #expect(try reading(model.encoded(.float32)).metadata == model.metadata)
  }

  @Test func whatIsNotKnownIsNotWritten() throws {
    let keys = try Safetensors(model { _ in }.encoded(.float32)).metadata.keys
    for key in ["training", "calibration", "validation"] { #expect(!keys.contains(key)) }
  }

  /// As `safetensors.torch.save_file` writes a state_dict.
  @Test func aFileWithoutMetadataTakesTheDefaults() throws {
    var file = try Safetensors(model { _ in }.encoded(.float32))
    file.metadata = [:]
    let metadata = try reading(file.encoded()).metadata
    #expect(metadata.temperature == 1 && metadata.decisionThreshold == 0.5)
    #expect(metadata.training.isEmpty && metadata.calibration.isEmpty && metadata.validation.isEmpty)
  }

  @Test func probabilityFollowsTemperatureAndClassOrder() {
    var metadata = ModelMetadata(name: "n", version: "v", temperature: 2)
    let logit = metadata.pneumoniaLogit(ofScores: [0.5, 2.5])
    #expect(logit == 2)
    #expect(abs(metadata.pneumoniaProbability(ofLogit: logit) - exp(1.25) / (exp(0.25) + exp(1.25))) < 1e-15)
    metadata.classNames = ["pneumonia", "normal"]
    #expect(metadata.pneumoniaLogit(ofScores: [0.5, 2.5]) == -2)
    #expect(
      metadata.pneumoniaProbability(ofLogit: -1e4) == 0 && metadata.pneumoniaProbability(ofLogit: 1e4) == 1)
  }

  @Test func exactPrecision() throws {
    let model = model { _ in }
    #expect(model.exactPrecision == .float32)
    #expect(try reading(model.encoded(.float16)).exactPrecision == .float16)
  }
}
