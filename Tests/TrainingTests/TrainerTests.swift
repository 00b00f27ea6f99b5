import Archive
import Foundation
import MultiMix
import NeuralNetworks
import Phantoms
import Synchronization
import Tensors
import TestSupport
import Testing
import Training

/// Trainings on phantoms, small enough for a test.
@Suite struct TrainerTests {
  struct Phantoms {
    let index: ArchiveIndex
    let cache: ImageCache
  }

  static let phantoms = Result {
    let folder = try TestEnvironment.temporaryFolder()
    let archive = folder.appending(path: "archive")
    try PhantomArchive.write(count: 16, size: 96, seed: 3, to: archive)
    let index = try ArchiveIndex(scanning: archive).assigningSplits(validation: 0.25, seed: 1)
    return Phantoms(
      index: index, cache: try ImageCache(for: index, root: archive, at: folder.appending(path: "cache")))
  }

  func configuration() -> TrainingConfiguration {
    var configuration = TrainingConfiguration()
    configuration.stages = [.init(size: 32, steps: 4), .init(size: 64, steps: 2)]
    configuration.batch.segmentation = 2
    configuration.batch.segmentationUnlabelled = 2
    configuration.batch.classification = 2
    configuration.batch.unlabelled = 2
    configuration.objective.tau = 0.5
    configuration.labelledSegmentation = 4
    configuration.labelledClassification = 4
    configuration.schedule = .constant
    configuration.validateEvery = 2
    configuration.checkpointEvery = 2
    return configuration
  }

  /// Streams of different lengths, more of them than lanes have ranks or threads, and two sizes.
  func uneven() -> TrainingConfiguration {
    var configuration = configuration()
    configuration.widths = [16, 16, 32]
    configuration.batch.segmentation = 3
    configuration.batch.segmentationUnlabelled = 4
    configuration.batch.classification = 5
    configuration.batch.unlabelled = 3
    configuration.emaDecay = 0.9
    configuration.objective.threshold = .classWise
    return configuration
  }

  private var beyond: TrainingConfiguration {
    var configuration = configuration()
    configuration.emaDecay = 0.9
    configuration.weightDecay = 0.1
    configuration.domainMixing = 0.5
    configuration.testTimeFlip = true
    configuration.objective.threshold = .classWise
    configuration.objective.consistencyKind = .weakToStrong
    configuration.objective.consistency = 1
    configuration.objective.maskConfidence = 0.55
    return configuration
  }

  private final class Losses: Sendable {
    let totals = Mutex<[Int: Double]>([:])
  }

  private func train(
    _ configuration: TrainingConfiguration, to folder: URL, resume: Bool, stopAfter: Int? = nil,
    killIn: Int? = nil
  ) async throws -> [Int: Double] {
    let phantoms = try Self.phantoms.get()
    let data = TrainingData(index: phantoms.index, cache: phantoms.cache, configuration: configuration)
    let trainer = try Trainer(configuration, data: data, output: folder, threads: 2)
    let losses = Losses()
    let checkpoint = folder.appending(path: "checkpoint.safetensors")
    let kept = folder.appending(path: "kept")
    let training = Task {
      try await trainer.run(resume: resume) { event in
        guard case .step(let number, _, _, let terms) = event else { return }
        losses.totals.withLock { $0[number] = terms.total }
        if number == killIn { try? FileManager.default.copyItem(at: checkpoint, to: kept) }
        if number == stopAfter || number == killIn { unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }
      }
    }
    do { _ = try await training.value } catch is CancellationError {}
    if killIn != nil {
      try FileManager.default.removeItem(at: checkpoint)
      try FileManager.default.moveItem(at: kept, to: checkpoint)
    }
    return losses.totals.withLock { $0 }
  }

