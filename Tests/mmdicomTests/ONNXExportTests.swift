import Foundation
import TestSupport
import Testing

@Suite(
  "mmdicom model export --onnx", .enabled(if: Program.url != nil, "the program isn't built"), .serialized)
struct ONNXExportTests {
  private static let python = TestEnvironment.python(importing: "onnx", "onnxruntime", "safetensors")
  private static let samples = TestEnvironment.packageRoot.appending(path: "samples")
  private static let model = samples.appending(path: "multimix.safetensors").path

  private let program: Program

  init() throws { program = try Program() }

  /// What ONNX Runtime makes of each input that `analyze --tensors` left, against the outputs that lie beside it:
  /// the image's name, the probability, then for class scores, mask and saliency ||a - b|| / ||b||. Last the model's
  /// metadata.
  private static let script = """
    import glob
    import os
    import sys
    import numpy as np
    import onnxruntime
    from safetensors.numpy import load_file
    session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    for path in sorted(glob.glob(sys.argv[2] + "/*.safetensors")):
        ours = load_file(path)
        theirs = dict(zip(names, session.run(names, {i.name: ours[i.name] for i in session.get_inputs()})))
        print(os.path.basename(path)[:-12], theirs["pneumonia_probability"][0], end="")
        for name in ("class_logits", "mask_logits", names[2]):
            a, b = theirs[name].astype(np.float64), ours[name].astype(np.float64)
            print("", np.linalg.norm(a - b) / np.linalg.norm(b), end="")
        print()
    for key, value in sorted(session.get_modelmeta().custom_metadata_map.items()):
        print(key + "=" + value)
    """

  @Test(
    "the released model reads the sample phantoms in ONNX Runtime as it does here",
    .enabled(if: python != nil, "MMDICOM_PYTHON names no Python with onnx and onnxruntime"))
  func sameResult() async throws {
    let radiographs = ["001", "003", "005"].map {
      Self.samples.appending(path: "phantoms/PHANTOM-\($0)/dx.dcm").path
    }
    let analysed = try await program.run(
      "analyze", radiographs[0], radiographs[1], radiographs[2], "--output", "out", "--tensors", "--model",
      Self.model)
    try #require(analysed.status == 0, "\(analysed.complaints)")
    let exported = try await program.run(
      "model", "export", Self.model, "--output", "model.onnx", "--onnx", "--name", "renamed")
    try #require(exported.status == 0, "\(exported.complaints)")
    #expect(exported.output.hasPrefix("model.onnx: renamed "))

    let result = try TestEnvironment.run(
      #require(Self.python),
      ["-c", Self.script] + ["model.onnx", "out"].map { program.folder.appending(path: $0).path })
    try #require(result.status == 0, "\(result.output)")
    let lines = result.output.split(separator: "\n").map(String.init)
    let rows = program.report("out/report.csv")
    #expect(rows.count == 3)
    for row in rows {
      let uid = try #require(row["sop_instance_uid"])
      let figures = try #require(lines.first { $0.hasPrefix(uid + " ") }).split(separator: " ").dropFirst()
      let values = try figures.map { try #require(Double($0)) }
      let probability = try #require(Double(row["pneumonia_probability"] ?? ""))
      #expect(abs(values[0] - probability) < 1e-4)
      // A leaky ReLU or a pooling that rounding tips over shows in a few pixels of the saliency.
      for (value, bound) in zip(values.dropFirst(), [1e-4, 1e-4, 2e-2]) { #expect(value < bound) }
    }
    let sha256 = try #require(rows.first?["model_sha256"])
    #expect(lines.contains("name=renamed") && lines.contains("model_sha256=" + sha256))
    #expect(lines.contains("intended_use=research use only, not for diagnosis"))
  }

  @Test("float16 and ONNX exclude each other; a folder that isn't there can't be written into")
  func refusals() async throws {
    let both = try await program.run(
      "model", "export", Self.model, "--output", "model.onnx", "--onnx", "--precision", "float16")
    #expect(both.status == 64 && both.complaints.contains("float32"))
    let nowhere = try await program.run(
      "model", "export", Self.model, "--output", "missing/model.onnx", "--onnx")
    #expect(nowhere.status == 73 && nowhere.complaints.contains("missing/model.onnx"))
    #expect(program.files(".", ".onnx").isEmpty)
  }
}
