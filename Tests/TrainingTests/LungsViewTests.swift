import Archive
import Foundation
import MultiMix
import NeuralNetworks
import Tensors
import TestSupport
import Testing
import Training

/// Trainings whose classifier reads the lungs alone.
@Suite struct LungsViewTests {
  private func configuration() -> TrainingConfiguration {
    var configuration = TrainerTests().configuration()
    configuration.stages = [.init(size: 32, steps: 2)]
    configuration.labelledClassification = nil
    configuration.labelledSegmentation = nil
    configuration.view = .lungs
    return configuration
  }

  private func data(_ configuration: TrainingConfiguration) throws -> (ArchiveIndex, ImageCache, TrainingData)
  {
    let phantoms = try TrainerTests.phantoms.get()
    return (
      phantoms.index, phantoms.cache,
      TrainingData(index: phantoms.index, cache: phantoms.cache, configuration: configuration)
    )
  }

  /// Findings are shown as the box around the mask, masks as the whole picture, as without the view.
  @Test func findingsAreReadCloselyAndMasksWhole() throws {
    let configuration = configuration()
    let (index, cache, data) = try data(configuration)
    let found = data.findingLungs(by: [], margin: 0.06)
    var plain = configuration
    plain.view = .whole
    let (close, whole) = (
      found.batch(step: 0, size: 64, configuration: configuration),
      data.batch(step: 0, size: 64, configuration: plain)
    )
    #expect(close.segmentation.map(\.image) == whole.segmentation.map(\.image))
    #expect(close.segmentation.map(\.mask) == whole.segmentation.map(\.mask))
    #expect(close.classification.map(\.label) == whole.classification.map(\.label))
    #expect(zip(close.classification, whole.classification).allSatisfy { $0.image != $1.image })
    // What is shown, before it is varied, is the part of the picture that the mask takes up.
    let position = index.images.indices.first { cache.hasMask($0) }!
    let mask = try #require(cache.maskBytes(position))
    let box = try #require(LungBox(around: mask.map { $0 > 127 }, side: cache.size, margin: 0.06))
    let part = cache.part(position, size: 64, box: box.pixels(ofSide:))
    #expect(part.count == 64 * 64 && part.min() == 0 && part.max() == 1)
  }

  /// Budgets count: a mask that isn't learned from shows nobody where the lungs are.
  @Test func masksBeyondTheBudgetAreNotLookedAt() throws {
    var configuration = configuration()
    configuration.labelledSegmentation = 0
    configuration.system = .multimix
    let (_, _, data) = try data(configuration)
    var plain = configuration
    plain.view = .whole
    let found = data.findingLungs(by: [], margin: 0.06)
    var detail = configuration
    detail.lungBoxVariation = 0
    // The whole picture, stretched by its own grey levels: as near to the plain one as that allows.
    let close = found.batch(step: 0, size: 64, configuration: detail).classification
    let whole = data.batch(step: 0, size: 64, configuration: plain).classification
    for (one, other) in zip(close, whole) {
      let difference = zip(one.image, other.image).map { abs($0 - $1) }.reduce(0, +) / Float(64 * 64)
      #expect(difference < 0.05)
    }
  }

  /// The edges of the box move, within their bound, and nothing else is drawn otherwise.
  @Test func theBoxVaries() throws {
    var configuration = configuration()
    let (_, _, data) = try data(configuration)
    let found = data.findingLungs(by: [], margin: 0.06)
    let still = found.batch(step: 3, size: 64, configuration: configuration)
    configuration.lungBoxVariation = 0.1
    let moved = found.batch(step: 3, size: 64, configuration: configuration)
    #expect(moved.classification.map(\.label) == still.classification.map(\.label))
    #expect(zip(moved.classification, still.classification).contains { $0.image != $1.image })
    #expect(moved.segmentation.map(\.image) == still.segmentation.map(\.image))
  }

  @Test func theModelReadsTheLungs() async throws {
    let configuration = configuration()
    let (_, _, data) = try data(configuration)
    let output = try TestEnvironment.temporaryFolder()
    let trainer = try Trainer(
      configuration, data: data.findingLungs(by: [], margin: configuration.lungsMargin), output: output,
      threads: 2)
    let model = try Model(readingFrom: try await trainer.run(resume: false) { _ in })
    #expect(model.metadata.view == .lungs && model.metadata.lungsMargin == 0.06)
  }

  @Test func somebodyMustHaveLookedForTheLungs() throws {
    let configuration = configuration()
    let (_, _, data) = try data(configuration)
    #expect(throws: TrainingError.self) {
      try Trainer(configuration, data: data, output: FileManager.default.temporaryDirectory, threads: 1)
    }
  }

  /// A system without masks learns a reader for the model that finds the lungs, and leaves that as it is.
  @Test func aClassifierReadsWhatAnotherFinds() async throws {
    var configuration = configuration()
    let (_, _, all) = try data(configuration)
    let folder = try TestEnvironment.temporaryFolder()
    let finder = try Model(
      readingFrom: try await Trainer(
        configuration, data: all.findingLungs(by: [], margin: 0.06),
        output: folder.appending(path: "finder"), threads: 2
      ).run(resume: false) { _ in })
    configuration.system = .enc
    let (_, _, data) = try data(configuration)
    let looked = data.findingLungs(by: [Predictor(finder, threads: 1)], margin: 0.06)
    #expect(throws: TrainingError.self) {
      try Trainer(configuration, data: looked, output: folder, threads: 1)
    }
    let trainer = try Trainer(
      configuration, data: looked, output: folder.appending(path: "reader"), threads: 2, initial: finder)
    let model = try Model(readingFrom: try await trainer.run(resume: false) { _ in })
    #expect(model.parameters == finder.parameters && model.metadata.system == .multimix)
    let reader = try #require(model.reader)
    #expect(reader.values("lungs.encoder.fc.weight") != finder.parameters.values("encoder.fc.weight"))
    #expect(model.metadata.view == .lungs)
  }

  @Test func whatReadsNothingNeedsNoView() {
    var configuration = configuration()
    configuration.system = .unet
    #expect(configuration.problem != nil)
    configuration.system = .umtl
    #expect(configuration.problem == nil)
    configuration.lungsMargin = -1
    #expect(configuration.problem != nil)
    configuration.lungsMargin = 0.06
    configuration.lungBoxVariation = 0.5
    #expect(configuration.problem != nil)
  }
}
