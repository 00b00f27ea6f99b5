import Foundation
import MultiMix
import NeuralNetworks
import ONNXExport
import TestSupport
import Testing

/// Runs a graph in ONNX Runtime on the CPU, through the Python of MMDICOM_PYTHON.
enum ONNXRuntime {
  static let python = TestEnvironment.python(importing: "onnx", "onnxruntime", "safetensors")

  /// Besides running the graph it has ONNX's checker look at it, and writes the file anew from what it read: the
  /// same bytes, or a field was written that its reader doesn't know.
  private static let script = """
    import sys
    import numpy as np
    import onnx
    import onnxruntime
    from safetensors.numpy import load_file, save_file
    folder = sys.argv[1]
    with open(folder + "/graph.onnx", "rb") as f:
        data = f.read()
    model = onnx.load_from_string(data)
    onnx.checker.check_model(model, full_check=True)
    assert model.SerializeToString(deterministic=True) == data, "written anew the file is another"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    results = session.run(names, load_file(folder + "/in.safetensors"))
    save_file({n: np.ascontiguousarray(r) for n, r in zip(names, results)}, folder + "/out.safetensors")
    """

  static func run(_ file: Data, _ inputs: [String: Safetensors.Array]) throws -> [String: Safetensors.Array] {
    let folder = try TestEnvironment.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try file.write(to: folder.appending(path: "graph.onnx"))
    try Safetensors(arrays: inputs).encoded().write(to: folder.appending(path: "in.safetensors"))
    let result = try TestEnvironment.run(#require(python), ["-c", script, folder.path])
    try #require(result.status == 0, "\(result.output)")
    return try Safetensors(Data(contentsOf: folder.appending(path: "out.safetensors"))).arrays
  }

  static func run(_ graph: ONNXGraph, _ inputs: [String: Safetensors.Array]) throws
    -> [String: Safetensors.Array]
  {
    try run(Data(graph.encoded(producer: "test", description: "", metadata: [:])), inputs)
  }
}
