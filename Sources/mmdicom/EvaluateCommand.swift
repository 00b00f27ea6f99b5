import Archive
import ArgumentParser
internal import EvaluationMetrics
import Files
import Foundation
import MultiMix
import Training

/// `mmdicom evaluate`: how a model does on the labelled images of an archive.
struct EvaluateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measure a model on the labelled images of an archive.")

  @OptionGroup var access: ArchiveAccess
  @OptionGroup var model: ModelOption

  @Option(help: "train, val or test; by default every labelled image.")
  var split: String?

  @Option(
    help: "Folder for images.csv, one row per image, and the figures as figures.json and figures.csv.",
    completion: .directory)
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Choose temperature and threshold anew on the val split, write the model with them to this file, and "
        + "print its figures.", valueName: "file"))
  var calibrate: String?

  @Option(
    help: """
      With --calibrate: choose the threshold at which so much of the pneumonia is found, 0 to 1, on average over the \
      sources with at least ten such images; by default the largest sum of sensitivity and specificity.
      """)
  var sensitivity: Double?

  @Option(
    help: """
      With --calibrate: leave findings open between the probability below which at most this share of the pneumonia lies, \
      and that above which at most this share of the normal images does, 0 to 0.5; by default none is left open.
      """)
  var abstain: Double?

  @Option(
    help: ArgumentHelp(
      """
      A CSV file, Source,MaskConvention, that says whether a source's masks are whole lungs (with what the heart hides) \
      or lung fields as they are visible; figures then name it, and a model that draws both is measured by the one.
      """, valueName: "file"), completion: .file(extensions: ["csv"]))
  var conventions: String?

  @Flag(
    help: "Print one JSON document: the figures over all images, and under \"sources\" per source folder.")
  var json = false

  @Flag(
    help:
      "Read each image's mirror image too and average the answers, whatever the model says; twice the time.")
  var flip = false

  @Option(help: "Threads; by default one for each processor.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    guard (1...256).contains(threads) else { throw ValidationError("--threads must be from 1 to 256") }
    if let sensitivity {
      guard calibrate != nil else { throw ValidationError("--sensitivity is for --calibrate") }
      guard sensitivity > 0, sensitivity <= 1 else {
        throw ValidationError("--sensitivity must be above 0 and at most 1")
      }
    }
    if let abstain {
      guard calibrate != nil else { throw ValidationError("--abstain is for --calibrate") }
      guard abstain > 0, abstain < 0.5 else {
        throw ValidationError("--abstain must be above 0 and below 0.5")
      }
    }
  }

  func run() async throws {
    try await reportingFailure {
      let wanted = try wantedSplit()
      let conventions = try self.conventions.map { try MaskConvention.read(URL(filePath: $0)) } ?? [:]
      var model = try self.model.load()
      // A calibrated model that is written reads the mirror image too: it was calibrated for such answers.
      model.metadata.testTimeFlip = flip || model.metadata.testTimeFlip
      let predictors = Predictor.team(of: max(1, threads), model)
      let progress = ProgressLine()
      let (index, cache) = try access.open(
        threads: threads, size: model.metadata.inputSize, view: model.metadata.view, progress: progress)
      progress.begin("evaluate")
      let positions = wanted.map { index.indices(of: $0) } ?? Array(index.images.indices)
      let evaluation = Evaluation(
        predictors, index: index, cache: cache, positions: positions,
        visibleSources: Set(conventions.filter { $0.value == .visible }.keys)
      ) { progress.update($0, of: $1) }
      let drawsVisible = model.visibleLungs != nil
      progress.end("\(evaluation.rows.count) labelled images")
      let seen = evaluation.rows.count { $0.image.split == .train }
      if seen > 0, index.digest == model.metadata.trainingDataDigest {
        progress.note("\(seen) of them are of the train split, which the model may have learned from")
      }
      guard !evaluation.rows.isEmpty else {
        throw CommandFailure(
          .badData, "no labelled images in \(access.names)\(wanted.map { ", split \($0)" } ?? "")")
      }
      if let calibrate {
        let (calibrated, remark, sha256) = try self.calibrate(model, on: evaluation, writing: calibrate)
        progress.note("calibration: \(remark)")
        progress.note("\(calibrate): SHA-256 \(sha256)")
        try publish(
          calibrated,
          EvaluationReport(
            calibrated, conventions, drawsVisible: drawsVisible, sha256: sha256, calibration: remark))
      } else {
        try publish(
          evaluation,
          EvaluationReport(
            evaluation, conventions, drawsVisible: drawsVisible, sha256: model.sha256 ?? "", calibration: nil)
        )
      }
    }
  }

  private func wantedSplit() throws(CommandFailure) -> Split? {
    let wanted: Split?
    if let split {
      wanted = Split(rawValue: split)
      guard wanted != nil else {
        throw CommandFailure(.usage, "--split \(split): no such split; name train, val or test")
      }
    } else {
      wanted = calibrate == nil ? nil : .val
    }
    guard calibrate == nil || wanted == .val else {
      throw CommandFailure(.usage, "--calibrate is for the val split: images neither trained nor tested on")
    }
    return wanted
  }

  /// Writes the model with a temperature and a threshold that suit the evaluation.
  private func calibrate(_ model: Model, on evaluation: Evaluation, writing path: String)
    throws(CommandFailure)
    -> (evaluation: Evaluation, remark: String, sha256: String)
  {
    guard evaluation.fittedCalibration() != nil else {
      throw CommandFailure(
        .badData, "can't calibrate: fewer than \(Calibration.fewestOfAClass) labelled images of a class")
    }
    var model = model
    model.metadata.calibrate(on: evaluation, sensitivity: sensitivity, error: abstain)
    let calibration = Calibration(
      temperature: model.metadata.temperature, threshold: model.metadata.decisionThreshold)
    let url = URL(filePath: path)
    try OutputFile.write(model.encoded(model.exactPrecision), to: path, option: "--calibrate")
    let sha256: String
    do { sha256 = try Model(readingFrom: url).sha256 ?? "" } catch {
      throw CommandFailure(.cannotCreate, "\(error)")
    }
    return (
      evaluation.applying(calibration).abstaining(in: model.metadata.abstentionBand),
      model.metadata.calibration, sha256
    )
  }

  private func publish(_ evaluation: Evaluation, _ report: EvaluationReport) throws {
    if let output {
      let folder = URL(filePath: output, directoryHint: .isDirectory)
      let files = [
        ("images.csv", evaluation.csv), ("figures.csv", Evaluation.csv(of: report.sets)),
        ("figures.json", try report.json()),
      ]
      for (name, text) in files {
        let isTable = name.hasSuffix(".csv")
        let columns = text.prefix { !$0.isNewline }
        try OutputFile.requireOurs(
          folder.appending(path: name),
          isTable ? OutputFile.hasFirstLine(columns) : OutputFile.hasKeys("model_sha256", "intervals"))
      }
      do {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, text) in files {
          try DurableFile.write(text, to: folder.appending(path: name))
        }
      } catch {
        throw CommandFailure(.cannotCreate, "\(folder.path): can't be written")
      }
    }
    Terminal.result(json ? try report.json() : EvaluationTable(report: report).text)
  }
}
