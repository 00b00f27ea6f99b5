import Foundation
import Glibc
import TestSupport
import Testing

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
  /// - Parameter launcher: what starts it instead, with these arguments.
  func start(_ arguments: [String], environment: [String: String] = [:], launcher: URL? = nil) throws
    -> (Process, Pipe, Pipe)
  {
    let process = Process()
    process.executableURL = launcher ?? Self.url
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
    try await run(arguments, environment: environment)
  }

  /// Runs the program to its end, or sends it a signal once it has come far enough; if that takes more than two
  /// minutes, it is killed, and that is an issue.
  /// - Parameter signal: 0 sends none; `isEnough` has done what is to be done.
  func run(
    _ arguments: [String], environment: [String: String] = [:], launcher: URL? = nil,
    signal: Int32 = SIGTERM, until isEnough: (@Sendable () -> Bool)? = nil
  ) async throws -> Outcome {
    let (process, output, complaints) = try start(
      arguments, environment: environment, launcher: launcher)
    async let said = Self.text(of: output)
    async let complained = Self.text(of: complaints)
    if let isEnough {
      let isInTime = await Self.onItsOwnThread {
        let end = ContinuousClock.now + .seconds(120)
        while process.isRunning, .now < end, !isEnough() { usleep(2_000) }
        let isInTime = ContinuousClock.now < end
        if process.isRunning, signal != 0 || !isInTime {
          kill(process.processIdentifier, isInTime ? signal : SIGKILL)
        }
        return isInTime
      }
      #expect(isInTime, "not within two minutes")
    }
    let (first, second) = await (said, complained)
    process.waitUntilExit()
    return Outcome(status: process.terminationStatus, output: first, complaints: second)
  }

  /// Waits until something is true; a minute later it is an issue.
  func wait(until isTrue: @escaping @Sendable () -> Bool, at place: SourceLocation = #_sourceLocation) async {
    let came = await Self.onItsOwnThread {
      let end = ContinuousClock.now + .seconds(60)
      while .now < end, !isTrue() { usleep(20_000) }
      return isTrue()
    }
    #expect(came, "not within a minute", sourceLocation: place)
  }

  /// Everything a pipe brings until its end.
  static func text(of pipe: Pipe) async -> String {
    await onItsOwnThread { String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) }
  }

  /// What waits for the program has a thread of its own: the tests beside it keep those of Swift's concurrency busy
  /// (one for each core), and what waits for a turn among them may look seconds too late.
  private static func onItsOwnThread<Value: Sendable>(
    _ work: @escaping @Sendable () -> Value
  ) async -> Value {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { continuation.resume(returning: work()) }
    }
  }

  func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: folder.appending(path: path).path)
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

  /// A daemon's configuration, mmdicom.yaml, that waits for nothing longer than a test needs, and takes files in however
  /// full the machine's disk is.
  /// - Parameter more: further lines of it.
  func configureService(_ more: String = "", diskStopPercent: Int = 100) throws {
    try write(
      """
      inbox: inbox
      outbox: outbox
      settle_seconds: 0.2
      scan_seconds: 0.2
      study_quiet_seconds: 0.1
      disk_stop_percent: \(diskStopPercent)
      \(more)
      """, "mmdicom.yaml")
  }
}
