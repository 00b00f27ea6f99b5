import Analysis
public import ArgumentParser
public import Daemon
import FoundationEssentials

/// `mmdicom analyze`: reads radiographs where they lie.
struct AnalyzeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract: "Read radiographs: files, and folders with all that lies in them.",
    discussion: """
      For each frontal chest radiograph the output folder gets <SOPInstanceUID>.overlay.dcm (a DICOM Secondary \
      Capture) and .png, .segmentation.dcm (the lungs), .report.dcm (a structured report) and, where asked for, \
      .presentation.dcm (the outline, for viewers to draw on the image); report.csv gets a row for every image, and for every file that is none. \
      Images that were analysed into the same folder before are replaced. The files themselves are only read.

      Exit status: 0 all analysed, 1 some weren't (each is named), 65 or 66 the model can't be used or an \
      input is missing, 73 the output can't be written.
      """)

  @Argument(help: ArgumentHelp("DICOM files or folders.", valueName: "path"))
  var paths: [String]

  @Option(help: ArgumentHelp("Folder for the results; made if missing.", valueName: "dir"))
  var output: String

  @OptionGroup var model: ModelOption

  @Flag(help: "Print one JSON document.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "Which results, separated by commas: overlay, segmentation, report, presentation, fhir, hl7.",
      valueName: "kinds"))
  var results = "overlay,segmentation,report"

  @Flag(help: "Also write <SOPInstanceUID>.safetensors: input, class_logits, mask_logits, saliency.")
  var tensors = false

  @Option(
    help: ArgumentHelp("Threads for inference; 0 leaves one core to decoding and drawing.", valueName: "n"))
  var threads = 0

  @Option(
    help: ArgumentHelp(
      "K/N: read the K-th of N parts, into a folder of its own below the output; mmdicom join makes one of them.",
      valueName: "k/n"))
  var shard: AnalysisInputs.Shard?

  func validate() throws {
    guard !paths.isEmpty else { throw ValidationError("name at least one file or folder") }
    _ = try kinds()
    guard (0...256).contains(threads) else { throw ValidationError("--threads must be from 0 to 256") }
  }

  private func kinds() throws -> [ResultOptions.Kind] {
    var kinds: [ResultOptions.Kind] = []
    for name in results.split(whereSeparator: { ", ".contains($0) }).map(String.init) {
      guard let kind = ResultOptions.Kind(rawValue: name) else {
        let known = ResultOptions.Kind.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("--results holds '\(name)'; it takes \(known)")
      }
      if !kinds.contains(kind) { kinds.append(kind) }
    }
    guard !kinds.isEmpty else { throw ValidationError("--results is empty: nothing would be written") }
    return kinds
  }

  func run() async throws {
    try await reportingFailure {
      let whole = URL(filePath: output).absoluteURL.standardizedFileURL
      let output = shard.map { ShardFolder.folder($0.number, of: $0.count, in: whole) } ?? whole
      let model = try model.resolve().path
      let inputs = try AnalysisInputs(ArgumentBytes.paths(paths), skipping: whole).part(shard ?? .whole)
      if shard != nil { try ShardFolder.begin(output) }
      var options = ResultOptions()
      options.kinds = try kinds()
      let batch = BatchAnalysis(
        model: model, output: output, tensors: tensors, options: options, threads: threads)
      let printer = AnalysisPrinter(isJSON: json, output: output)
      let tally = try await batch.run(inputs, onEvent: printer.print)
      if shard != nil { try ShardFolder.end(output) }
      printer.finish(tally, report: batch.report)
      guard tally.isClean else { throw ExitCode.someInputsFailed }
    }
  }
}

extension AnalysisInputs.Shard: ExpressibleByArgument {
  public init?(argument: String) {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let number = parts[0], let count = parts[1] else { return nil }
    self.init(number, of: count)
  }
}
