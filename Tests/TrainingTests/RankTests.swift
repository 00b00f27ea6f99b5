import Archive
import Foundation
import MultiMix
import NeuralNetworks
import Synchronization
import TestSupport
import Testing
import Training

/// One training as several ranks: the same files as one process writes, and one message where they can't go on.
@Suite struct RankTests {
  private var configuration: TrainingConfiguration {
    var configuration = TrainerTests().uneven()
    configuration.stages = [.init(size: 32, steps: 10), .init(size: 64, steps: 4)]
    configuration.validateEvery = 7
    configuration.checkpointEvery = 3
    return configuration
  }

  /// - Parameters:
  ///   - stop: the rank that is told to stop, and after which step of rank 0.
  ///   - change: what a rank has otherwise than the others.
  private func train(
    _ configuration: TrainingConfiguration, to folder: URL, ranks count: Int, threads: Int = 1,
    stop: (rank: Int, step: Int)? = nil,
    tamper: @escaping @Sendable ([UInt8], Int, Int) -> [UInt8] = { message, _, _ in message },
    change: @escaping @Sendable (Int, inout TrainingConfiguration) -> Void = { _, _ in }
  ) async throws -> [Result<URL, any Error>] {
    let phantoms = try TrainerTests.phantoms.get()
    let told = Told()
    return await ThreadRanks.run(ThreadRanks.group(count, tamper: tamper)) { rank in
      var own = configuration
      change(rank.rank, &own)
      let data = TrainingData(index: phantoms.index, cache: phantoms.cache, configuration: own)
      let trainer = try Trainer(own, data: data, output: folder, threads: threads, ranks: rank)
      let training = Task(executorPreference: rank.executor) {
        try await trainer.run(resume: true) { event in
          if case .step(let number, _, _, _) = event, number == stop?.step { told.tell() }
        }
      }
      if stop?.rank == rank.rank { told.onTold { training.cancel() } }
      return try await training.value
    }
  }

  /// Whether it is time to stop, across the ranks.
  private final class Told: Sendable {
    private let state = Mutex<(isTold: Bool, action: (@Sendable () -> Void)?)>((false, nil))

    func tell() {
      let action = state.withLock { state in
        state.isTold = true
        return state.action
      }
      action?()
    }

    func onTold(_ action: @escaping @Sendable () -> Void) {
      let isTold = state.withLock { state in
        state.action = action
        return state.isTold
      }
      if isTold { action() }
    }
  }

  private final class Counter: Sendable {
    private let count = Atomic(0)
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
  }

  private func files(_ folder: URL) throws -> [Data] {
    try ["model.safetensors", "checkpoint.safetensors"].map {
      try Data(contentsOf: folder.appending(path: $0))
    }
  }

  /// The log without the seconds.
  private func log(_ folder: URL) throws -> [Substring] {
    try String(contentsOf: folder.appending(path: "log.csv"), encoding: .utf8).split(separator: "\n").map {
      $0[..<($0.lastIndex(of: ",") ?? $0.endIndex)]
    }
  }

  @Test func theModelFileIsTheSameByteForByte() async throws {
    let one = try TestEnvironment.temporaryFolder()
    _ = try await train(configuration, to: one, ranks: 1, threads: 2)[0].get()
    for (ranks, threads) in [(2, 1), (4, 1), (2, 2), (16, 1)] {
      let folder = try TestEnvironment.temporaryFolder()
      for result in try await train(configuration, to: folder, ranks: ranks, threads: threads) {
        #expect(try result.get() == folder.appending(path: "model.safetensors"))
      }
      #expect(try files(folder) == files(one), "\(ranks) ranks")
      #expect(try log(folder) == log(one), "\(ranks) ranks")
    }
  }

  /// More ranks than there are images for lanes: some have nothing to do.
  @Test func idleRanksChangeNothing() async throws {
    var configuration = configuration
    configuration.stages = [.init(size: 32, steps: 3)]
    configuration.batch.segmentation = 1
    configuration.batch.segmentationUnlabelled = 0
    configuration.batch.classification = 1
    configuration.batch.unlabelled = 0
    let one = try TestEnvironment.temporaryFolder()
    _ = try await train(configuration, to: one, ranks: 1)[0].get()
    let eight = try TestEnvironment.temporaryFolder()
    for result in try await train(configuration, to: eight, ranks: 8) { _ = try result.get() }
    #expect(try files(eight) == files(one))
  }

