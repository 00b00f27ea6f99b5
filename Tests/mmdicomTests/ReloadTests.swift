import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// Which model reads while the daemon runs: the one that it was started with, whatever happens to the file, until somebody
/// asks for another that can read.
@Suite("Reloading", .enabled(if: Program.url != nil, "the program isn't built"), .serialized)
struct ReloadTests {
  private let program: Program

  init() async throws {
    program = try Program()
    try program.configureService("worker_timeout_seconds: 120")
    let outcome = try await program.run(
      "archive", "phantom", "--output", "phantoms", "--count", "3", "--size", "256")
    try #require(outcome.status == 0, "\(outcome.complaints)")
  }

  /// Drops the next of three images, and waits for its row.
  private func read(_ number: Int) async throws -> [String: String] {
    let images = program.files("phantoms", ".dcm").filter { !$0.hasSuffix(".seg.dcm") }
    let part = program.folder.appending(path: "inbox/\(number).part")
    try FileManager.default.copyItem(
      at: program.folder.appending(path: "phantoms/" + images[number - 1]), to: part)
    try FileManager.default.moveItem(at: part, to: program.folder.appending(path: "inbox/\(number).dcm"))
    await program.wait { [program] in program.report("outbox/report.csv").count == number }
    return program.report("outbox/report.csv").last ?? [:]
  }

  private func status() async throws -> [String: Any] {
    let outcome = try await program.run("status", "--config", "mmdicom.yaml", "--json")
    return try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any] ?? [:]
  }

  private func audit() async throws -> String {
    let outcome = try await program.run("audit", "--config", "mmdicom.yaml")
    return outcome.output
  }

  /// Kills the workers that read, as a file might.
  private func killWorkers(of daemon: Int32) {
    for process in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
      guard let number = Int32(process),
        let command = try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8),
        command.contains("--model"),
        let parent = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
        parent.contains("PPid:\t\(daemon)\n")
      else { continue }
      kill(number, SIGKILL)
    }
  }

  private func wait(for text: String, in log: LogFile) async {
    // A worker draws and reads a picture first, which takes its time where much else is built or tested.
    for _ in 0..<3000 where !log.text.contains(text) { try? await Task.sleep(for: .milliseconds(100)) }
    #expect(log.text.contains(text))
  }

  @Test("a model that is replaced on the disk serves after SIGHUP, not before; a bad one never")
  func replaced() async throws {
    let log = try LogFile(program)
    let daemon = try log.start(["serve", "--config", "mmdicom.yaml"])
    defer { log.stop() }
    await wait(for: "worker ready", in: log)
    let first = try await read(1)
    let old = try #require(first["model_sha256"])
    // In place and by another file: a worker that is lost reads on with the old weights.
    try RandomModel.write(to: program.model, remarks: ["version": "2"])
    killWorkers(of: daemon)
    let second = try await read(2)
    #expect(second["model_sha256"] == old && second["model"] == first["model"])
    let shown = try await status()
    #expect(shown["model_sha256"] as? String == old && shown["running"] as? Bool == true)

    // One that can't be read with.
    let good = try Data(contentsOf: program.model)
    try good.prefix(good.count / 2).write(to: program.model)
    kill(daemon, SIGHUP)
    await wait(for: "a reload was refused", in: log)
    let refusal = try await status()["reload_refused"] as? String
    #expect(refusal?.contains(program.model.path) == true, "\(refusal ?? "")")
    #expect(try await status()["model_sha256"] as? String == old)

    // One that can.
    try good.write(to: program.model)
    kill(daemon, SIGHUP)
    await wait(for: "reloaded", in: log)
    let third = try await read(3)
    #expect(third["model_sha256"] != old && third["model"] == "random 2")
    #expect(try await status()["model_sha256"] as? String == third["model_sha256"])
    #expect(try await status()["reload_refused"] == nil)
    #expect(try await audit().hasPrefix("intact"))
    #expect(log.text.components(separatedBy: "worker ready").count > 3)
  }

  @Test(
    "a configuration that can't be used, or moves a folder, is refused by name; another number of workers serves"
  )
  func configuration() async throws {
    let log = try LogFile(program)
    let daemon = try log.start(["serve", "--config", "mmdicom.yaml"])
    defer { log.stop() }
    await wait(for: "worker ready", in: log)
    let yaml = program.read("mmdicom.yaml")
    for (line, problem) in [
      ("colour: blue", "unknown key colour"), ("done: elsewhere", "done can't change while the daemon runs"),
      ("model_sha256: \(String(repeating: "0", count: 64))", "model_sha256 asks for 000"),
    ] {
      try program.write(yaml + "\n" + line + "\n", "mmdicom.yaml")
      kill(daemon, SIGHUP)
      await wait(for: problem, in: log)
    }
    try program.write(yaml + "\nworkers: 2\n", "mmdicom.yaml")
    kill(daemon, SIGHUP)
    await wait(for: "reloaded", in: log)
    #expect(try await status()["workers"] as? Int == 2)
    #expect(try await read(1)["status"] == "analysed")
  }

  @Test("a model with another digest than the one that is pinned doesn't serve")
  func pin() async throws {
    let outcome = try await program.run(
      "serve", "--once", "--config", "mmdicom.yaml",
      environment: ["MMDICOM_MODEL_SHA256": String(repeating: "a", count: 64)])
    #expect(outcome.status == 65)
    #expect(outcome.complaints.contains("model_sha256") && outcome.complaints.contains(program.model.path))
  }
}

/// A daemon whose log goes to a file.
private final class LogFile: Sendable {
  private let program: Program
  private let url: URL
  private let process = Mutex<Int32>(0)

  init(_ program: Program) throws {
    self.program = program
    url = program.folder.appending(path: "log")
  }

  func start(_ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = Program.url
    process.arguments = arguments
    process.currentDirectoryURL = program.folder
    var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MMDICOM_") }
    variables["MMDICOM_MODEL"] = program.model.path
    process.environment = variables
    try Data().write(to: url)
    process.standardError = try FileHandle(forWritingTo: url)
    try process.run()
    self.process.withLock { $0 = process.processIdentifier }
    return process.processIdentifier
  }

  var text: String { (try? String(contentsOf: url, encoding: .utf8)) ?? "" }

  func stop() {
    let process = process.withLock { $0 }
    kill(process, SIGTERM)
    for _ in 0..<600 where kill(process, 0) == 0 { usleep(50_000) }
  }
}
