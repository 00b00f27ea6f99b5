import Foundation
import MultiMix
import NeuralNetworks
import Tensors
import TestSupport
import Testing

/// Networks of other forms than the paper's, and the model files that carry them.
@Suite struct ArchitectureTests {
  private static let small = Architecture(widths: [16, 48, 32], inputSize: 40)

  private func weights<Element: Scalar>(_ architecture: Architecture) -> Parameters<Element> {
    let parameters = Parameters<Element>(architecture.layout)
    for i in 0..<parameters.layout.count {
      let noise = Double(Goldens.lowbias32(UInt32(i) + 1)) / 4_294_967_296
      MemorySlice(parameters.memory, i..<i + 1)[0] = Element(0.3 * (noise - 0.5))
    }
    return parameters
  }

  private func model(_ architecture: Architecture) -> Model {
    var metadata = ModelMetadata(name: "small", version: "1")
    metadata.architecture = architecture
    metadata.lanes = 8
    return Model(metadata: metadata, parameters: weights(architecture))
  }

  private func read(_ file: Safetensors) throws -> Model {
    let url = try TestEnvironment.temporaryFolder().appending(path: "model.safetensors")
    try file.encoded().write(to: url)
    return try Model(readingFrom: url)
  }

  @Test func thePapersIsTheDefault() {
    let layout = Architecture().layout
    #expect(layout.count == 1_965_155 && layout.entries.count == 40)
    #expect(layout.entry("decoder.dconv_up4.0.weight")?.shape == [128, 386, 3, 3])
    #expect(layout.entry("encoder.fc.weight")?.shape == [2, 256])
    #expect(Architecture().stride == 32 && Architecture().problem == nil)
  }

  /// The file says what it is; the network of that form answers.
  @Test func aModelOfOtherWidthsLoadsAndRuns() throws {
    let model = model(Self.small)
    let file = try Safetensors(model.encoded(.float32))
    #expect(file.metadata["widths"] == "16,48,32" && file.metadata["input_size"] == "40")
    #expect(file.metadata["lanes"] == "8")
    let loaded = try read(file)
    #expect(loaded.metadata == model.metadata && loaded.parameters == model.parameters)
    let image = (0..<1600).map { Float($0 % 37) / 37 }
    let answer = Predictor(loaded, threads: 2).predict(image)
    #expect(answer.maskLogits.count == 1600 && answer.maskLogits.allSatisfy(\.isFinite))
    #expect(Set(answer.maskLogits).count > 100 && answer.saliency.contains { $0 > 0 })
    #expect(answer.maskLogits == Predictor(model, threads: 1).predict(image).maskLogits)
  }

  /// As all files were before they said so.
  @Test func withoutWidthsItIsThePapers() throws {
    var file = try Safetensors(
      Model(
        metadata: ModelMetadata(name: "n", version: "v"),
        parameters: Goldens.formulaWeights() as Parameters<Float>
      )
      .encoded(.float32))
    file.metadata["widths"] = nil
    file.metadata["lanes"] = nil
    let metadata = try read(file).metadata
    #expect(metadata.architecture == Architecture() && metadata.lanes == nil)
  }

  @Test(
    arguments: [
      ("widths", "16,48,x"), ("widths", "16"), ("widths", "16,40,32"), ("widths", ""),
      ("widths", "16,1024,1024"),
      ("input_size", "41"), ("input_size", "0"), ("input_size", "8192"), ("lanes", "0"),
    ])
  func whatCannotBeBuiltIsRefused(key: String, text: String) throws {
    var file = try Safetensors(model(Self.small).encoded(.float32))
    file.metadata[key] = text
    #expect {
      try read(file)
    } throws: { error in
      guard case .invalidMetadata? = error as? ModelError else { return false }
      return true
    }
  }

  @Test func otherWidthsThanTheWeightsAreRefused() throws {
    var file = try Safetensors(model(Self.small).encoded(.float32))
    file.metadata["widths"] = "16,32,32"
    #expect(throws: ModelError.self) { try read(file) }
  }

  /// Along a random direction through all parameters, without saliency and pseudo-labels, which the gradient takes as
  /// they are.
  @Test func itsGradientIsThatOfItsLoss() throws {
    let parameters: Parameters<Double> = weights(Self.small)
    let step = TrainingStep(
      MultiMixNetwork(parameters, Self.small, bridgesSaliency: false), size: 16, threads: 2, lanes: 4)
    func image(_ n: Int) -> [Double] { Array(PlainObjective.image(n).prefix(256)) }
    var batch = Batch<Double>(size: 16)
    batch.segmentation = (0..<2).map { (image($0), image($0 + 20).map { $0 > 0.5 ? 1 : 0 }) }
    batch.segmentationUnlabelled = [image(2), image(3)]
    batch.classification = [(image(4), 0), (image(5), 1)]
    var objective = Objective()
    objective.consistency = 2
    let gradient = Parameters<Double>(parameters.layout)
    func loss() throws -> Double {
      try step.run(batch, objective: objective, seed: 5, gradient: gradient).total
    }
    _ = try loss()
    let base = parameters.memory.values
    let direction = base.indices.map { Double(Goldens.lowbias32(UInt32($0) + 9)) / 4_294_967_296 - 0.5 }
    let analytic = zip(direction, gradient.memory.values).reduce(0) { $0 + $1.0 * $1.1 }
    func loss(at t: Double) throws -> Double {
      parameters.memory.values = zip(base, direction).map { $0 + t * $1 }
      return try loss()
    }
    let numeric = try (loss(at: 1e-6) - loss(at: -1e-6)) / 2e-6
    #expect(abs(analytic) > 1e-3)
    #expect(abs(numeric - analytic) < 1e-5 * abs(analytic), "\(numeric), \(analytic)")
  }

  /// Training goes on with the weights that a model was made of; the model stays as it was.
  @Test func aModelIsAValue() {
    let weights: Parameters<Float> = weights(Self.small)
    var metadata = ModelMetadata(name: "n", version: "v")
    metadata.architecture = Self.small
    let model = Model(metadata: metadata, parameters: weights)
    let bytes = model.encoded(.float32)
    weights.memory.fill(1)
    #expect(model.encoded(.float32) == bytes && model.parameters.all.contains { $0 != 1 })
    let copy = Parameters(model.parameters)
    copy.memory.fill(2)
    #expect(model.encoded(.float32) == bytes)
  }
}