  /// One rank, and not the first, is told to stop; another number goes on, is stopped too, and a third ends it.
  @Test func stoppedAndResumedWithAnotherNumber() async throws {
    let one = try TestEnvironment.temporaryFolder()
    _ = try await train(configuration, to: one, ranks: 1)[0].get()
    let folder = try TestEnvironment.temporaryFolder()
    for (ranks, stop) in [(4, (rank: 3, step: 4)), (1, (rank: 0, step: 6)), (2, (rank: 1, step: 9))] {
      for result in try await train(configuration, to: folder, ranks: ranks, stop: stop) {
        #expect(throws: CancellationError.self) { try result.get() }
      }
      let checkpoint = try Data(contentsOf: folder.appending(path: "checkpoint.safetensors"))
      let step = try Safetensors(checkpoint).metadata["step"].flatMap { Int($0) }
      #expect(try #require(step) >= stop.step)
    }
    for result in try await train(configuration, to: folder, ranks: 8) { _ = try result.get() }
    #expect(try files(folder) == files(one))
    #expect(try log(folder) == log(one))
  }

  @Test func onlyTheOwnImagesAreDrawn() throws {
    let phantoms = try TrainerTests.phantoms.get()
    let data = TrainingData(index: phantoms.index, cache: phantoms.cache, configuration: configuration)
    let whole = data.batch(step: 3, size: 32, configuration: configuration)
    var drawn = 0
    for rank in 0..<4 {
      let own = data.batch(
        step: 3, size: 32, configuration: configuration, share: LaneShare(rank, of: 4))
      func compare(_ own: [[Float]], _ whole: [[Float]]) {
        #expect(own.count == whole.count)
        for (image, expected) in zip(own, whole) where !image.isEmpty {
          #expect(image == expected)
          drawn += 1
        }
      }
      compare(own.segmentation.map(\.image), whole.segmentation.map(\.image))
      compare(own.segmentationUnlabelled, whole.segmentationUnlabelled)
      compare(own.classification.map(\.image), whole.classification.map(\.image))
      compare(own.unlabelled.map(\.strong), whole.unlabelled.map(\.strong))
    }
    #expect(drawn == 3 + 4 + 5 + 3)
  }

  /// What is said of ranks that don't belong together, by all of them.
  @Test(arguments: [2, 4])
  func anotherConfigurationIsNamed(count: Int) async throws {
    let results = try await train(
      configuration, to: TestEnvironment.temporaryFolder(), ranks: count,
      change: { rank, configuration in if rank == 1 { configuration.seed = 2 } })
    for result in results {
      let error = #expect(throws: TrainingError.self) { try result.get() }
      #expect("\(error!)".hasPrefix("rank 1 on ") && "\(error!)".contains("has another configuration"))
    }
  }

  @Test func everyTraitIsCompared() async throws {
    for trait in RankTrait.allCases {
      let results = await ThreadRanks.run(ThreadRanks.group(4)) { rank in
        var traits = Dictionary(uniqueKeysWithValues: RankTrait.allCases.map { ($0, "same") })
        if rank.rank >= 2 { traits[trait] = "other" }
        try rank.requireAlike(traits)
      }
      for result in results {
        let error = #expect(throws: TrainingError.self) { try result.get() }
        guard case .ranksDiffer(let found, let text)? = error else { continue }
        #expect(found == trait && text.hasPrefix("rank 2 on ") && text.contains("(other; rank 0 on "))
      }
    }
  }

