import Archive
import Foundation
import MultiMix
import NeuralNetworks
import Synchronization
import Tensors
import TestSupport
import Testing
import Training

/// The paper's systems: configurations of one network and one loop.
@Suite struct SystemTests {
  @Test func namesAreThePapers() {
    #expect(
      System.allCases.map(\.rawValue) == [
        "unet", "enc", "enc-ssl", "umtl", "umtl-s", "umtl-ssl", "umtl-s-ssl", "multimix",
      ])
    var configuration = TrainingConfiguration()
    configuration.system = .multimix
    #expect(configuration.trained == TrainingConfiguration())
  }

  @Test func someBridgeTheSaliency() {
    #expect(
      System.allCases.map(\.bridgesSaliency) == [false, false, false, false, true, false, true, true])
  }

  @Test(arguments: System.allCases) func configurations(system: System) throws {
    var configuration = TrainingConfiguration()
    configuration.objective.segmentation = 3
    var whole: TrainingConfiguration
    configuration.system = system
    configuration = configuration.trained
    #expect(configuration.problem == nil)
    let objective = configuration.objective
    #expect((objective.classification > 0) == system.classifies)
    #expect((configuration.batch.classification > 0) == system.classifies)
    #expect(objective.segmentation == (system.segments ? 3 : 0))
    #expect((configuration.batch.segmentation > 0) == system.segments)
    #expect((objective.pseudoLabel > 0) == system.parts.contains(.pseudoLabels))
    #expect((configuration.batch.unlabelled > 0) == system.parts.contains(.pseudoLabels))
    #expect((objective.consistency > 0) == system.parts.contains(.consistency))
    #expect((configuration.batch.segmentationUnlabelled > 0) == system.parts.contains(.consistency))
    let file = try JSONEncoder().encode(configuration)
    #expect(try TrainingConfiguration().changed(byJSON: file).trained == configuration)
    // Another system takes up again what this one had put away.
    configuration = try TrainingConfiguration().changed(byJSON: file)
    configuration.system = .multimix
    whole = TrainingConfiguration()
    whole.objective.segmentation = system.segments ? 3 : whole.objective.segmentation
    #expect(configuration == whole)
  }

  private func randomModel(_ system: System, seed: UInt64 = 9) -> Model {
    let parameters = Parameters<Float>(Architecture().layout)
    var generator = SplitMix64(seed)
    parameters.initialize(using: &generator)
    var metadata = ModelMetadata(name: "random", version: "1", inputSize: 64)
    metadata.system = system
    return Model(metadata: metadata, parameters: parameters)
  }

  private final class Losses: Sendable {
    let all = Mutex<[LossValues]>([])
    let figures = Mutex<Evaluation.Figures?>(nil)
  }

  @Test(arguments: System.allCases) func trainsItsPartsAndNoOthers(system: System) async throws {
    let phantoms = try TrainerTests.phantoms.get()
    var configuration = TrainerTests().configuration()
    configuration.stages = [.init(size: 32, steps: 2)]
    configuration.objective.tau = 0
    configuration.system = system
    let data = TrainingData(index: phantoms.index, cache: phantoms.cache, configuration: configuration)
    let initial = randomModel(system)
    let losses = Losses()
    let folder = try TestEnvironment.temporaryFolder()
    let file = try await Trainer(configuration, data: data, output: folder, threads: 2, initial: initial)
      .run(resume: false) { event in
        switch event {
        case .step(_, _, _, let terms): losses.all.withLock { $0.append(terms) }
        case .validation(_, let found, _): losses.figures.withLock { $0 = found }
        case .resumed: break
        }
      }
    for terms in losses.all.withLock({ $0 }) {
      #expect((terms.classification > 0) == system.classifies)
      #expect((terms.segmentation > 0) == system.segments)
      #expect((terms.pseudoLabel > 0) == system.parts.contains(.pseudoLabels))
      #expect((terms.consistency > 0) == system.parts.contains(.consistency))
    }
    let model = try Model(readingFrom: file)
    #expect(model.metadata.system == system)
    func changed(_ name: String) -> Bool {
      model.parameters.values(name) != initial.parameters.values(name)
    }
    #expect(changed("encoder.dconv_down1.0.weight"))
    for name in ["encoder.fc.weight", "encoder.fc.bias"] { #expect(changed(name) == system.classifies) }
    for entry in model.parameters.layout.entries where entry.name.hasPrefix("decoder.") {
      // A bias before an instance norm has no gradient.
      if entry.name.hasSuffix("weight") { #expect(changed(entry.name) == system.segments, "\(entry.name)") }
    }
    // Validation leaves out what the system never learned.
    let found = try #require(losses.figures.withLock { $0 })
    #expect((found.classification != nil) == system.classifies)
    #expect((found.segmentation != nil) == system.segments)
  }

  @Test func theModelSaysWhetherTheDecoderSeesTheSaliency() {
    var input = [Float](repeating: 0, count: 64 * 64)
    for i in input.indices { input[i] = Float((i % 64) * (i / 64)) / 4096 }
    func masks(_ system: System) -> (own: [Float], otherClassifier: [Float], saliency: [Float]) {
      let model = randomModel(system)
      let own = Predictor(model, threads: 1).predict(input)
      let changed = Parameters(model.parameters)
      let weight = changed["encoder.fc.weight"]
      for i in 0..<weight.count { weight[i] *= 3 }
      let other = Predictor(Model(metadata: model.metadata, parameters: changed), threads: 1).predict(input)
      return (own.maskLogits, other.maskLogits, own.saliency)
    }
    let bridged = masks(.umtlS)
    let plain = masks(.umtl)
    #expect(bridged.own != bridged.otherClassifier)
    #expect(plain.own == plain.otherClassifier)
    #expect(bridged.own != plain.own)
    // Readers see where the finding came from either way.
    #expect(bridged.saliency == plain.saliency && plain.saliency.contains { $0 > 0 })
  }

  @Test func anUnknownSystemIsRefused() throws {
    let file = try TestEnvironment.temporaryFolder().appending(path: "model.safetensors")
    var text = randomModel(.encSSL).encoded(.float32)
    try text.write(to: file)
    #expect(try Model(readingFrom: file).metadata.system == .encSSL)
    let range = try #require(text.range(of: Data(#""enc-ssl""#.utf8)))
    text.replaceSubrange(range, with: Data(#""enc-xyz""#.utf8))
    try text.write(to: file)
    #expect(throws: ModelError.invalidMetadata("model.safetensors", "system = enc-xyz")) {
      try Model(readingFrom: file)
    }
  }
}
