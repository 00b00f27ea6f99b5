import Foundation
import Glibc
import TestSupport
import Testing

@Suite("mmdicom serve", .enabled(if: Program.url != nil, "the program isn't built"), .serialized)
struct ServeTests {
  private let program: Program

  init() throws {
    program = try Program()
    try program.configureService("worker_timeout_seconds: 20")
  }

  private func phantoms(_ count: Int) async throws {
    let outcome = try await program.run(
      "archive", "phantom", "--output", "phantoms", "--count", "\(count)", "--size", "256")
    try #require(outcome.status == 0, "\(outcome.complaints)")
    for path in program.files("phantoms") where path.hasSuffix(".seg.dcm") || path.hasSuffix(".csv") {
      try FileManager.default.removeItem(at: program.folder.appending(path: "phantoms/" + path))
    }
  }

  private func drop() throws {
    let inbox = program.folder.appending(path: "inbox")
    try FileManager.default.createDirectory(at: inbox, withIntermediateDirectories: true)
    for study in try FileManager.default.contentsOfDirectory(
      atPath: program.folder.appending(path: "phantoms").path)
    {
      try FileManager.default.copyItem(
        at: program.folder.appending(path: "phantoms/" + study), to: inbox.appending(path: study))
    }
  }

  @Test("--once reads what is there: results by study, sources in done, status 0, then nothing more")
  func once() async throws {
    try await phantoms(3)
    try drop()
    let outcome = try await program.run("serve", "--once", "--config", "mmdicom.yaml")
    #expect(outcome.status == 0, "\(outcome.complaints)")
    #expect(program.files("inbox") == [])
    #expect(program.files("done", ".dcm").count == 3)
    let rows = program.report("outbox/report.csv")
    #expect(rows.count == 3)
    for row in rows {
      let study = row["study_instance_uid"] ?? "?"
      let uid = row["sop_instance_uid"] ?? "?"
      let endings = ["overlay.dcm", "segmentation.dcm", "report.dcm", "png"]
      #expect(row["outputs"] == endings.map { "\(study)/\(uid).\($0)" }.joined(separator: ";"))
      #expect(program.files("outbox/" + study).count == 4)
    }
    #expect(try await program.run("serve", "--once", "--config", "mmdicom.yaml").status == 0)
    #expect(program.report("outbox/report.csv").count == 3)
  }

  @Test("--once with a bad file: rejected with its reason, status 1")
  func onceBad() async throws {
    try await phantoms(1)
    try drop()
    try program.write("text", "inbox/deep/text.txt")
    let outcome = try await program.run("serve", "--once", "--config", "mmdicom.yaml")
    #expect(outcome.status == 1)
    #expect(program.read("rejected/deep/text.txt") == "text")
    #expect(program.read("rejected/deep/text.txt.reason.txt").contains("reason: not_dicom\n"))
  }

  @Test("a running service reads what is dropped, and a stop in the middle loses and repeats nothing")
  func stopAndGoOn() async throws {
    try await phantoms(8)
    let (process, _, complaints) = try program.start(["serve", "--config", "mmdicom.yaml"])
    async let said = Program.text(of: complaints)
    await program.wait { [program] in program.exists("inbox") }
    try drop()
    await program.wait { [program] in program.report("outbox/report.csv").count >= 2 }
    process.terminate()
    let log = await said
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(log)")
    let done = program.report("outbox/report.csv").count
    #expect(program.files("done", ".dcm").count == done)
    #expect(program.files("inbox", ".dcm").count + program.files("ledger/spool", ".dcm").count == 8 - done)
    #expect(program.files("ledger/staging") == [])
    #expect(try await program.run("serve", "--once", "--config", "mmdicom.yaml").status == 0)
    let rows = program.report("outbox/report.csv")
    #expect(Set(rows.compactMap { $0["sop_instance_uid"] }).count == 8 && rows.count == 8)
    #expect(program.files("inbox") == [])
  }

  @Test("a kill in the middle loses and repeats nothing either", arguments: [1, 3])
  func kill(afterRows count: Int) async throws {
    try await phantoms(6)
    try drop()
    let killed = try await program.run(["serve", "--config", "mmdicom.yaml"], signal: SIGKILL) { [program] in
      program.report("outbox/report.csv").count >= count
    }
    #expect(killed.status == SIGKILL, "\(killed.complaints)")
    #expect(try await program.run("serve", "--once", "--config", "mmdicom.yaml").status == 0)
    let rows = program.report("outbox/report.csv")
    #expect(rows.count == 6 && Set(rows.compactMap { $0["sop_instance_uid"] }).count == 6)
    #expect(program.files("done", ".dcm").count == 6)
    #expect(program.files("outbox", ".overlay.dcm").count == 6)
  }

  @Test(
    "a file that crashes the worker is rejected; one that hangs it, after the time limit",
    arguments: ["crash", "hang"])
  func faults(kind: String) async throws {
    try await phantoms(2)
    try drop()
    try FileManager.default.moveItem(
      at: program.folder.appending(path: "inbox/" + program.files("inbox", ".dcm")[0]),
      to: program.folder.appending(path: "inbox/faulty.dcm"))
    let outcome = try await program.run(
      "serve", "--once", "--config", "mmdicom.yaml",
      environment: ["MMDICOM_WORKER_FAULT": "\(kind):faulty", "MMDICOM_WORKER_TIMEOUT_SECONDS": "5"])
    #expect(outcome.status == 1)
    #expect(program.files("rejected") == ["faulty.dcm", "faulty.dcm.reason.txt"])
    #expect(program.read("rejected/faulty.dcm.reason.txt").contains("worker_crashed"))
    #expect(program.files("done", ".dcm").count == 1)
  }

  @Test("a second daemon on the same inbox doesn't start")
  func lock() async throws {
    let (process, _, complaints) = try program.start(["serve", "--config", "mmdicom.yaml"])
    async let said = Program.text(of: complaints)
    await program.wait { [program] in
      program.files("outbox").isEmpty && program.exists("rejected/.mmdicom.lock")
    }
    let second = try await program.run("serve", "--once", "--config", "mmdicom.yaml")
    #expect(second.status == 73 && second.complaints.contains("in use by another mmdicom"))
    process.terminate()
    let log = await said
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(log)")
  }

  @Test("bad configuration is 78 and names the key; a missing file is 66; a bad model 65")
  func configuration() async throws {
    try program.write("inbox: inbox\noutbox: outbox\ncolour: blue\n", "bad.yaml")
    let bad = try await program.run("serve", "--once", "--config", "bad.yaml")
    #expect(bad.status == 78 && bad.complaints.contains("unknown key colour"))
    #expect(try await program.run("serve", "--once", "--config", "none.yaml").status == 66)
    try program.write("not a model", "text.safetensors")
    let model = try await program.run(
      "serve", "--once", "--config", "mmdicom.yaml",
      environment: ["MMDICOM_MODEL": program.folder.appending(path: "text.safetensors").path])
    #expect(model.status == 65 && model.complaints.contains("text.safetensors"))
  }
}
