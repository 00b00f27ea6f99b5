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

  /// That Python where it can import these modules too.
  public static func python(importing modules: String...) -> URL? {
    guard let python, let result = try? run(python, ["-c", "import \(modules.joined(separator: ", "))"])
    else {
      return nil
    }
    return result.status == 0 ? python : nil
  }

  public static let packageRoot = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// A program on the search path.
  public static func tool(_ name: String) -> URL? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.map { URL(fileURLWithPath: "\($0)/\(name)") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }

  /// Whether a test may mount something that it alone sees: root may, but not in every container.
  public static let mountsDisks: Bool =
    tool("unshare").map { (try? run($0, ["-m", "mount", "-t", "tmpfs", "none", "/mnt"]))?.status == 0 }
    ?? false

  /// A fresh empty folder.
  public static func temporaryFolder() throws -> URL {
    let url = FileManager.default.temporaryDirectory.appending(path: "mmdicom-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url
  }

  /// Runs a program to its end; both of its outputs, and its exit status.
  public static func run(_ tool: URL, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = tool
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}
