import Archive
import ArgumentParser
internal import EvaluationMetrics
import Foundation
import MultiMix
import NeuralNetworks
import Training

/// `mmdicom train`: a model from an archive that mixes labelled and unlabelled DICOM.
struct TrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a model on an archive of DICOM files.",
    discussion: """
      Images carry a finding through labels.csv and a lung mask through a SEG object that references them; \
      those with neither are used unlabelled. Writes model.safetensors (the best on the validation split), \
      log.csv, configuration.json and checkpoint.safetensors to the output folder. Started by mpirun or srun as \
      several processes, it is one training (etc/guide/scaling.md).
      """)

  @OptionGroup var access: ArchiveAccess

  @Option(help: "Folder for the model, the log and the checkpoint.", completion: .directory)
  var output: String

  @Option(help: "A configuration.json of an earlier training, or a part of one; other options change it.")
  var config: String?

  @Option(help: "Which of the paper's systems to train; multimix unless the configuration names another.")
  var system: System?

  @Flag(help: "Go on from the checkpoint in the output folder.")
  var resume = false

  @Option(help: "A model to go on from; by default training begins with random weights.")
  var initial: String?

  @Option(help: "Stages of training as SIZExSTEPS, in order, such as 128x3000,256x1000.")
  var stages: String?

  @Option(help: "Images that keep their finding, a number or all (default); the others count as unlabelled.")
  var labelledClassification: LabelCount?

  @Option(
    help: "Images that keep their lung mask, a number or all (default); the others count as unlabelled.")
  var labelledSegmentation: LabelCount?

  @Option(help: "Sources whose findings are learned, parted by commas; by default all.")
  var findingSources: String?

  @Option(help: "Sources whose lung masks are learned, parted by commas; by default all.")
  var maskSources: String?

  @Option(
    help:
      "Sources of which nothing is learned, nor of their patients elsewhere, parted by commas; to measure on."
  )
  var leaveOut: String?

  @Option(help: "The segmentation's consistency term; published is the published code's, which is zero.")
  var consistency: Objective.Consistency?

  @Flag(
    help: "Train on what is left of an archive with problems (listed when training refuses to begin).")
  var acceptProblems = false

  @Option(help: "Images of each stream in a step: masks,unlabelled masks,findings,unlabelled findings.")
  var batch: String?

  @Option(
    help:
      "Batches this many times as large, a number or ranks (as many times as there are ranks now), at a learning rate that grows by its square root (batchRule in the configuration)."
  )
  var batchFactor: BatchFactor?

  @Option(help: "Learning rate at its highest.")
  var learningRate: Double?

  @Option(help: "AdamW's weight decay, such as 0.01; 0 is Adam.")
  var weightDecay: Double?

  @Option(help: "Keep a moving average of the weights, with this decay, as the model; such as 0.999.")
  var emaDecay: Double?

  @Option(help: "Seed of everything random.")
  var seed: UInt64?

  @Option(help: "The model's name.")
  var name: String?

  @Option(
    help: "Threads; by default one for each processor, shared by the processes that train together there.")
  var threads: Int?

  func validate() throws {
    guard (1...256).contains(threads ?? 1) else { throw ValidationError("--threads must be from 1 to 256") }
  }

  func run() async throws {
    try await reportingFailure {
      let ranks = try RankLauncher.join(ProcessInfo.processInfo.environment)
      try await endingTogether(ranks) { try await train(ranks) }
    }
  }

  private func train(_ ranks: any RankGroup) async throws {
    let threads = threads ?? ranks.ownThreads
    let progress = ProgressLine(isSilent: !ranks.isFirst)
    let output = URL(filePath: output, directoryHint: .isDirectory)
    let (configuration, start) = try ranks.agreed {
      let configuration = try trainingConfiguration(ranks)
      if let problem = configuration.problem { throw CommandFailure(.badConfiguration, problem) }
      if ranks.isFirst { try Self.requireOurs(in: output) }
      return (configuration, try initial.map { try ModelOption.load(URL(filePath: $0)) })
    }
    try ranks.requireShared([
      .program: RankTrait.runningProgram, .configuration: try configuration.digest,
      .model: start?.sha256 ?? "",
    ])
    let (index, cache) = try access.open(
      threads: threads, view: configuration.view, ranks: ranks, progress: progress)
    var data = try ranks.agreed {
      try Self.requireSources(configuration.namedSources, in: index)
      let data = TrainingData(index: index, cache: cache, configuration: configuration)
      try tell(data, configuration, progress)
      return data
    }
    if configuration.view == .lungs {
      data = try findingLungs(data, start, configuration, ranks, threads, progress)
    }
    do {
      let trainer = try ranks.agreed {
        try Trainer(
          configuration, data: data, output: output, threads: threads, initial: start, ranks: ranks)
      }
      progress.begin("train")
      let (resume, report) = (resume, report(on: progress, of: configuration))
      let model = try await cancellingOnSignals { try await trainer.run(resume: resume, report: report) }
      progress.end("done")
      guard ranks.isFirst else { return }
      let metadata = try ModelOption.load(model).metadata
      if !metadata.validation.isEmpty { progress.note("validation: \(metadata.validation)") }
      progress.note("calibration: \(metadata.calibration)")
      print(model.path)
    } catch is CancellationError {
      throw SharedFailure(
        CommandFailure(.someInputsFailed, "stopped after a whole step; --resume goes on from there"))
    } catch let error as TrainingError where error.isOfAllRanks {
      throw SharedFailure(error)
    } catch TrainingError.cannotWrite(let what) {
      throw CommandFailure(
        .cannotCreate, "\(TrainingError.cannotWrite(what))\(Self.whatRemains(in: output))")
    }
  }

  /// Says what there is to train on.
  /// - Throws: `CommandFailure` where training may not begin.
  private func tell(
    _ data: TrainingData, _ configuration: TrainingConfiguration, _ progress: ProgressLine
  ) throws(CommandFailure) {
    progress.note(
      "streams: \(data.segmentation.count) masks, \(data.segmentationUnlabelled.count) without; "
        + "\(data.classification.count) findings, \(data.unlabelled.count) without; "
        + "validation \(data.validation.count) images"
        + (data.validation.isEmpty ? ": without any, the last model is the one that is kept" : ""))
    let readiness = TrainingReadiness(
      problems: data.index.problems + data.cache.failures, labels: data.labels, system: configuration.system)
    if let refusal = readiness.refusal(acceptingProblems: acceptProblems) {
      throw CommandFailure(.badData, refusal)
    }
    for obstacle in readiness.obstacles { progress.note("accepted: \(obstacle)") }
    let shortcuts = data.index.shortcuts.count
    if shortcuts > 0 {
      progress.note(
        "warning: \(shortcuts) \(shortcuts == 1 ? "thing tells" : "things tell") the finding beside the picture; "
          + "`archive index` names \(shortcuts == 1 ? "it" : "them")")
    }
    for warning in LabelShortage.warnings(data.labels, configuration) {
      progress.note("warning: \(warning)")
    }
  }

  /// The box of every image that the classifier reads by its lungs alone.
  private func findingLungs(
    _ data: TrainingData, _ start: Model?, _ configuration: TrainingConfiguration, _ ranks: any RankGroup,
    _ threads: Int, _ progress: ProgressLine
  ) throws -> TrainingData {
    var finders: [Predictor] = []
    if let start, start.metadata.system.segments {
      finders = Predictor.team(of: threads, start)
    } else {
      progress.note(
        "warning: images without a mask are shown whole; name a model that finds lungs with --initial")
    }
    progress.begin("lungs")
    let found = try data.findingLungs(by: finders, margin: configuration.lungsMargin, ranks: ranks) {
      progress.update($0, of: $1)
    }
    progress.end("looked for in every image with a finding")
    return found
  }

  /// A misspelt source would otherwise have no images.
  private static func requireSources(_ named: [String], in index: ArchiveIndex) throws(CommandFailure) {
    let sources = Set(index.images.map(\.source)).sorted()
    guard let missing = named.first(where: { !sources.contains($0) }) else { return }
    throw CommandFailure(
      .badConfiguration,
      "no images from \"\(missing)\"; the sources are \(sources.joined(separator: ", "))")
  }

  /// The files that a training replaces, but for the model and the checkpoint, which the trainer guards itself.
  private static func requireOurs(in output: URL) throws(CommandFailure) {
    try OutputFile.requireOurs(
      output.appending(path: "configuration.json"), OutputFile.hasKeys("stages", "seed"))
    try OutputFile.requireOurs(output.appending(path: "log.csv")) { $0.starts(with: Data("step,size,".utf8)) }
    try OutputFile.requireOurs(output.appending(path: "archive.sha256")) { content in
      content.count == 65 && content.dropLast().allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
    }
  }

  /// A checkpoint is replaced only by a whole one.
  private static func whatRemains(in output: URL) -> String {
    let checkpoint = output.appending(path: "checkpoint.safetensors").path
    return FileManager.default.fileExists(atPath: checkpoint)
      ? "; the last good checkpoint is kept: make room, then go on with --resume" : ""
  }

  private func report(
    on progress: ProgressLine, of configuration: TrainingConfiguration
  ) -> @Sendable (Trainer.Event) -> Void {
    let offset = Offset()
    return { event in
      switch event {
      case .resumed(let step):
        offset.steps = step
        progress.note(
          step == 0
            ? "warning: --resume found no checkpoint.safetensors in the output folder; beginning at step 1"
            : "resumed after step \(step)")
      case .step(let number, let total, let size, let losses):
        progress.update(
          number, of: total, after: offset.steps, work: configuration.pixels(inFirst:),
          detail: String(
            format: "%d px  loss %.4f (findings %.3f, dice %.3f, pseudo %.3f, consistency %.3f)", size,
            losses.total, losses.classification, losses.segmentation, losses.pseudoLabel, losses.consistency))
      case .validation(let step, let figures, let isBest):
        var parts = ["step \(step)"]
        if let dice = figures.segmentation?.dice { parts.append(String(format: "dice %.4f", dice)) }
        if let auroc = figures.classification?.auroc { parts.append(String(format: "AUROC %.4f", auroc)) }
        if let accuracy = figures.classification?.accuracy {
          parts.append(String(format: "accuracy %.4f", accuracy))
        }
        progress.note("validation: " + parts.joined(separator: ", ") + (isBest ? " (best so far)" : ""))
      }
    }
  }

  private final class Offset: @unchecked Sendable {
    // Invariant: the trainer reports one event at a time.
    var steps = 0
  }

  /// SIZExSTEPS.
  private static func stage(_ text: Substring) throws(CommandFailure) -> TrainingConfiguration.Stage {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    let problem =
      switch parts.count {
      case 2 where Int(parts[0]) == nil: "the size '\(parts[0])' is no whole number"
      case 2 where Int(parts[1]) == nil: "the number of steps '\(parts[1])' is no whole number"
      case 2: ""
      case 1 where text.isEmpty: "a stage is empty"
      case 1: "'\(text)' has no number of steps"
      default: "'\(text)' has more than a size and a number of steps"
      }
    guard problem.isEmpty, let size = Int(parts[0]), let steps = Int(parts[1]) else {
      throw CommandFailure(
        .usage,
        "--stages: \(problem); give each stage as SIZExSTEPS (pixels, steps), such as 128x3000,256x1000")
    }
    return .init(size: size, steps: steps)
  }

  private func trainingConfiguration(_ ranks: any RankGroup) throws -> TrainingConfiguration {
    var configuration = TrainingConfiguration()
    if let config {
      guard let data = FileManager.default.contents(atPath: config) else {
        throw CommandFailure(.noInput, "\(config): can't be read")
      }
      do { configuration = try configuration.changed(byJSON: data) } catch {
        throw CommandFailure(.badConfiguration, "\(config): \(error)")
      }
    }
    configuration.system = system ?? configuration.system
    if let stages {
      configuration.stages = try stages.split(separator: ",", omittingEmptySubsequences: false).map(
        Self.stage)
    }
    if let batch {
      let sizes = batch.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
      guard sizes.count == 4, sizes.allSatisfy({ $0 >= 0 }) else {
        throw CommandFailure(
          .usage,
          "--batch \(batch): four whole numbers, parted by commas: masks, unlabelled masks, findings, unlabelled "
            + "findings; such as 4,4,4,4")
      }
      configuration.batch.segmentation = sizes[0]
      configuration.batch.segmentationUnlabelled = sizes[1]
      configuration.batch.classification = sizes[2]
      configuration.batch.unlabelled = sizes[3]
    }
    switch batchFactor {
    case .times(let factor): configuration.batchFactor = factor
    case .ranks: configuration.batchFactor = ranks.count
    case nil: break
    }
    if let labelledClassification { configuration.labelledClassification = labelledClassification.limit }
    if let labelledSegmentation { configuration.labelledSegmentation = labelledSegmentation.limit }
    func list(_ names: String) -> [String] { names.split(separator: ",").map(String.init) }
    configuration.findingSources = findingSources.map(list) ?? configuration.findingSources
    configuration.maskSources = maskSources.map(list) ?? configuration.maskSources
    configuration.leftOut = leaveOut.map(list) ?? configuration.leftOut
    configuration.objective.consistencyKind = consistency ?? configuration.objective.consistencyKind
    configuration.learningRate = learningRate ?? configuration.learningRate
    configuration.weightDecay = weightDecay ?? configuration.weightDecay
    configuration.emaDecay = emaDecay ?? configuration.emaDecay
    configuration.seed = seed ?? configuration.seed
    configuration.name = name ?? configuration.name
    return configuration
  }
}
