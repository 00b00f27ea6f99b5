import Archive
import ArgumentParser
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

  @Option(help: "Folder for images.csv, one row per image.", completion: .directory)
  var output: String?

  @Flag(
    help: "Print one JSON document: the figures over all images, and under \"sources\" per source folder.")
  var json = false

  @Flag(
    help:
      "Read each image's mirror image too and average the answers, whatever the model says; twice the time.")
  var flip = false

  @Option(help: "Threads; by default one for each processor.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  private struct Report: Encodable {
    let classification: ClassificationMetrics?
    let segmentation: Evaluation.Figures.Segmentation?
    let model: String
    let modelSHA256: String
    let sources: [String: Evaluation.Figures]

    enum CodingKeys: String, CodingKey {
      case classification, segmentation, model, sources
      case modelSHA256 = "model_sha256"
    }
  }

  func validate() throws {
    guard (1...256).contains(threads) else { throw ValidationError("--threads must be from 1 to 256") }
  }

  func run() async throws {
    try await reportingFailure {
      let wanted = try split.map { name in
        guard let split = Split(rawValue: name) else {
          throw CommandFailure(.usage, "--split \(name): train, val or test")
        }
        return split
      }
      let model = try self.model.load()
      let predictors = (0..<max(1, threads)).map { _ in Predictor(model, threads: 1, flips: flip ? true : nil)
      }
      let progress = ProgressLine()
      let (index, cache) = try access.open(threads: threads, progress: progress)
      guard cache.size == model.metadata.inputSize else {
        throw CommandFailure(
          .badData, "the model takes \(model.metadata.inputSize) pixels, the cache \(cache.size)")
      }
      progress.begin("evaluate")
      let evaluation = Evaluation(
        predictors, index: index, cache: cache,
        positions: wanted.map { index.indices(of: $0) } ?? Array(index.images.indices)
      ) { progress.update($0, of: $1) }
      progress.end("\(evaluation.rows.count) labelled images")
      guard !evaluation.rows.isEmpty else {
        throw CommandFailure(
          .badData, "no labelled images in \(access.archive)\(split.map { ", split \($0)" } ?? "")")
      }
      if let output { try write(evaluation, to: URL(filePath: output, directoryHint: .isDirectory)) }
      let report = Report(
        classification: evaluation.figures().classification, segmentation: evaluation.figures().segmentation,
        model: "\(model.metadata.name) \(model.metadata.version)", modelSHA256: model.sha256 ?? "",
        sources: Dictionary(
          uniqueKeysWithValues: evaluation.sources.map { ($0, evaluation.figures(source: $0)) }))
      if json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        print(String(decoding: try encoder.encode(report), as: UTF8.self))
      } else {
        printTable(evaluation)
      }
    }
  }

  private func write(_ evaluation: Evaluation, to folder: URL) throws {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(evaluation.csv.utf8).write(to: folder.appending(path: "images.csv"), options: .atomic)
    } catch {
      throw CommandFailure(.cannotCreate, "\(folder.path): can't be written")
    }
  }

  private func printTable(_ evaluation: Evaluation) {
    func row(_ name: String, _ figures: Evaluation.Figures) -> String {
      func text(_ value: Double?) -> String { value.map { String(format: "%8.4f", $0) } ?? "       -" }
      let c = figures.classification
      let s = figures.segmentation
      return name.padding(toLength: 18, withPad: " ", startingAt: 0)
        + String(format: "%6d", c?.n ?? 0) + text(c?.accuracy) + text(c?.auroc) + text(c?.f1Normal)
        + text(c?.f1Pneumonia) + text(c?.ece) + String(format: "%6d", s?.n ?? 0) + text(s?.dice)
        + text(s?.jaccard)
        + text(s?.ssim) + text(s?.hausdorff)
    }
    print(
      "source            findings accuracy  AUROC   F1-N    F1-P     ECE masks  Dice  Jaccard    SSIM Hausdorff"
    )
    for source in evaluation.sources { print(row(source, evaluation.figures(source: source))) }
    print(row("all", evaluation.figures()))
  }
}
