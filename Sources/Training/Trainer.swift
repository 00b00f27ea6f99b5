internal import Archive
public import Foundation
public import MultiMix
internal import NeuralNetworks
internal import Tensors

/// The training loop: one step after another, with checkpoints, a log, and the model that did best on the
/// validation split. Everything random comes from the seed and the step's number, so that a run that was
/// cut off and resumed goes through the same losses as one that wasn't.
public struct Trainer: Sendable {
  /// What there is to tell while training.
  public enum Event: Sendable {
    case step(number: Int, of: Int, size: Int, losses: LossValues)
    case validation(step: Int, Evaluation.Figures, isBest: Bool)
    case resumed(step: Int)
  }

  /// To be raised when the same configuration, archive and kernels would give another model, be it that sums are made
  /// in another order or that a seed draws something else. 1 added gradients in an order that went with the threads; 2
  /// adds by lanes.
  package static let revision = 2

  private var configuration: TrainingConfiguration
  private let data: TrainingData
  private let output: URL
  private let threads: Int
  private let initial: Model?
  private let ranks: any RankGroup
  private let architecture: Architecture

  /// - Parameters:
  ///   - threads: change nothing but the time.
  ///   - initial: the model whose weights training begins with; nil begins with random ones.
  ///   - ranks: the processes that train together, each with the same configuration and data. Rank 0 writes what there
  ///     is to write; they change nothing but the time either.
  /// - Throws: `TrainingError` where the configuration or the data can't be trained with.
  public init(
    _ configuration: TrainingConfiguration, data: TrainingData, output: URL, threads: Int,
    initial: Model? = nil, ranks: any RankGroup = SoleRank()
  ) throws(TrainingError) {
    if let problem = configuration.problem { throw .configuration(problem) }
    let configuration = configuration.trained
    guard ranks.count & (ranks.count - 1) == 0, ranks.count <= configuration.lanes else {
      throw .configuration(
        "\(ranks.count) ranks for \(configuration.lanes) lanes: take a power of two of them, at most one for each lane "
          + "(\"lanes\" in the configuration)")
    }
    let sizes = configuration.batch
    guard
      sizes.segmentation > 0 && !data.segmentation.isEmpty
        || sizes.classification > 0 && !data.classification.isEmpty
    else { throw .nothingToTrainOn("the training split has neither findings nor masks") }
    if let wanted = configuration.initialModel, wanted != initial?.sha256 {
      throw .configuration("it goes on from the model with SHA-256 \(wanted): name that with --initial")
    }
    if let initial, initial.metadata.architecture.widths != configuration.widths {
      throw .configuration(
        "widths \(configuration.widths), but those of the initial model are "
          + "\(initial.metadata.architecture.widths)")
    }
    if configuration.view == .lungs, !data.knowsLungs {
      throw .configuration("the view of the lungs, but nobody has looked for them")
    }
    if configuration.view == .lungs, !configuration.system.segments,
      !(initial?.metadata.system.segments ?? false)
    {
      throw .configuration(
        "the system \(configuration.system.rawValue) finds no lungs: name a model that does with --initial")
    }
    self.configuration = configuration
    self.configuration.initialModel = initial?.sha256
    self.initial = initial
    self.data = data
    self.output = output
    self.threads = threads
    self.ranks = ranks
    architecture = Architecture(widths: configuration.widths, inputSize: data.cache.size)
  }

  /// Trains to the end and returns where the model lies.
  /// - Throws: `TrainingError`, or `CancellationError` with the checkpoint of the last whole step written.
  public func run(resume: Bool, report: @Sendable (Event) -> Void) async throws -> URL {
    // The threads that compute a step belong to no task.
    let isCancelled = Cancellation()
    return try await withTaskCancellationHandler {
      try await run(resume: resume, isCancelled: isCancelled, report: report)
    } onCancel: {
      isCancelled.set()
    }
  }

