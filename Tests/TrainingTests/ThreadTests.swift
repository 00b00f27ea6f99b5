import Foundation
import MultiMix
import NeuralNetworks
import Synchronization
import Tensors
import TestSupport
import Testing
import Training

/// The number of threads decides how long a training takes, and nothing else.
@Suite struct ThreadTests {
  private var configuration: TrainingConfiguration {
    var configuration = TrainerTests().uneven()
    configuration.stages = [.init(size: 32, steps: 14), .init(size: 64, steps: 6)]
    configuration.validateEvery = 10
    configuration.checkpointEvery = 4
    return configuration
  }

  /// - Parameters:
  ///   - stopAfter: the step after which it is told to stop.
  ///   - killed: whether it then dies at once, so that the checkpoint is the last that was due, and not that step's.
  private func train(
    _ configuration: TrainingConfiguration, to folder: URL, threads: Int, stopAfter: Int? = nil,
    killed: Bool = false
  ) async throws {
    let phantoms = try TrainerTests.phantoms.get()
    let data = TrainingData(index: phantoms.index, cache: phantoms.cache, configuration: configuration)
    let trainer = try Trainer(configuration, data: data, output: folder, threads: threads)
    let checkpoint = folder.appending(path: "checkpoint.safetensors")
    let lastDue = Mutex<Data?>(nil)
    let training = Task {
      try await trainer.run(resume: true) { event in
        guard case .step(let number, _, _, _) = event, number == stopAfter else { return }
        lastDue.withLock { $0 = try? Data(contentsOf: checkpoint) }
        unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
      }
    }
    guard let stopAfter else {
      _ = try await training.value
      return
    }
    await #expect(throws: CancellationError.self) { try await training.value }
    if killed { try #require(lastDue.withLock { $0 }).write(to: checkpoint) }
    let step = try Safetensors(Data(contentsOf: checkpoint)).metadata["step"]
    let every = configuration.checkpointEvery
    #expect(step == "\(killed ? stopAfter / every * every : stopAfter)")
  }

  private func files(_ folder: URL) throws -> [Data] {
    try ["model.safetensors", "checkpoint.safetensors"].map {
      try Data(contentsOf: folder.appending(path: $0))
    }
  }

  /// Twenty steps on one, two, three and four threads, and stopped, killed and resumed, each time with another number.
  @Test func theModelFileIsTheSameByteForByte() async throws {
    let one = try TestEnvironment.temporaryFolder()
    try await train(configuration, to: one, threads: 1)
    let expected = try files(one)
    for threads in 2...4 {
      let folder = try TestEnvironment.temporaryFolder()
      try await train(configuration, to: folder, threads: threads)
      #expect(try files(folder) == expected, "\(threads) threads")
    }
    let parts = try TestEnvironment.temporaryFolder()
    try await train(configuration, to: parts, threads: 3, stopAfter: 7)
    try await train(configuration, to: parts, threads: 1, stopAfter: 15, killed: true)
    try await train(configuration, to: parts, threads: 8)
    #expect(try files(parts) == expected, "stopped and resumed")
    let metadata = try Model(readingFrom: one.appending(path: "model.safetensors")).metadata
    #expect(metadata.lanes == 16 && metadata.architecture.widths == [16, 16, 32])
  }

  @Test func goingOnWithOtherLanesIsRefused() async throws {
    let folder = try TestEnvironment.temporaryFolder()
    try await train(configuration, to: folder, threads: 2, stopAfter: 1)
    var other = configuration
    other.lanes = 8
    let error = await #expect(throws: TrainingError.self) {
      try await train(other, to: folder, threads: 2)
    }
    #expect("\(error!)".contains("made with other options"))
  }

  /// Sums were made in another order, or the same seed drew other images and labels.
  @Test(
    arguments: [
      (["threads": "2"], "an older version"), (["lanes": "16"], "an older version"),
      (["revision": "\(Trainer.revision + 1)"], "a newer version"),
    ])
  func goingOnFromAnotherVersionIsRefused(written: [String: String], word: String) async throws {
    let folder = try TestEnvironment.temporaryFolder()
    try await train(configuration, to: folder, threads: 2, stopAfter: 1)
    let file = folder.appending(path: "checkpoint.safetensors")
    var checkpoint = try Safetensors(Data(contentsOf: file))
    checkpoint.metadata["revision"] = nil
    checkpoint.metadata.merge(written) { $1 }
    try checkpoint.encoded().write(to: file)
    let error = await #expect(throws: TrainingError.self) {
      try await train(configuration, to: folder, threads: 2)
    }
    #expect("\(error!)".contains(word))
  }

  @Test func aBatchIsDrawnAlikeByAnyNumberOfThreads() throws {
    let phantoms = try TrainerTests.phantoms.get()
    var configuration = configuration
    configuration.domainMixing = 0.5
    configuration.detectorVariation = 0.5
    configuration.objective.consistencyKind = .weakToStrong
    let data = TrainingData(index: phantoms.index, cache: phantoms.cache, configuration: configuration)
    func images(_ threads: Int) -> [[Float]] {
      let batch = data.batch(step: 2, size: 64, configuration: configuration, threads: threads)
      return batch.segmentation.flatMap { [$0.image, $0.mask] } + batch.segmentationUnlabelled
        + batch.segmentationStrong + batch.classification.map(\.image)
        + batch.unlabelled.flatMap { [$0.weak, $0.strong] }
    }
    let one = images(1)
    #expect(one.count == 6 + 8 + 5 + 6)
    for threads in [2, 3, 8] { #expect(images(threads) == one) }
  }
}
