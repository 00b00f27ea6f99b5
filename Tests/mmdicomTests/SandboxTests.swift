import CSandbox
import Foundation
import Glibc
import TestSupport
import Testing

/// What a worker may not, tried from inside one: the fault strikes where a stranger's file has been named and is about to
/// be opened, in the worker that identifies as in the one that reads.
@Suite("The worker's sandbox", .enabled(if: Program.url != nil, "the program isn't built"), .serialized)
struct SandboxTests {
  private let program: Program

  init() async throws {
    program = try Program()
    try program.configureService("worker_timeout_seconds: 120")
    let outcome = try await program.run(
      "archive", "phantom", "--output", "phantoms", "--count", "2", "--size", "256")
    try #require(outcome.status == 0, "\(outcome.complaints)")
    let images = program.files("phantoms", ".dcm").filter { !$0.hasSuffix(".seg.dcm") }
    for (image, name) in zip(images, ["faulty.dcm", "sound.dcm"]) {
      try program.write("", "inbox/.there")
      try FileManager.default.moveItem(
        at: program.folder.appending(path: "phantoms/" + image),
        to: program.folder.appending(path: "inbox/" + name))
    }
  }

  /// Runs the daemon once over a file at which a worker tries something.
  /// - Returns: what came of each try.
  private func trying(_ what: String) async throws -> [String] {
    let outcome = try await program.run(
      "serve", "--once", "--config", "mmdicom.yaml", environment: ["MMDICOM_WORKER_FAULT": "\(what):faulty"])
    #expect(outcome.status == 0, "\(outcome.complaints)")
    #expect(program.report("outbox/report.csv").count == 2)
    return outcome.complaints.split(separator: "\n").filter { $0.hasPrefix("fault ") }.map(String.init)
  }

  @Test(
    "no network, no programs, no signals: the system refuses, and the file is read all the same",
    arguments: ["connect", "execute", "signal"])
  func calls(what: String) async throws {
    let said = try await trying(what)
    #expect(said == Array(repeating: "fault \(what): Operation not permitted", count: 2))
  }

  @Test(
    "no file beside the spool and the results can be made or read",
    .enabled(if: sandbox_landlock_version() > 0, "the kernel has no Landlock"),
    arguments: [("write", 2), ("read", 4)])
  func files(what: String, places: Int) async throws {
    let said = try await trying(what)
    #expect(said == Array(repeating: "fault \(what): Permission denied", count: 2 * places))
  }

  @Test("it holds nothing of the daemon's open, is killed first when memory is short, and can gain no rights")
  func standing() async throws {
    let (process, _, complaints) = try program.start(
      ["serve", "--config", "mmdicom.yaml"], environment: ["MMDICOM_WORKER_FAULT": "hang:faulty"])
    async let said = Program.text(of: complaints)
    let daemon = process.processIdentifier
    // The one that identifies stands still at the file; the other waits for files.
    await program.wait { Self.workers(of: daemon).count == 2 }
    for worker in Self.workers(of: daemon) {
      #expect(Self.read("/proc/\(worker)/oom_score_adj") == "1000")
      let status = Self.read("/proc/\(worker)/status")
      for line in ["NoNewPrivs:\t1", "Seccomp:\t2", "CapInh:\t0000000000000000"] {
        #expect(status.contains(line), "\(line)")
      }
      let limits = Self.read("/proc/\(worker)/limits").split(separator: " ").joined(separator: " ")
      #expect(limits.contains("Max core file size 0 0 "), "\(limits)")
      #expect(limits.contains("Max data size 3221225472 3221225472 "), "\(limits)")
      let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(worker)/fd").compactMap {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(worker)/fd/\($0)")
      }
      #expect(
        !open.contains { $0.contains("ledger.sqlite") || $0.contains(".lock") || $0.contains("socket") })
    }
    kill(daemon, SIGKILL)
    _ = await said
    process.waitUntilExit()
  }

  /// Those of a daemon's children that are shut in.
  private static func workers(of daemon: Int32) -> [String] {
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(daemon)/task")) ?? []
    return threads.flatMap {
      read("/proc/\(daemon)/task/\($0)/children").split(separator: " ").map(String.init)
    }
    .filter {
      read("/proc/\($0)/cmdline").contains("--confined") && read("/proc/\($0)/status").contains("Seccomp:\t2")
    }
  }

  private static func read(_ path: String) -> String {
    ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").trimmingCharacters(
      in: .whitespacesAndNewlines)
  }

  @Test(
    "one that takes more memory or processor time than it may dies; its file is tried again and quarantined",
    arguments: ["memory", "spin"])
  func limits(what: String) async throws {
    let outcome = try await program.run(
      "serve", "--once", "--config", "mmdicom.yaml",
      environment: [
        "MMDICOM_WORKER_FAULT": "\(what):faulty", "MMDICOM_WORKER_MEMORY_MB": "1024",
        "MMDICOM_WORKER_PROCESSOR_SECONDS": "8",
      ])
    #expect(outcome.status == 1, "\(outcome.complaints)")
    #expect(outcome.complaints.contains("a worker died on it; it is tried once more"))
    #expect(program.files("rejected") == ["faulty.dcm", "faulty.dcm.reason.txt"])
    #expect(program.read("rejected/faulty.dcm.reason.txt").contains("reason: worker_crashed\n"))
    #expect(program.files("done", ".dcm") == ["sound.dcm"])
  }

  @Test("analyze reads what it was given, wherever that lies, and no more")
  func batch() async throws {
    let outcome = try await program.run(
      "analyze", "inbox", "--output", "deep/results",
      environment: ["MMDICOM_WORKER_FAULT": "connect:faulty"])
    #expect(outcome.status == 0, "\(outcome.complaints)")
    #expect(outcome.complaints.contains("fault connect: Operation not permitted"))
    #expect(program.report("deep/results/report.csv").count == 2)
    #expect(!program.exists("deep/results/.mmdicom"))
  }
}
