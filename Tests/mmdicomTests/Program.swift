import Foundation
import Synchronization
import TestSupport

/// The built program, beside the test bundle.
struct Program {
  struct Outcome {
    let status: Int32
    let output: String
    let complaints: String
  }

  /// Nil where the program wasn't built.
  static let url: URL? = {
    let bundle = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let program = bundle.appending(path: "mmdicom")
    return FileManager.default.isExecutableFile(atPath: program.path) ? program : nil
  }()

  let folder: URL
  let model: URL

  /// A fresh folder with a model in it.
  init() throws {
    folder = try TestEnvironment.temporaryFolder()
    model = folder.appending(path: "random.safetensors")
    try RandomModel.write(to: model)
  }

  /// Starts the program in the folder.
  func start(_ arguments: [String], environment: [String: String] = [:]) throws -> (Process, Pipe, Pipe) {
    let process = Process()
    process.executableURL = Self.url
    process.arguments = arguments
    process.currentDirectoryURL = folder
    var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MMDICOM_") }
    variables["MMDICOM_MODEL"] = model.path
    process.environment = variables.merging(environment) { $1 }
    let output = Pipe()
    let complaints = Pipe()
    process.standardOutput = output
    process.standardError = complaints
    try process.run()
    return (process, output, complaints)
  }

  /// Runs the program to its end.
  func run(_ arguments: String..., environment: [String: String] = [:]) async throws -> Outcome {
    let (process, output, complaints) = try start(arguments, environment: environment)
    async let said = Self.text(of: output)
    async let complained = Self.text(of: complaints)
    let (first, second) = await (said, complained)
    process.waitUntilExit()
    return Outcome(status: process.terminationStatus, output: first, complaints: second)
  }

  /// Everything a pipe brings until its end.
  @concurrent static func text(of pipe: Pipe) async -> String {
    String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }

  func read(_ path: String) -> String {
    (try? String(contentsOf: folder.appending(path: path), encoding: .utf8)) ?? ""
  }

  func write(_ text: String, _ path: String) throws {
    let file = folder.appending(path: path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  /// Files under a folder whose names end like this, sorted.
  func files(_ path: String, _ ending: String = "") -> [String] {
    let names = FileManager.default.enumerator(atPath: folder.appending(path: path).path)
    return (names?.compactMap { $0 as? String } ?? []).filter { name in
      var isFolder: ObjCBool = false
      let full = folder.appending(path: path).appending(path: name).path
      _ = unsafe FileManager.default.fileExists(atPath: full, isDirectory: &isFolder)
      return !isFolder.boolValue && name.hasSuffix(ending) && !name.hasSuffix(".lock")
    }.sorted()
  }

  /// The report's records as dictionaries by column; for records without quoted fields.
  func report(_ path: String) -> [[String: String]] {
    let lines = read(path).components(separatedBy: "\r\n").filter { !$0.isEmpty }
    let header = lines.first?.components(separatedBy: ",") ?? []
    return lines.dropFirst().map { line in
      Dictionary(uniqueKeysWithValues: zip(header, line.components(separatedBy: ",")))
    }
  }
}
