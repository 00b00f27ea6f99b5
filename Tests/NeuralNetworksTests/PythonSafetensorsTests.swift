import Foundation
import NeuralNetworks
import TestSupport
import Testing

/// Files written by the Python package `safetensors` read here, and ours read there, to the last bit.
@Suite(
  .enabled(
    if: TestEnvironment.python != nil, "MMDICOM_PYTHON names no Python with safetensors"))
struct PythonSafetensorsTests {
  /// Writes a file of every half and of many floats, and checks what comes back: float32 as it was, float16 as
  /// numpy rounds.
  static let script = """
    import sys
    import numpy as np
    from safetensors import safe_open
    from safetensors.numpy import save_file
    mode, folder = sys.argv[1:]
    rng = np.random.default_rng(1)
    with np.errstate(all="ignore"):
        floats = np.concatenate([
            rng.integers(0, 2**32, 200_000, dtype=np.uint32).view(np.float32),
            (rng.standard_normal(200_000) * 10.0 ** rng.uniform(-9, 6, 200_000)).astype(np.float32)])
        floats = floats[~np.isnan(floats)]
        arrays = {
            "halves": np.arange(65536, dtype=np.uint16).view(np.float16).reshape(256, 256), "floats": floats,
            "scalar": np.array(2.5, np.float32), "empty": np.zeros((0, 3), np.float32)}
        if mode == "write":
            save_file(arrays, folder + "/python.safetensors", metadata={"format": "pt", "who": "Ärztin"})
            sys.exit()
        for name, dtype in (("float32", np.float32), ("float16", np.float16)):
            with safe_open(f"{folder}/{name}.safetensors", "np") as f:
                assert f.metadata() == {"format": "pt", "who": "Ärztin"}, f.metadata()
                assert set(f.keys()) == set(arrays)
                for key, array in arrays.items():
                    ours, theirs = f.get_tensor(key), array.astype(np.float32).astype(dtype)
                    assert ours.dtype == dtype and ours.shape == theirs.shape, key
                    same = (ours.view(np.uint8) == theirs.view(np.uint8)).reshape(-1, np.dtype(dtype).itemsize).all(1) \\
                        if ours.size and ours.ndim else ours == theirs
                    assert (same | np.isnan(theirs).reshape(same.shape)).all(), (name, key)
    """

  @Test func bothWays() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "safetensors-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(try python("write", folder) == 0)
    let file = try Safetensors(Data(contentsOf: folder.appending(path: "python.safetensors")))
    #expect(file.metadata == ["format": "pt", "who": "Ärztin"])
    #expect(file.arrays["halves"]?.shape == [256, 256] && file.arrays["empty"]?.shape == [0, 3])
    #expect(file.arrays["scalar"] == .init(shape: [], values: [2.5]))
    try file.encoded(.float32).write(to: folder.appending(path: "float32.safetensors"))
    try file.encoded(.float16).write(to: folder.appending(path: "float16.safetensors"))
    #expect(try python("check", folder) == 0)
  }

  private func python(_ mode: String, _ folder: URL) throws -> Int32 {
    try TestEnvironment.run(#require(TestEnvironment.python), ["-c", Self.script, mode, folder.path]).status
  }
}