  @Test(arguments: [3, 6, 32])
  func anOddNumberOfRanksIsRefused(count: Int) throws {
    let phantoms = try TrainerTests.phantoms.get()
    let data = TrainingData(index: phantoms.index, cache: phantoms.cache, configuration: configuration)
    let error = #expect(throws: TrainingError.self) {
      try Trainer(
        configuration, data: data, output: URL(filePath: "/nowhere"), threads: 1,
        ranks: ThreadRanks.group(count)[0])
    }
    #expect("\(error!)".contains("\(count) ranks for 16 lanes"))
  }

  /// A bit that falls over in what one rank gets: it is found before the next checkpoint, which isn't written.
  @Test func ranksThatDriftApartAreFound() async throws {
    let folder = try TestEnvironment.temporaryFolder()
    let sums = Counter()
    let results = try await train(
      configuration, to: folder, ranks: 2,
      tamper: { message, from, to in
        // The whole on its way back: the longest messages from rank 0.
        guard from == 0, message.count > 10_000, sums.next() == 5 else {
          return message
        }
        var message = message
        message[message.count / 2] ^= 0x40
        return message
      })
    for result in results {
      let error = #expect(throws: TrainingError.self) { try result.get() }
      #expect(error == .ranksApart(step: 6, ranks: [1]))
    }
    let checkpoint = try Data(contentsOf: folder.appending(path: "checkpoint.safetensors"))
    #expect(try Safetensors(checkpoint).metadata["step"] == "3")
  }

  /// Rank 0 can't write: it alone says so, and the others end.
  @Test func aRankThatFailsEndsAll() async throws {
    let folder = try TestEnvironment.temporaryFolder()
    try Data().write(to: folder.appending(path: "file"))
    let results = try await train(configuration, to: folder.appending(path: "file"), ranks: 4)
    for (rank, result) in results.enumerated() {
      if rank == 0 {
        #expect(throws: TrainingError.self) { try result.get() }
      } else {
        #expect(throws: RankFailure.self) { try result.get() }
      }
    }
  }

  /// What `etc/guide/scaling.md` computes.
  @Test(arguments: [2, 4, 8])
  func bytesAStepAreAsComputed(count: Int) async throws {
    let layout = Architecture(widths: [16, 16, 32], inputSize: 256).layout
    func bytes(steps: Int) async throws -> Int {
      var configuration = configuration
      configuration.stages = [.init(size: 32, steps: steps)]
      configuration.validateEvery = 100
      configuration.checkpointEvery = 100
      let phantoms = try TrainerTests.phantoms.get()
      let data = TrainingData(
        index: phantoms.index, cache: phantoms.cache, configuration: configuration)
      let folder = try TestEnvironment.temporaryFolder()
      let group = ThreadRanks.group(count)
      let results = await ThreadRanks.run(group) { [configuration] rank in
        try await Trainer(configuration, data: data, output: folder, threads: 1, ranks: rank)
          .run(resume: false) { _ in }
      }
      for result in results { _ = try result.get() }
      return ThreadRanks.bytes(of: group)
    }
    let (two, five) = try await (bytes(steps: 2), bytes(steps: 5))
    #expect(five - two == 3 * 2 * (count - 1) * (4 * layout.count + 96))
  }

  @Test func largerBatchesHaveAStatedRate() async throws {
    var configuration = configuration
    configuration.batchFactor = 4
    #expect(configuration.grownBatch.classification == 20 && configuration.problem == nil)
    #expect(configuration.grownLearningRate == 2 * configuration.learningRate)
    configuration.batchRule = .linear
    #expect(configuration.grownLearningRate == 4 * configuration.learningRate)
    configuration.batchRule = .constant
    #expect(configuration.grownLearningRate == configuration.learningRate)
    configuration.batchFactor = 0
    #expect(configuration.problem == "batches grown 0 times: from 1 to 1024")
    // The numbers of such a batch, and as many ranks.
    configuration.batchFactor = 2
    configuration.batchRule = .squareRoot
    configuration.stages = [.init(size: 32, steps: 3)]
    let one = try TestEnvironment.temporaryFolder()
    _ = try await train(configuration, to: one, ranks: 1)[0].get()
    let two = try TestEnvironment.temporaryFolder()
    for result in try await train(configuration, to: two, ranks: 2) { _ = try result.get() }
    #expect(try files(two) == files(one))
    let rate = try String(contentsOf: two.appending(path: "log.csv"), encoding: .utf8)
      .split(separator: "\n")[1].split(separator: ",")[2]
    #expect(Double(rate) == Double(String(format: "%.9g", configuration.learningRate * 2.0.squareRoot())))
  }
}