  private func run(
    resume: Bool, isCancelled: Cancellation, report listener: @Sendable (Event) -> Void
  ) async throws -> URL {
    func report(_ event: Event) { if ranks.isFirst { listener(event) } }
    let origin = Checkpoint.Origin(
      configuration: configuration, archive: data.index.digest, kernels: Float.kernels.signature)
    let traits = try traits()
    try await aside { [ranks] in try ranks.requireAlike(traits) }
    var state = initialState()
    let begun = try await begin(resume: resume, origin, &state)
    var progress = begun ?? Checkpoint(step: 0, bestScore: -.infinity)
    if resume || begun != nil { report(.resumed(step: progress.step)) }
    if begun == nil, ranks.isFirst { try record() }
    let log = ranks.isFirst ? try openLog(keeping: progress.step) : nil
    let bridge = configuration.system.bridgesSaliency
    let network = MultiMixNetwork(state.weights, architecture, bridgesSaliency: bridge)
    let teacher = state.average.map {
      MultiMixNetwork($0.parameters, architecture, bridgesSaliency: bridge)
    }
    let gradient = Parameters<Float>(state.weights.layout)
    let exchange = RankExchange(group: ranks, layout: state.weights.layout)
    var engine: TrainingStep<Float>?

    var next = progress.step < configuration.steps ? await batch(progress.step, exchange.share) : nil

    while progress.step < configuration.steps, let batch = next {
      let step = progress.step
      let begin = ContinuousClock.now
      if engine?.size != batch.size {
        engine = nil  // The memory of one size at a time.
        engine = TrainingStep(
          network, teacher: teacher, size: batch.size, threads: threads, lanes: configuration.lanes,
          exchange: exchange)
      }
      // The next batch is drawn while this one goes through the network.
      async let following = step + 1 < configuration.steps ? self.batch(step + 1, exchange.share) : nil
      let rate = configuration.schedule.rate(
        configuration.grownLearningRate, step: step, of: configuration.steps)
      let losses: LossValues
      do {
        losses = try await aside {
          [
            engine, objective = configuration.objective, thresholds = state.thresholds,
            seed = configuration.seed
          ] in
          try engine!.run(
            batch, objective: objective, thresholds: thresholds,
            seed: UInt32(truncatingIfNeeded: seed &* 1_000_003 &+ UInt64(step) &* 65_537),
            gradient: gradient, isCancelled: { isCancelled.isSet })
        }
      } catch let error as CancellationError {
        // Of the last whole step; before the first there is nothing to keep.
        if step > 0 { try await keep(progress, state, origin) }
        throw error
      }
      state.update(gradient: gradient, losses: losses, learningRate: rate, step: step + 1)
      // Nothing that isn't finite replaces the last good checkpoint. A gradient that isn't shows in the moments.
      guard losses.isFinite, state.isFinite else {
        throw TrainingError.diverged(step: step + 1, images: data.describe(step: step, configuration))
      }
      next = await following
      progress.step += 1
      let seconds = (ContinuousClock.now - begin) / .seconds(1)

      if let log {
        try TrainingError.writing(logFile) {
          try log.append(step: progress.step, size: batch.size, rate: rate, losses, seconds: seconds)
        }
      }
      report(
        .step(
          number: progress.step, of: configuration.steps, size: batch.size, losses: losses))
      let last = progress.step == configuration.steps
      let validates = last || progress.step % configuration.validateEvery == 0
      if validates { report(try await validate(state.model, &progress)) }
      // A model is never without the checkpoint that a resumed training goes on from.
      if validates || progress.step % configuration.checkpointEvery == 0 {
        try await keep(progress, state, origin)
      }
    }
    guard !ranks.isFirst || FileManager.default.fileExists(atPath: bestModel.path) else {
      throw TrainingError.checkpoint(bestModel.path, "the training had ended, but its model is gone")
    }
    return bestModel
  }

