import Foundation
import Glibc
import TestSupport
import Testing

@Suite(
  "mmdicom status, explain, retry, audit, report",
  .enabled(if: Program.url != nil, "the program isn't built"), .serialized)
struct LedgerCommandTests {
  private let program: Program

  init() throws {
    program = try Program()
    try program.configureService()
  }

  private func drop(_ count: Int) async throws {
    let outcome = try await program.run(
      "archive", "phantom", "--output", "phantoms", "--count", "\(count)", "--size", "256")
    try #require(outcome.status == 0, "\(outcome.complaints)")
    for path in program.files("phantoms", ".dcm") where !path.hasSuffix(".seg.dcm") {
      let place = program.folder.appending(path: "inbox/" + path)
      try FileManager.default.createDirectory(
        at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      try FileManager.default.copyItem(at: program.folder.appending(path: "phantoms/" + path), to: place)
    }
  }

  private func ask(_ arguments: String...) async throws -> Program.Outcome {
    try await program.run([arguments[0], "--config", "mmdicom.yaml"] + arguments.dropFirst())
  }

  @Test("what was read and what was rejected is known, told, and tried again")
  func story() async throws {
    #expect(try await ask("status").status == 66)
    try await drop(2)
    try program.write("text", "inbox/deep/text.txt")
    #expect(try await ask("serve", "--once").status == 1)

    let status = try await ask("status", "--json")
    let figures = try #require(
      try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any])
    #expect(figures["analysed"] as? Int == 2 && figures["rejected"] as? Int == 1)
    #expect(figures["running"] as? Bool == false)
    #expect(try await ask("status").output.contains("isn't running"))
    for key in ["queued", "working", "not_analysed", "parked"] {
      #expect(figures[key] as? Int == 0, "\(key)")
    }
    let deliveries = figures["deliveries"] as? [String: Int]
    #expect(deliveries == ["waiting": 0, "sent": 0, "failed": 0])

    let uid = program.report("outbox/report.csv").compactMap { $0["sop_instance_uid"] }.first { !$0.isEmpty }
    let explained = try await ask("explain", try #require(uid))
    #expect(explained.output.contains("result: overlay ") && explained.output.contains(" completed "))
    #expect(try await ask("explain", "1.2.3.4.5.6").status == 66)

    let reason = program.read("rejected/deep/text.txt.reason.txt")
    let tag = try #require(reason.firstMatch(of: /(?m)^tag: ([0-9a-f]{8})$/).map { String($0.1) })
    #expect(try await ask("explain", tag).output.contains("name: deep/text.txt\n"))

    let retried = try await ask("retry", "--reason", "not_dicom")
    #expect(retried.status == 0 && retried.output == tag + "\n")
    #expect(program.files("inbox") == ["deep/text.txt"] && program.files("rejected") == [])
    #expect(try await ask("serve", "--once").status == 1)
    #expect(program.files("rejected") == ["deep/text.txt", "deep/text.txt.reason.txt"])
    #expect(program.report("outbox/report.csv").count == 3)
    #expect(try await ask("report", "--history").output.components(separatedBy: "\r\n").count == 6)
    #expect(try await ask("retry", "--all").status == 1)

    let text = program.read("outbox/report.csv")
    try FileManager.default.removeItem(at: program.folder.appending(path: "outbox/report.csv"))
    #expect(try await ask("report").status == 0)
    #expect(program.read("outbox/report.csv") == text)
    #expect(try await ask("audit").output.hasPrefix("intact: "))
  }

  @Test("the same file again is answered from the ledger: no second row, results with their first dates")
  func again() async throws {
    try await drop(1)
    #expect(try await ask("serve", "--once").status == 0)
    let overlay = try #require(program.files("outbox", ".overlay.dcm").first)
    let first = try Data(contentsOf: program.folder.appending(path: "outbox/" + overlay))
    try FileManager.default.copyItem(
      at: program.folder.appending(path: "done/" + program.files("done", ".dcm")[0]),
      to: program.folder.appending(path: "inbox/another name.dcm"))
    #expect(try await ask("serve", "--once").status == 0)
    #expect(program.report("outbox/report.csv").count == 1)
    #expect(try Data(contentsOf: program.folder.appending(path: "outbox/" + overlay)) == first)
    #expect(program.files("done", ".dcm").count == 2 && program.files("ledger/spool") == [])
    // Who wants it read again all the same gets the same bytes.
    let uid = try #require(program.report("outbox/report.csv").first?["sop_instance_uid"])
    #expect(try await ask("retry", uid).status == 0)
    #expect(program.files("inbox", ".dcm").count == 1)
    try FileManager.default.removeItem(at: program.folder.appending(path: "outbox/" + overlay))
    #expect(try await ask("serve", "--once").status == 0)
    #expect(try Data(contentsOf: program.folder.appending(path: "outbox/" + overlay)) == first)
    #expect(program.report("outbox/report.csv").count == 1)
    #expect(program.files("done", ".dcm").count == 2)
  }

