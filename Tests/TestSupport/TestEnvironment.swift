public import Foundation

/// What lies outside the package and only some machines have. A test that needs it is enabled by it, so that
/// its absence is reported as a skip.
public enum TestEnvironment {
  /// The folder of real radiographs and PyTorch peers: $MMDICOM_SHARED, or `shared` beside the checkout.
  public static let shared: URL? = {
    let url =
      ProcessInfo.processInfo.environment["MMDICOM_SHARED"].map { URL(fileURLWithPath: $0) }
      ?? packageRoot.deletingLastPathComponent().appending(path: "shared")
    return FileManager.default.fileExists(atPath: url.appending(path: "data").path) ? url : nil
  }()

  /// A Python with pydicom and highdicom: $MMDICOM_PYTHON.
  public static let python: URL? = {
    guard let path = ProcessInfo.processInfo.environment["MMDICOM_PYTHON"] else { return nil }
    return FileManager.default.isExecutableFile(atPath: path) ? URL(fileURLWithPath: path) : nil
  }()

  public static let packageRoot = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// A program on the search path.
  public static func tool(_ name: String) -> URL? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.map { URL(fileURLWithPath: "\($0)/\(name)") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }

  /// A fresh empty folder.
  public static func temporaryFolder() throws -> URL {
    let url = FileManager.default.temporaryDirectory.appending(path: "mmdicom-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url
  }
}
