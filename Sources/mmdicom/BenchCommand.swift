import Analysis
import Archive
import ArgumentParser
import DICOM
import Foundation
import MultiMix
internal import Phantoms
import Radiography
import Tensors

/// `mmdicom bench`: how fast this machine reads and trains, beside what it could do at best.
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure inference, training, decoding and the whole way of a file.",
    discussion: """
      Medians. The network has random weights, except where a file goes its whole way: an overlay takes as long \
      as its outline is. That file is a phantom of 512 pixels in JPEG 2000, or the one that --file names. \
      MMDICOM_KERNELS=avx512, avx2, neon or portable measures what another processor would run.
      """)

  enum Part: String, CaseIterable, ExpressibleByArgument {
    case peak, forward, inference, train, decode, pipeline, layers
  }

  @Flag(help: "Print one JSON document.")
  var json = false

  @Option(help: "What to measure: peak, forward, inference, train, decode, pipeline, layers; by default all.")
  var only: [Part] = []

  @Option(help: "Runs of each inference; a training step takes a third of them.")
  var runs = 15

  @Option(help: "Images in each of the five streams of a training step.")
  var batch = 10

  @Option(help: "Threads; by default one for each processor.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Option(help: ArgumentHelp("A DICOM file for decode and pipeline.", valueName: "file"))
  var file: String?

  @OptionGroup var model: ModelOption

  func validate() throws {
    guard runs > 0, batch > 0, (1...256).contains(threads) else {
      throw ValidationError("--runs, --batch and --threads must be positive")
    }
  }

  /// A figure: its name in the JSON contract, its value, and how people read it.
  private struct Figure {
    let key: String
    let value: Double
    let text: String
  }

  func run() async throws {
    try await reportingFailure {
      let parts = only.isEmpty ? Set(Part.allCases) : Set(only)
      // Found out before minutes of measuring.
      let modelFile = parts.contains(.pipeline) ? try model.resolve() : nil
      // Its weights take a second to draw.
      lazy var benchmark = Benchmark(threads: threads)
      var figures: [Figure] = []
      var peak: Double?
      if parts.contains(.peak) || parts.contains(.layers) {
        let value = MachinePeak.gflops(threads: threads)
        peak = value
        figures.append(
          Figure(key: "peak_gflops", value: value, text: String(format: "%.0f GFLOPS (SGEMM)", value)))
      }
      /// The time that the direct convolutions' multiply-adds take at the peak: the floor of a direct method.
      func floor(_ gflop: Double, _ seconds: Double) -> String {
        peak.map {
          String(format: "%.2f of the time that direct convolution takes at the peak", seconds * $0 / gflop)
        }
          ?? ""
      }
      if parts.contains(.forward) {
        let seconds = median(benchmark.forward(runs: runs))
        figures.append(Self.milliseconds("forward_ms", seconds, floor(6.96, seconds)))
      }
      if parts.contains(.inference) {
        let seconds = median(benchmark.inference(runs: runs))
        figures.append(Self.milliseconds("inference_ms", seconds, floor(6.96 + 2.13, seconds)))
      }
      if parts.contains(.train) {
        let seconds = median(try benchmark.trainingStep(batch: batch, runs: max(1, runs / 3)))
        figures.append(Figure(key: "train_step_s", value: seconds, text: String(format: "%.2f s", seconds)))
      }
      if parts.contains(.decode) || parts.contains(.pipeline) {
        figures += try await files(parts, modelFile)
      }
      let stages = parts.contains(.layers) ? BenchStages(benchmark, runs: runs) : nil
      figures += stages.map { $0.shares.map { Figure(key: $0.key, value: $0.value, text: $0.text) } } ?? []
      try show(figures)
      if !json { stages?.printTables() }
    }
  }

  /// Decoding to the network's input, and the whole way to result objects and report rows.
  private func files(_ parts: Set<Part>, _ modelFile: URL?) async throws -> [Figure] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "mmdicom-bench-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let file =
      try file.map { URL(filePath: $0) }
      ?? folder.appending(path: PhantomArchive.write(count: 1, size: 512, seed: 1, to: folder)[0])
    var figures: [Figure] = []
    if parts.contains(.decode) {
      let seconds = try median { _ = ModelInput(try Radiograph(DICOMFile(reading: file))) }
      figures.append(Self.milliseconds("decode_ms", seconds, "file to network input"))
    }
    if let modelFile {
      // As the worker process does: in a batch one core is left to decoding and drawing.
      let analyser = try Analyser(modelAt: modelFile, threads: max(1, threads - 1), alone: threads)
      let output = folder.appending(path: "out")
      let report = try ReportFile(at: folder.appending(path: "report.csv"))
      func finish(_ image: Analyser.ReadImage) throws {
        let (row, detail, _) = try analyser.finish(image, into: output, tensors: false)
        guard row.status == .analysed else { throw CommandFailure(.badData, "\(file.path): \(detail)") }
        try report.append(row)
      }
      let alone = try median {
        try finish(analyser.read(PreparedImage(file, inputSize: analyser.inputSize), isAlone: true))
      }
      figures.append(Self.milliseconds("one_image_ms", alone, "file to results on disk, one by one"))

      // In a batch, as the worker process takes it: one image decoded, one in the network, one written at a time.
      let (images, line) = AsyncStream.makeStream(of: URL.self)
      let count = 4 * runs
      // As many as the daemon keeps in the worker.
      for _ in 0..<3 { line.yield(file) }
      var open = count - 3
      let inputSize = analyser.inputSize
      var failure: (any Error)?
      let begin = ContinuousClock.now
      await assemblyLine(
        images, first: { PreparedImage($0, inputSize: inputSize) }, second: { analyser.read($0) },
        last: { image in
          do { try finish(image) } catch { failure = error }
          open -= 1
          if open >= 0 { line.yield(file) } else { line.finish() }
        })
      let batch = (ContinuousClock.now - begin) / .seconds(1) / Double(count)
      if let failure { throw failure }
      figures.append(
        Figure(
          key: "images_per_s", value: 1 / batch,
          text: String(format: "%.2f images/s (%.1f ms an image of a batch)", 1 / batch, batch * 1e3)))
    }
    return figures
  }

  /// Of `runs` runs behind one that doesn't count.
  private func median(_ body: () throws -> Void) rethrows -> Double {
    try body()
    return try median(
      (0..<runs).map { _ in
        let begin = ContinuousClock.now
        try body()
        return (ContinuousClock.now - begin) / .seconds(1)
      })
  }

  /// What `--json` prints.
  private struct Document: Encodable {
    let kernels: String
    let figures: [Figure]

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(kernels, forKey: Key(stringValue: "kernels"))
      for figure in figures { try container.encode(figure.value, forKey: Key(stringValue: figure.key)) }
    }

    private struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }
  }

  private func show(_ figures: [Figure]) throws {
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      let document = Document(kernels: Float.kernels.name, figures: figures)
      Terminal.result(String(decoding: try encoder.encode(document), as: UTF8.self) + "\n")
      return
    }
    Terminal.result("kernels \(Float.kernels.name), \(threads) threads\n")
    for figure in figures {
      Terminal.result(figure.key.padding(toLength: 18, withPad: " ", startingAt: 0) + figure.text + "\n")
    }
  }

  private static func milliseconds(_ key: String, _ seconds: Double, _ detail: String) -> Figure {
    Figure(key: key, value: seconds * 1e3, text: String(format: "%.1f ms  ", seconds * 1e3) + detail)
  }

  private func median(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }
}