  /// Runs what blocks, a step or a wait for other ranks, on a thread of its own: Swift's are as few as processors, and
  /// others need them.
  private func aside<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
    }
  }

  private func traits() throws -> [RankTrait: String] {
    [
      .program: RankTrait.runningProgram, .configuration: try configuration.digest,
      .archive: data.index.digest, .model: initial?.sha256 ?? "", .pixels: data.cache.digest,
      .kernels: Float.kernels.signature,
    ]
  }

  private func initialState() -> TrainingState {
    let parameters = Parameters<Float>(architecture.layout)
    var generator = SplitMix64(configuration.seed, 0x696e_6974)
    if let initial {
      parameters.memory.values = initial.classifier.all
    } else {
      parameters.initialize(using: &generator)
    }
    return TrainingState(parameters, configuration)
  }

  /// Makes sure that the output folder is there and free, and takes `state` from the checkpoint in it: rank 0 reads
  /// that, and tells the others.
  /// - Returns: nil where there is none.
  private func begin(resume: Bool, _ origin: Checkpoint.Origin, _ state: inout TrainingState) async throws
    -> Checkpoint?
  {
    var content: [UInt8] = []
    var checkpoint: Checkpoint?
    func take() throws {
      guard !content.isEmpty else { return }
      checkpoint = try Checkpoint(Data(content), of: checkpointFile, origin: origin, into: &state)
    }
    if ranks.isFirst {
      content = try openFolder(resume: resume)
      // Before the others hear of it: what is wrong with it is said once.
      try take()
    }
    content = try await aside { [ranks, content] in try ranks.broadcast(content) }
    if !ranks.isFirst { try take() }
    return checkpoint
  }

  /// - Returns: the content of the checkpoint; nothing where there is none.
  private func openFolder(resume: Bool) throws -> [UInt8] {
    try TrainingError.writing(output) {
      try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
    }
    let hasCheckpoint = FileManager.default.fileExists(atPath: checkpointFile.path)
    if !resume || !hasCheckpoint {
      for file in [checkpointFile, bestModel] where FileManager.default.fileExists(atPath: file.path) {
        throw TrainingError.checkpoint(
          output.path,
          hasCheckpoint
            ? "holds a training already: go on with --resume, or take another --output"
            : "holds a model, but no checkpoint to go on from: take another --output")
      }
    }
    guard hasCheckpoint else { return [] }
    do { return try Array(Data(contentsOf: checkpointFile)) } catch {
      throw TrainingError.checkpoint(checkpointFile.path, "\(error)")
    }
  }

  private func openLog(keeping steps: Int) throws -> TrainingLog {
    try TrainingError.writing(logFile) { try TrainingLog(at: logFile, keeping: steps) }
  }

  /// Writes the checkpoint, once all ranks are found to have come to the same.
  private func keep(_ progress: Checkpoint, _ state: TrainingState, _ origin: Checkpoint.Origin) async throws
  {
    if ranks.count > 1 {
      let own = state.digest
      let all = try await aside { [ranks] in try ranks.gathered(own) }
      let apart = all.indices.filter { all[$0] != all[0] }
      guard apart.isEmpty else { throw TrainingError.ranksApart(step: progress.step, ranks: apart) }
    }
    if ranks.isFirst { try progress.write(state, origin: origin, to: checkpointFile) }
  }

  private var checkpointFile: URL { output.appending(path: "checkpoint.safetensors") }
  private var logFile: URL { output.appending(path: "log.csv") }

  /// `model.safetensors`: the best on the validation split so far, or the last where there is none.
  private var bestModel: URL { output.appending(path: "model.safetensors") }

  @concurrent private func batch(_ step: Int, _ share: LaneShare) async -> Batch<Float>? {
    data.batch(
      step: step, size: configuration.stage(at: step).size, configuration: configuration, share: share,
      threads: threads)
  }

  /// Each rank reads its share of the validation images.
  private func validate(_ parameters: Parameters<Float>, _ progress: inout Checkpoint) async throws -> Event {
    var metadata = ModelMetadata(
      name: configuration.name, version: "\(progress.step) steps", trainingDataDigest: data.index.digest)
    metadata.architecture = architecture
    metadata.system = configuration.system
    metadata.lanes = configuration.lanes
    metadata.testTimeFlip = configuration.testTimeFlip
    metadata.view = configuration.view
    metadata.lungsMargin = configuration.lungsMargin
    metadata.lungsWeight = configuration.lungsWeight
    var model = self.model(metadata, parameters)
    let evaluation = try await aside { [model, data, threads, ranks] in
      try Evaluation(
        Predictor.team(of: threads, model), index: data.index, cache: data.cache,
        positions: data.validation, ranks: ranks)
    }.counting(findingsOf: configuration.findingSources, masksOf: configuration.maskSources)
    // Finite weights, however large, may still overflow on the way.
    let unreadable = evaluation.rows.filter { !$0.isFinite }
    guard unreadable.isEmpty else {
      throw TrainingError.unreadable(
        step: progress.step, images: unreadable.prefix(10).map(\.image.sopInstanceUID))
    }
    let figures = evaluation.figures(withIntervals: false)
    let score = evaluation.selectionScore
    // Where the validation split tells nothing, the last model is the one.
    let isBest = score.map { $0 > progress.bestScore } ?? true
    if isBest {
      progress.bestScore = score ?? progress.bestScore
    }
    if isBest, ranks.isFirst {
      model.metadata.training = data.summary(configuration, steps: progress.step)
      model.metadata.calibrate(on: evaluation)
      try TrainingError.write(model.encoded(.float32), to: bestModel)
    }
    return .validation(step: progress.step, figures, isBest: isBest)
  }

  /// What was trained, as a model. Where that reads the lungs and finds none, it is the reader of the model that finds
  /// them for it.
  private func model(_ metadata: ModelMetadata, _ parameters: Parameters<Float>) -> Model {
    guard configuration.view == .lungs, !configuration.system.segments, let initial else {
      return Model(metadata: metadata, parameters: parameters)
    }
    var metadata = metadata
    metadata.system = initial.metadata.system
    return Model(
      metadata: metadata, parameters: initial.parameters,
      reader: Model.reader(of: ParameterValues(parameters), architecture), visibleLungs: initial.visibleLungs)
  }

  /// What made the model, beside it.
  private func record() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let encoded = try TrainingError.writing(output) { try encoder.encode(configuration) }
    try TrainingError.write(encoded, to: output.appending(path: "configuration.json"))
    try TrainingError.write(
      Data("\(data.index.digest)\n".utf8), to: output.appending(path: "archive.sha256"))
  }
}
