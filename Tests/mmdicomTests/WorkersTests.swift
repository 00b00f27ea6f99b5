import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Several workers", .enabled(if: Program.url != nil, "the program isn't built"), .serialized)
struct WorkersTests {
  private let program: Program

  init() async throws {
    program = try Program()
    let outcome = try await program.run(
      "archive", "phantom", "--output", "phantoms", "--count", "6", "--size", "256")
    try #require(outcome.status == 0, "\(outcome.complaints)")
  }

  private var images: [String] { program.files("phantoms", ".dcm").filter { !$0.hasSuffix(".seg.dcm") } }

  private func drop() throws {
    try program.write("", "inbox/.there")
    for (number, image) in images.enumerated() {
      try FileManager.default.moveItem(
        at: program.folder.appending(path: "phantoms/" + image),
        to: program.folder.appending(path: "inbox/\(number).dcm"))
    }
  }

  /// Every result by its name.
  private func results(in folder: String) throws -> [String: Data] {
    let names = program.files(folder + "/outbox").filter { !$0.hasSuffix("report.csv") }
    return try Dictionary(
      uniqueKeysWithValues: names.map {
        ($0, try Data(contentsOf: program.folder.appending(path: "\(folder)/outbox/\($0)")))
      })
  }

  @Test("results are the same bytes whatever the number of workers and their threads")
  func sameBytes() async throws {
    // Taken in once: results bear the date of that.
    try program.configureService()
    try drop()
    let (process, _, complaints) = try program.start(
      ["serve", "--config", "mmdicom.yaml"],
      environment: ["MMDICOM_STUDY_QUIET_SECONDS": "60", "MMDICOM_STUDY_WAIT_SECONDS": "60"])
    async let said = Program.text(of: complaints)
    var tries = 0
    while try await !program.run("status", "--config", "mmdicom.yaml", "--json").output.contains(
      "\"queued\" : 6")
    {
      tries += 1
      try #require(tries < 1000)
      try await Task.sleep(for: .milliseconds(100))
    }
    process.terminate()
    _ = await said
    process.waitUntilExit()
    var first: [String: Data]?
    for (workers, threads) in [(1, 0), (2, 1), (4, 1), (3, 2)] {
      let folder = "run-\(workers)-\(threads)"
      for part in ["inbox", "outbox", "done", "rejected", "ledger"] {
        try FileManager.default.createDirectory(
          at: program.folder.appending(path: folder), withIntermediateDirectories: true)
        try FileManager.default.copyItem(
          at: program.folder.appending(path: part), to: program.folder.appending(path: "\(folder)/\(part)"))
      }
      let outcome = try await program.run(
        "serve", "--once", "--config", "mmdicom.yaml",
        environment: [
          "MMDICOM_INBOX": "\(folder)/inbox", "MMDICOM_OUTBOX": "\(folder)/outbox",
          "MMDICOM_WORKERS": "\(workers)", "MMDICOM_THREADS": "\(threads)",
        ])
      #expect(outcome.status == 0, "\(outcome.complaints)")
      #expect(outcome.complaints.components(separatedBy: "worker ready").count - 1 >= workers)
      let results = try results(in: folder)
      #expect(results.count == 24)
      if let first { #expect(results == first, "\(workers) workers with \(threads) threads") }
      first = first ?? results
      let rows = program.report("\(folder)/outbox/report.csv")
      #expect(rows.count == 6 && Set(rows.compactMap { $0["sop_instance_uid"] }).count == 6)
    }
  }

  @Test("one that dies takes nothing of the others with it")
  func oneDies() async throws {
    try program.configureService("workers: 3")
    try drop()
    let outcome = try await program.run(
      "serve", "--once", "--config", "mmdicom.yaml", environment: ["MMDICOM_WORKER_FAULT": "crash:2.dcm"])
    #expect(outcome.status == 1, "\(outcome.complaints)")
    #expect(program.files("rejected", ".dcm") == ["2.dcm"])
    #expect(program.files("done", ".dcm").count == 5)
    #expect(program.report("outbox/report.csv").filter { $0["status"] == "analysed" }.count == 5)
  }
}
