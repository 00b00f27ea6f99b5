import Archive
import Foundation
import MultiMix
import NeuralNetworks
import Synchronization
import TestSupport
import Testing
import Training

/// Trainings on phantoms, small enough for a test.
@Suite struct TrainerTests {
  private struct Phantoms {
    let index: ArchiveIndex
    let cache: ImageCache
  }

  private static let phantoms = Result {
    let folder = try TestEnvironment.temporaryFolder()
    let archive = folder.appending(path: "archive")
    try PhantomArchive.write(count: 16, size: 96, seed: 3, to: archive)
    let index = try ArchiveIndex(scanning: archive).assigningSplits(validation: 0.25, seed: 1)
    return Phantoms(
      index: index, cache: try ImageCache(for: index, root: archive, at: folder.appending(path: "cache")))
  }

  private func configuration() -> TrainingConfiguration {
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

  @Test func killedTrainingGoesThroughTheSameLosses() async throws {
    let whole = try TestEnvironment.temporaryFolder()
    let parts = try TestEnvironment.temporaryFolder()
    let uninterrupted = try await train(configuration(), to: whole, resume: false)
    // Killed in step 3: the log has three lines, the checkpoint is that of step 2.
    let first = try await train(configuration(), to: parts, resume: false, killIn: 3)
    #expect(first.count == 3)
    let rest = try await train(configuration(), to: parts, resume: true)
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
      { $0.objective.dropout = 1 }, { $0.checkpointEvery = 0 },
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

  @Test func budgetsAreBalancedAndByPatient() throws {
    let phantoms = try Self.phantoms.get()
    let all = phantoms.index.indices(of: .train).filter { phantoms.index.images[$0].finding != nil }
    let chosen = LabelBudget.draw(all, count: 4, index: phantoms.index, seed: 5, balancingClasses: true)
    #expect(chosen.count == 4 && Set(chosen).count == 4)
    #expect(chosen.count { phantoms.index.images[$0].finding == .pneumonia } == 2)
    #expect(chosen == LabelBudget.draw(all, count: 4, index: phantoms.index, seed: 5, balancingClasses: true))
    #expect(LabelBudget.draw(all, count: nil, index: phantoms.index, seed: 5, balancingClasses: true) == all)
  }

  @Test func streamsRespectTheBudget() throws {
    let phantoms = try Self.phantoms.get()
    let data = TrainingData(index: phantoms.index, cache: phantoms.cache, configuration: configuration())
    let training = phantoms.index.indices(of: .train).count
    #expect(data.segmentation.count == 4 && data.segmentationUnlabelled.count == training - 4)
    #expect(data.classification.count == 4 && data.unlabelled.count == training - 4)
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
