import ArgumentParser
import Files
import FoundationEssentials
import MultiMix
import NeuralNetworks
import ONNXExport

extension ModelCommand {
  /// `mmdicom model export`: a model for release, under its own name and in half the space, or for other runtimes.
  struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "export",
      abstract: "Write a model anew: other precision, name, version, reading or format.",
      discussion: """
        With --onnx the file is a graph for ONNX Runtime and others: input [N, 1, 256, 256]; class_logits, \
        mask_logits, saliency (its gradient written out as forward operations), pneumonia_probability.
        """)

    enum Precision: String, CaseIterable, ExpressibleByArgument {
      case float16, float32
    }

    @Argument(help: ArgumentHelp("Model file.", valueName: "file"))
    var file: String

    @Option(help: ArgumentHelp("The file to write.", valueName: "file"))
    var output: String

    @Option(help: "Of the weights in the file; the network computes in float32.")
    var precision = Precision.float32

    @Flag(help: "Write an ONNX graph, in float32, instead of safetensors.")
    var onnx = false

    @Option(help: "The model's name.")
    var name: String?

    @Option(help: ArgumentHelp("The model's version.", valueName: "text"))
    var modelVersion: String?

    @Flag(
      inversion: .prefixedNo,
      help: """
        Whether the model reads each image's mirror image too and averages the answers. A change needs a new \
        calibration: temperature 1 and threshold 0.5 until then.
        """)
    var testTimeFlip: Bool?

    func validate() throws {
      if onnx && precision == .float16 {
        throw ValidationError("an ONNX graph is written in float32: leave --precision float16 out")
      }
    }

    func run() async throws {
      try await reportingFailure {
        var model = try ModelOption.load(URL(filePath: try ModelLocation.here.find(file)))
        model.metadata.name = name ?? model.metadata.name
        model.metadata.version = modelVersion ?? model.metadata.version
        if let testTimeFlip, testTimeFlip != model.metadata.testTimeFlip {
          model.metadata.testTimeFlip = testTimeFlip
          model.metadata.forgetCalibration()
        }
        let bytes =
          onnx ? model.encodedONNX() : model.encoded(precision == .float16 ? .float16 : .float32)
        try OutputFile.write(bytes, to: output, option: "--output")
        Terminal.result("\(output): \(model.metadata.name) \(model.metadata.version), \(bytes.count) bytes\n")
      }
    }
  }
}