  /// With all that goes beyond the paper, too: each has a state, or draws random numbers, of its own.
  @Test(arguments: [false, true])
  func killedTrainingGoesThroughTheSameLosses(beyond: Bool) async throws {
    let configuration = beyond ? self.beyond : configuration()
    let whole = try TestEnvironment.temporaryFolder()
    let parts = try TestEnvironment.temporaryFolder()
    let uninterrupted = try await train(configuration, to: whole, resume: false)
    // Killed in step 3: the log has three lines, the checkpoint is that of step 2.
    let first = try await train(configuration, to: parts, resume: false, killIn: 3)
    #expect(first.count == 3)
    let rest = try await train(configuration, to: parts, resume: true)
    #expect(rest.keys.sorted() == [3, 4, 5, 6])
    #expect(first.merging(rest) { _, b in b } == uninterrupted)
    #expect(first[3] == rest[3])
    for name in ["model.safetensors", "checkpoint.safetensors"] {
      #expect(
        try Data(contentsOf: whole.appending(path: name)) == Data(contentsOf: parts.appending(path: name)))
    }
    func log(_ folder: URL) throws -> [String] {
      try String(contentsOf: folder.appending(path: "log.csv"), encoding: .utf8).split(separator: "\n")
        .map { $0.split(separator: ",").dropLast().joined(separator: ",") }  // without the seconds
    }
    #expect(try log(whole) == log(parts))
    #expect(try log(parts).count == 7)
  }

  /// The average is the model, and lies in the checkpoint beside the weights that it is of; the losses are those
  /// of the same training without it.
  @Test func averagedWeightsAreTheModel() async throws {
    var configuration = configuration()
    configuration.validateEvery = 6
    let plain = try TestEnvironment.temporaryFolder()
    let averaged = try TestEnvironment.temporaryFolder()
    let losses = try await train(configuration, to: plain, resume: false)
    configuration.emaDecay = 0.9
    #expect(try await train(configuration, to: averaged, resume: false) == losses)
    func arrays(_ folder: URL, _ name: String) throws -> [String: Safetensors.Array] {
      try Safetensors(Data(contentsOf: folder.appending(path: name))).arrays
    }
    let last = try arrays(plain, "model.safetensors")
    let model = try arrays(averaged, "model.safetensors")
    let checkpoint = try arrays(averaged, "checkpoint.safetensors")
    #expect(!model.isEmpty && last.keys.sorted() == model.keys.sorted())
    for (name, array) in model {
      #expect(checkpoint["average." + name] == array && checkpoint[name] == last[name])
    }
    #expect(model["encoder.fc.weight"] != last["encoder.fc.weight"])
  }

  /// Something beyond the paper, and the first step whose loss it changes.
  struct Addition: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let step: Int
    let add: @Sendable (inout TrainingConfiguration) -> Void
  }

  static let additions = [
    Addition(testDescription: "domain mixing", step: 1) { $0.domainMixing = 1 },
    Addition(testDescription: "weight decay", step: 2) { $0.weightDecay = 10 },
    Addition(testDescription: "detector variation", step: 1) { $0.detectorVariation = 1 },
    Addition(testDescription: "varied findings", step: 1) { $0.variedFindings = true },
    Addition(testDescription: "balanced findings", step: 1) { $0.balancedFindings = true },
    Addition(testDescription: "masks' cross-entropy", step: 1) { $0.objective.maskCrossEntropy = 1 },
    Addition(testDescription: "class-wise thresholds", step: 1) { $0.objective.threshold = .classWise },
    Addition(testDescription: "weak to strong", step: 1) { $0.objective.consistencyKind = .weakToStrong },
  ]

  @Test(arguments: TrainerTests.additions)
  func additionsAreAtWork(_ addition: Addition) async throws {
    var configuration = configuration()
    configuration.stages = [.init(size: 32, steps: 3)]
    configuration.validateEvery = 3
    // Every weak view is less sure than that, but surer than the adaptive thresholds.
    configuration.objective.tau = 0.9
    configuration.objective.consistency = 1
    configuration.objective.maskConfidence = 0.5
    let plain = try await train(configuration, to: TestEnvironment.temporaryFolder(), resume: false)
    addition.add(&configuration)
    let changed = try await train(configuration, to: TestEnvironment.temporaryFolder(), resume: false)
    for number in 1...3 {
      #expect((plain[number] == changed[number]) == (number < addition.step), "step \(number)")
    }
  }

  @Test func aModelSaysWhatItSaw() async throws {
    let folder = try TestEnvironment.temporaryFolder()
    _ = try await train(configuration(), to: folder, resume: false)
    let metadata = try Model(readingFrom: folder.appending(path: "model.safetensors")).metadata
    #expect(metadata.training.contains("images, 4 findings (2 normal, 2 pneumonia), 4 masks, seed 1"))
    #expect(metadata.training.contains("of 6 steps (") && metadata.training.contains("at 32 px"))
    #expect(metadata.validation.contains("findings: accuracy"))
    // Four validation images are too few.
    #expect(metadata.calibration.hasPrefix("none: ") && metadata.temperature == 1)
  }

  @Test func cancelledTrainingLeavesACheckpointOfItsLastStep() async throws {
    let folder = try TestEnvironment.temporaryFolder()
    _ = try await train(configuration(), to: folder, resume: false, stopAfter: 3)
    #expect(try await train(configuration(), to: folder, resume: true).keys.sorted() == [4, 5, 6])
  }

  @Test func theSameSeedGivesTheSameModel() async throws {
    var configuration = configuration()
    configuration.stages = [.init(size: 32, steps: 2)]
    func model(_ seed: UInt64) async throws -> Data {
      configuration.seed = seed
      let folder = try TestEnvironment.temporaryFolder()
      _ = try await train(configuration, to: folder, resume: false)
      return try Data(contentsOf: folder.appending(path: "model.safetensors"))
    }
    let first = try await model(1)
    #expect(try await model(1) == first)
    #expect(try await model(2) != first)
  }

  @Test func whatMadeTheModelLiesBesideIt() async throws {
    var configuration = configuration()
    configuration.stages = [.init(size: 32, steps: 1)]
    configuration.seed = 12_345_678_901_234_567_890
    let folder = try TestEnvironment.temporaryFolder()
    _ = try await train(configuration, to: folder, resume: false)
    let record = try Data(contentsOf: folder.appending(path: "configuration.json"))
    #expect(try TrainingConfiguration().changed(byJSON: record) == configuration)
    let digest = try Self.phantoms.get().index.digest
    #expect(
      try String(contentsOf: folder.appending(path: "archive.sha256"), encoding: .utf8) == digest + "\n")
    let metadata = try Model(readingFrom: folder.appending(path: "model.safetensors")).metadata
    #expect(metadata.trainingDataDigest == digest && metadata.system == .multimix)
  }

  @Test func divergenceNamesStepAndImagesAndKeepsTheCheckpoint() async throws {
    let phantoms = try Self.phantoms.get()
    var configuration = configuration()
    configuration.stages = [.init(size: 32, steps: 6)]
    configuration.checkpointEvery = 1
    // The first step's update is beyond a Float.
    configuration.learningRate = 1e38
    let folder = try TestEnvironment.temporaryFolder()
    let data = TrainingData(index: phantoms.index, cache: phantoms.cache, configuration: configuration)
    let error = await #expect(throws: TrainingError.self) {
      _ = try await train(configuration, to: folder, resume: false)
    }
    guard case .diverged(let step, let images)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(step == 1)
    #expect(images == data.describe(step: step - 1, configuration) && images.count == 8)
    #expect("\(error!)".contains("step \(step) ") && "\(error!)".contains(images[0]))
    // Weights that aren't finite were never written: a resumed training begins anew, and meets the same end.
    #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "checkpoint.safetensors").path))
    await #expect(throws: error!) { _ = try await train(configuration, to: folder, resume: true) }
  }

  @Test func poisonedWeightsEndTheFirstStep() async throws {
    let phantoms = try Self.phantoms.get()
    let parameters = Parameters<Float>(Architecture().layout)
    var generator = SplitMix64(1)
    parameters.initialize(using: &generator)
    let slice = parameters["encoder.fc.weight"]
    slice[7] = .nan
    let data = TrainingData(index: phantoms.index, cache: phantoms.cache, configuration: configuration())
    let folder = try TestEnvironment.temporaryFolder()
    let trainer = try Trainer(
      configuration(), data: data, output: folder, threads: 1,
      initial: Model(metadata: ModelMetadata(name: "poisoned", version: "1"), parameters: parameters))
    await #expect(
      throws: TrainingError.diverged(step: 1, images: data.describe(step: 0, configuration()))
    ) { _ = try await trainer.run(resume: false) { _ in } }
    #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "model.safetensors").path))
  }

  @Test func anUndecodableImageIsLeftOut() async throws {
    let folder = try TestEnvironment.temporaryFolder()
    let archive = folder.appending(path: "archive")
    try PhantomArchive.write(count: 6, size: 96, seed: 3, to: archive)
    let file = archive.appending(path: "PHANTOM-001/dx.dcm")
    let bytes = try Data(contentsOf: file)
    try bytes.prefix(bytes.count * 2 / 3).write(to: file)
    let index = try ArchiveIndex(scanning: archive).assigningSplits(validation: 0.1, seed: 1)
    let cache = try ImageCache(for: index, root: archive, at: folder.appending(path: "cache"))
    #expect(cache.failures.map(\.path) == ["PHANTOM-001/dx.dcm"])
    var configuration = configuration()
    configuration.stages = [.init(size: 32, steps: 2)]
    configuration.labelledClassification = nil
    configuration.labelledSegmentation = nil
    let data = TrainingData(index: index, cache: cache, configuration: configuration)
    #expect(data.labels == TrainingLabels(images: 4, normal: 1, pneumonia: 3, masks: 4))
    let output = folder.appending(path: "out")
    let model = try await Trainer(configuration, data: data, output: output, threads: 2)
      .run(resume: false) { _ in }
    #expect(FileManager.default.fileExists(atPath: model.path))
  }

  @Test func aFinishedTrainingIsNotOverwritten() async throws {
    let folder = try TestEnvironment.temporaryFolder()
    _ = try await train(configuration(), to: folder, resume: false)
    let model = try Data(contentsOf: folder.appending(path: "model.safetensors"))
    await #expect(throws: TrainingError.self) {
      _ = try await train(configuration(), to: folder, resume: false)
    }
    #expect(try Data(contentsOf: folder.appending(path: "model.safetensors")) == model)
  }

  @Test(
    arguments: [
      { (c: inout TrainingConfiguration) in c.stages = [] }, { $0.stages[0].steps = -5 },
      { $0.stages[0].size = 48 },
      { $0.learningRate = .nan }, { $0.batch.unlabelled = -1 }, { $0.labelledSegmentation = -1 },
      { $0.objective.dropout = 1 }, { $0.emaDecay = 1 }, { $0.weightDecay = -1 },
      { $0.domainMixing = 2 }, { $0.detectorVariation = -1 }, { $0.maskSourceExponent = 2 },
      { $0.objective.maskCrossEntropy = -1 }, { $0.objective.maskConfidence = 1 }, { $0.objective.tau = 2 },
      { $0.objective.thresholdDecay = 1 }, { $0.checkpointEvery = 0 },
      {
        $0.system = .enc
        $0.batch.classification = 0
      }, { $0.lanes = 12 }, { $0.lanes = 0 }, { $0.widths = [16, 30] }, { $0.widths = [16] },
    ] as [@Sendable (inout TrainingConfiguration) -> Void])
  func invalidConfigurationsAreRefused(change: @Sendable (inout TrainingConfiguration) -> Void) {
    var changed = configuration()
    #expect(changed.problem == nil)
    change(&changed)
    #expect(changed.problem != nil)
  }

  @Test func resumingWithOtherOptionsIsRefused() async throws {
    let folder = try TestEnvironment.temporaryFolder()
    _ = try await train(configuration(), to: folder, resume: false, stopAfter: 1)
    var other = configuration()
    other.learningRate = 0.5
    await #expect(throws: TrainingError.self) { _ = try await train(other, to: folder, resume: true) }
  }

  @Test func trainingLearns() async throws {
    var configuration = configuration()
    configuration.stages = [.init(size: 32, steps: 40)]
    configuration.learningRate = 2e-3
    configuration.validateEvery = 40
    configuration.checkpointEvery = 40
    let losses = try await train(configuration, to: TestEnvironment.temporaryFolder(), resume: false)
    let early = (1...5).reduce(0) { $0 + losses[$1]! } / 5
    let late = (36...40).reduce(0) { $0 + losses[$1]! } / 5
    #expect(late < 0.8 * early, "\(early) -> \(late)")
  }

  @Test func streamsRespectTheBudget() throws {
    let phantoms = try Self.phantoms.get()
    let data = TrainingData(index: phantoms.index, cache: phantoms.cache, configuration: configuration())
    let training = phantoms.index.indices(of: .train).count
    #expect(data.segmentation.count == 4 && data.segmentationUnlabelled.count == training - 4)
    #expect(data.classification.count == 4 && data.unlabelled.count == training - 4)
  }

  /// The weak view doesn't depend on what is done to the strong one.
  @Test func weakToStrongViewsComeInPairs() throws {
    let phantoms = try Self.phantoms.get()
    var configuration = beyond
    let data = TrainingData(index: phantoms.index, cache: phantoms.cache, configuration: configuration)
    configuration.domainMixing = 0
    let batch = data.batch(step: 3, size: 64, configuration: configuration)
    configuration.domainMixing = 1
    let mixed = data.batch(step: 3, size: 64, configuration: configuration)
    #expect(batch.segmentationUnlabelled.count == 2 && batch.segmentationStrong.count == 2)
    #expect(batch.segmentationUnlabelled == mixed.segmentationUnlabelled)
    #expect(batch.segmentationStrong != mixed.segmentationStrong)
    #expect(batch.segmentationUnlabelled != batch.segmentationStrong)
    #expect(batch.unlabelled.map(\.weak) == mixed.unlabelled.map(\.weak))
  }

  @Test func trainingKeepsToItsSources() throws {
    let phantoms = try Self.phantoms.get()
    var configuration = TrainingConfiguration()
    let source = try #require(phantoms.index.split(.train).first?.source)
    let other = try #require(phantoms.index.split(.val).first?.source)
    configuration.sources = [source, other]
    let data = TrainingData(index: phantoms.index, cache: phantoms.cache, configuration: configuration)
    let inside = phantoms.index.indices(of: .train).filter { phantoms.index.images[$0].source == source }
    #expect(data.segmentation.count + data.segmentationUnlabelled.count == inside.count)
    #expect(data.classification.count + data.unlabelled.count == inside.count)
    #expect(Set(data.validation.map { phantoms.index.images[$0].source }) == [other])
    configuration.sources = []
    #expect(configuration.problem != nil)
  }

  /// What is drawn with the defaults stays what it is: published figures rest on it.
  @Test func defaultBatchesStayWhatTheyAre() throws {
    let phantoms = try Self.phantoms.get()
    let data = TrainingData(index: phantoms.index, cache: phantoms.cache, configuration: configuration())
    let batch = data.batch(step: 5, size: 32, configuration: configuration())
    let images: [[Float]] =
      batch.segmentation.flatMap { [$0.image, $0.mask] } + batch.segmentationUnlabelled
      + batch.classification.map(\.image) + batch.unlabelled.flatMap { [$0.weak, $0.strong] }
    let sums = images.map { Int(($0.reduce(0, +) * 255).rounded()) }
    #expect(
      sums == [
        109186, 114846, 131795, 97424, 135414, 145801, 143778, 167178, 122293, 127584, 135176, 132190,
      ])
  }

  @Test func aLogOfAnOlderVersionGoesOn() async throws {
    let folder = try TestEnvironment.temporaryFolder()
    _ = try await train(configuration(), to: folder, resume: false, stopAfter: 3)
    let file = folder.appending(path: "log.csv")
    func rows() throws -> [[Substring]] {
      try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    }
    var old = try rows()
    let place = try #require(old[0].firstIndex(of: "mask_cross_entropy"))
    for i in old.indices { old[i].remove(at: place) }
    try Data(old.map { $0.joined(separator: ",") + "\n" }.joined().utf8).write(to: file)
    _ = try await train(configuration(), to: folder, resume: true)
    let new = try rows()
    #expect(new.count == 7 && new.allSatisfy { $0.count == old[0].count + 1 })
    for i in 1...3 {
      #expect(new[i][place] == "0")
      var kept = new[i]
      kept.remove(at: place)
      #expect(kept == old[i])
    }
  }

  @Test func overflowInValidationNamesItsImages() async throws {
    let parameters = Parameters<Float>(Architecture().layout)
    var generator = SplitMix64(1)
    parameters.initialize(using: &generator)
    // Finite, but a sum of such products is not.
    let slice = parameters["decoder.conv_last.weight"]
    for i in 0..<slice.count { slice[i] = i.isMultiple(of: 2) ? 3e38 : -3e38 }
    var configuration = configuration()
    configuration.learningRate = 1e-30
    configuration.stages = [.init(size: 32, steps: 1)]
    configuration.system = .enc
    let phantoms = try Self.phantoms.get()
    let data = TrainingData(index: phantoms.index, cache: phantoms.cache, configuration: configuration)
    let folder = try TestEnvironment.temporaryFolder()
    let trainer = try Trainer(
      configuration, data: data, output: folder, threads: 1,
      initial: Model(metadata: ModelMetadata(name: "large", version: "1"), parameters: parameters))
    let error = await #expect(throws: TrainingError.self) {
      _ = try await trainer.run(resume: false) { _ in }
    }
    guard case .unreadable(1, let images)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(!images.isEmpty && "\(error!)".contains(images[0]))
    #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "model.safetensors").path))
  }

  @Test func batchesAreAFunctionOfSeedAndStep() throws {
    let phantoms = try Self.phantoms.get()
    let data = TrainingData(index: phantoms.index, cache: phantoms.cache, configuration: configuration())
    let a = data.batch(step: 5, size: 64, configuration: configuration())
    let b = data.batch(step: 5, size: 64, configuration: configuration())
    let c = data.batch(step: 6, size: 64, configuration: configuration())
    #expect(a.segmentation.map(\.image) == b.segmentation.map(\.image))
    #expect(a.unlabelled.map(\.strong) == b.unlabelled.map(\.strong))
    #expect(a.segmentation.map(\.image) != c.segmentation.map(\.image))
  }
}
