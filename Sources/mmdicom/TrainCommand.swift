import Archive
import ArgumentParser
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
      log.csv, configuration.json and checkpoint.safetensors to the output folder.
      """)

  @OptionGroup var access: ArchiveAccess

  @Option(help: "Folder for the model, the log and the checkpoint.", completion: .directory)
  var output: String

  @Option(help: "A configuration.json of an earlier training; other options change what it says.")
  var config: String?

  @Flag(help: "Go on from the checkpoint in the output folder.")
  var resume = false

  @Option(help: "A model to go on from; by default training begins with random weights.")
  var initial: String?

  @Option(help: "Stages of training as SIZExSTEPS, in order, such as 128x3000,256x1000.")
  var stages: String?

  @Option(help: "Labelled images that are used with their finding; the others count as unlabelled.")
  var labelledClassification: Int?

  @Option(help: "Images that are used with their lung mask; the others count as unlabelled.")
  var labelledSegmentation: Int?

  @Option(help: "Images of each stream in a step: masks,unlabelled masks,findings,unlabelled findings.")
  var batch: String?

  @Option(help: "Learning rate at its highest.")
  var learningRate: Double?

  @Option(help: "Seed of everything random.")
  var seed: UInt64?

  @Option(help: "The model's name.")
  var name: String?

  @Option(help: "Threads; by default one for each processor.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    guard (1...256).contains(threads) else { throw ValidationError("--threads must be from 1 to 256") }
  }

  func run() async throws {
    try await reportingFailure {
      let configuration = try trainingConfiguration()
      if let problem = configuration.problem { throw CommandFailure(.badConfiguration, problem) }
      let start = try initial.map { try ModelOption.load(URL(filePath: $0)) }
      let progress = ProgressLine()
      let (index, cache) = try access.open(threads: threads, progress: progress)
      let validation = index.indices(of: .val).count
      let data = TrainingData(index: index, cache: cache, configuration: configuration)
      progress.note(
        "streams: \(data.segmentation.count) masks, \(data.segmentationUnlabelled.count) without; "
          + "\(data.classification.count) findings, \(data.unlabelled.count) without; "
          + "validation \(validation) images"
          + (validation == 0 ? ": without any, the last model is the one that is kept" : ""))
      do {
        let trainer = try Trainer(
          configuration, data: data, output: URL(filePath: output, directoryHint: .isDirectory),
          threads: threads, initial: start)
        progress.begin("train")
        let (resume, report) = (resume, report(on: progress))
        let model = try await cancellingOnSignals { try await trainer.run(resume: resume, report: report) }
        progress.end("done")
        let metadata = try ModelOption.load(model).metadata
        if !metadata.validation.isEmpty { progress.note("validation: \(metadata.validation)") }
        progress.note("calibration: \(metadata.calibration)")
        print(model.path)
      } catch is CancellationError {
        throw CommandFailure(.someInputsFailed, "stopped after a whole step; --resume goes on from there")
      } catch let error as TrainingError {
        switch error {
        case .configuration: throw CommandFailure(.badConfiguration, "\(error)")
        case .nothingToTrainOn, .checkpoint, .diverged: throw CommandFailure(.badData, "\(error)")
        case .cannotWrite: throw CommandFailure(.cannotCreate, "\(error)")
        }
      }
    }
  }

  private func report(on progress: ProgressLine) -> @Sendable (Trainer.Event) -> Void {
    let offset = Offset()
    return { event in
      switch event {
      case .resumed(let step):
        offset.steps = step
        progress.note(step == 0 ? "no checkpoint yet: beginning at step 1" : "resumed after step \(step)")
      case .step(let number, let total, let size, let losses):
        progress.update(
          number, of: total, after: offset.steps,
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

  private func trainingConfiguration() throws -> TrainingConfiguration {
    var configuration = TrainingConfiguration()
    if let config {
      guard let data = FileManager.default.contents(atPath: config) else {
        throw CommandFailure(.noInput, "\(config): can't be read")
      }
      do { configuration = try JSONDecoder().decode(TrainingConfiguration.self, from: data) } catch {
        throw CommandFailure(.badConfiguration, "\(config): not a training configuration: \(error)")
      }
    }
    if let stages {
      configuration.stages = try stages.split(separator: ",").map { stage in
        let parts = stage.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let size = parts[0], let steps = parts[1] else {
          throw CommandFailure(.usage, "--stages \(stages): SIZExSTEPS,...")
        }
        return .init(size: size, steps: steps)
      }
    }
    if let batch {
      let sizes = batch.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
      guard sizes.count == 4, sizes.allSatisfy({ $0 >= 0 }) else {
        throw CommandFailure(.usage, "--batch \(batch): four numbers")
      }
      configuration.batch.segmentation = sizes[0]
      configuration.batch.segmentationUnlabelled = sizes[1]
      configuration.batch.classification = sizes[2]
      configuration.batch.unlabelled = sizes[3]
    }
    configuration.labelledClassification = labelledClassification ?? configuration.labelledClassification
    configuration.labelledSegmentation = labelledSegmentation ?? configuration.labelledSegmentation
    configuration.learningRate = learningRate ?? configuration.learningRate
    configuration.seed = seed ?? configuration.seed
    configuration.name = name ?? configuration.name
    return configuration
  }
}
