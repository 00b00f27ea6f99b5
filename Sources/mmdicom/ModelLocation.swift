import FoundationEssentials

/// Finds the model file when the command line names none.
///
/// In this order: `--model`; the configuration or `MMDICOM_MODEL`; `PREFIX/share/mmdicom` where the program is
/// `PREFIX/bin/mmdicom` or `PREFIX/lib/mmdicom/mmdicom` (etc/install.sh); `/usr/local/share/mmdicom` and
/// `/usr/share/mmdicom`; `samples` in the working directory, then in a folder above the program (a checkout
/// that was built in place). In a folder `multimix.safetensors` is taken, or else the only `.safetensors` file.
struct ModelLocation {
  let environment: [String: String]
  let executable: URL
  let workingDirectory: URL

  /// This process's surroundings.
  static var here: ModelLocation {
    let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/"
    return ModelLocation(
      environment: ProcessInfo.processInfo.environment, executable: URL(filePath: executable),
      workingDirectory: URL(filePath: FileManager.default.currentDirectoryPath, directoryHint: .isDirectory))
  }

  /// The model file as an absolute path. A file that is named is returned even when it isn't there: the
  /// loader refuses it by name.
  ///
  /// - Parameter option: where a user of this command names a model.
  func find(_ named: String?, option: String = "with --model") throws(CommandFailure) -> String {
    let setting = environment["MMDICOM_MODEL"].flatMap { $0.isEmpty ? nil : $0 }
    if let path = named ?? setting {
      return URL(filePath: path, relativeTo: workingDirectory).standardizedFileURL.path
    }
    for folder in folders {
      if let file = Self.model(in: folder) { return file }
    }
    throw CommandFailure(
      .noInput, "no model: name one \(option) or in MMDICOM_MODEL, or put one into /usr/share/mmdicom")
  }

  private var folders: [URL] {
    let binaries = executable.deletingLastPathComponent()
    let parent = binaries.deletingLastPathComponent()
    var folders = [
      parent.appending(path: "share/mmdicom"),
      parent.deletingLastPathComponent().appending(path: "share/mmdicom"),
      URL(filePath: "/usr/local/share/mmdicom"), URL(filePath: "/usr/share/mmdicom"),
      workingDirectory.appending(path: "samples"),
    ]
    var above = binaries
    // A build in place lies in .build/TRIPLE/CONFIGURATION.
    for _ in 0..<4 {
      above = above.deletingLastPathComponent()
      folders.append(above.appending(path: "samples"))
    }
    return folders
  }

  private static func model(in folder: URL) -> String? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let models = names.filter { $0.hasSuffix(".safetensors") && !$0.hasPrefix(".") }
    let name =
      models.contains("multimix.safetensors") ? "multimix.safetensors" : models.count == 1 ? models[0] : nil
    return name.map { folder.appending(path: $0).path }
  }
}