  @Test("a damaged ledger is refused by name, with the command that makes a new one, and that works")
  func damaged() async throws {
    try await drop(1)
    #expect(try await ask("serve", "--once").status == 0)
    let rows = program.read("outbox/report.csv")
    let file = program.folder.appending(path: "ledger/ledger.sqlite")
    let handle = try FileHandle(forUpdating: file)
    try handle.write(contentsOf: Data(repeating: 0x5a, count: 3000))
    try handle.close()
    try program.write("text", "inbox/text.txt")
    let refused = try await ask("serve", "--once")
    #expect(refused.status == 65 && refused.complaints.contains("mmdicom serve --rebuild-ledger"))
    #expect(program.files("inbox") == ["text.txt"])
    #expect(try await ask("serve", "--once", "--rebuild-ledger").status == 1)
    #expect(program.read("outbox/report.csv").hasPrefix(rows))
    #expect(program.report("outbox/report.csv").count == 2)
    #expect(program.files("ledger").contains { $0.hasPrefix("ledger.sqlite.1") })
  }

  private func remove(_ path: String) throws {
    try FileManager.default.removeItem(at: program.folder.appending(path: path))
  }

  @Test("a lost ledger is refused by name, and what comes again gets no second results")
  func lost() async throws {
    try await drop(1)
    #expect(try await ask("serve", "--once").status == 0)
    let results = program.files("outbox").filter { $0 != "report.csv" }
    // Nothing tells of the image but its results.
    let image = try #require(program.files("done", ".dcm").first)
    try FileManager.default.moveItem(
      at: program.folder.appending(path: "done/" + image),
      to: program.folder.appending(path: "inbox/again.dcm"))
    try remove("outbox/report.csv")
    try remove("ledger/ledger.sqlite")
    let refused = try await ask("serve", "--once")
    #expect(refused.status == 65 && refused.complaints.contains("mmdicom serve --rebuild-ledger"))
    #expect(refused.complaints.contains("ledger.sqlite") && program.files("inbox") == ["again.dcm"])
    let again = try await ask("serve", "--once", "--rebuild-ledger")
    #expect(again.status == 0, "\(again.complaints)")
    #expect(program.files("outbox").filter { $0 != "report.csv" } == results)
    #expect(program.report("outbox/report.csv").count == 1)
    #expect(program.report("outbox/report.csv").first?["notes"]?.contains("duplicate") == false)
  }

  @Test("a report that an editor saved is understood when the ledger is lost, and stops nothing before")
  func saved() async throws {
    try await drop(1)
    #expect(try await ask("serve", "--once").status == 0)
    let rows = program.read("outbox/report.csv")
    let saved = rows.replacingOccurrences(of: "\r\n", with: "\n")
    try program.write(saved, "outbox/report.csv")
    try program.write("text", "inbox/text.txt")
    #expect(try await ask("serve", "--once").status == 1)
    #expect(program.read("outbox/report.csv").hasPrefix(rows))
    #expect(program.report("outbox/report.csv").count == 2)
    let aside = program.files("outbox", ".csv").filter { $0.hasPrefix("report.aside-") }
    #expect(aside.map { program.read("outbox/" + $0) } == [saved])

    let all = program.read("outbox/report.csv")
    try program.write("\u{FEFF}" + all.replacingOccurrences(of: "\r\n", with: "\n"), "outbox/report.csv")
    try remove("ledger/ledger.sqlite")
    #expect(try await ask("serve", "--once", "--rebuild-ledger").status == 0)
    #expect(program.read("outbox/report.csv") == all)
  }
}
