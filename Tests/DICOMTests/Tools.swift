import Foundation

/// Programs and data outside of the package that some tests need; where one is missing they are skipped and say so.
enum Tools {
  static let dciodvfy = find("dciodvfy")
  static let dcentvfy = find("dcentvfy")

  /// A Python with pydicom and highdicom, named by MMDICOM_PYTHON.
  static let python: URL? = ProcessInfo.processInfo.environment["MMDICOM_PYTHON"].flatMap { path in
    FileManager.default.isExecutableFile(atPath: path) ? URL(filePath: path) : nil
  }

  /// Real radiographs beside the package, or where MMDICOM_SHARED says.
  static let sharedData: URL? = {
    let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let root = ProcessInfo.processInfo.environment["MMDICOM_SHARED"].map { URL(filePath: $0) }
    let data = (root ?? package.deletingLastPathComponent().appending(path: "shared")).appending(path: "data")
    return FileManager.default.fileExists(atPath: data.appending(path: "archive").path) ? data : nil
  }()

  /// Lines that the validators call errors; dcentvfy's about attributes that differ included.
  static func errors(_ tool: URL, _ files: [URL]) throws -> [String] {
    try run(tool, files.map(\.path)).output.split(separator: "\n").map(String.init).filter {
      $0.contains("Error")
    }
  }

  static func run(_ tool: URL, _ arguments: [String]) throws -> (status: Int32, output: String) {
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

  private static func find(_ name: String) -> URL? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
      .map { URL(filePath: String($0)).appending(path: name) }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }
}
