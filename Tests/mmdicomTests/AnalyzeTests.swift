import Foundation
import TestSupport
import Testing

@Suite("mmdicom analyze", .enabled(if: Program.url != nil, "the program isn't built"), .serialized)
struct AnalyzeTests {
  private let program: Program

  init() throws { program = try Program() }

  private func phantoms(_ count: Int, in folder: String = "in") async throws {
    let outcome = try await program.run(
      "archive", "phantom", "--output", folder, "--count", "\(count)", "--size", "256")
    try #require(outcome.status == 0, "\(outcome.complaints)")
    // Masks and labels aren't radiographs.
    for path in program.files(folder) where path.hasSuffix(".seg.dcm") || path.hasSuffix(".csv") {
      try FileManager.default.removeItem(at: program.folder.appending(path: "\(folder)/\(path)"))
    }
  }

  @Test("a nested folder of phantoms: overlay, preview, tensors and a row for each")
  func folder() async throws {
    try await phantoms(4)
    let outcome = try await program.run("analyze", "in", "--output", "out", "--tensors")
    #expect(outcome.status == 0, "\(outcome.complaints)")
    for ending in [".overlay.dcm", ".png", ".safetensors"] {
      #expect(program.files("out", ending).count == 4)
    }
    let rows = program.report("out/report.csv")
    #expect(rows.count == 4)
    for row in rows {
      #expect(row["status"] == "analysed")
      #expect(row["finding"] == "normal" || row["finding"] == "pneumonia")
      #expect(Double(row["pneumonia_probability"] ?? "").map { (0...1).contains($0) } == true)
      #expect(row["model"] == "random 0" && row["model_sha256"]?.count == 64)
      for name in (row["outputs"] ?? "").split(separator: ";") {
        #expect(program.exists("out/\(name)"))
      }
    }
    #expect(program.files("out").allSatisfy { !$0.hasPrefix(".") })
    // Again into the same folder: the same files, the same number of rows.
    let before = program.files("out")
    let again = try await program.run("analyze", "in", "--output", "out", "--tensors")
    #expect(again.status == 0)
    #expect(program.files("out") == before)
    #expect(program.report("out/report.csv").count == 4)
  }

  @Test("a model that leaves the finding open says so in report, structured report and on standard error")
  func uncertainFinding() async throws {
    try RandomModel.write(to: program.model, remarks: ["abstention_band": "0,1"])
    try await phantoms(1)
    let outcome = try await program.run("analyze", "in", "--output", "out")
    #expect(outcome.status == 0, "\(outcome.complaints)")
    let row = try #require(program.report("out/report.csv").first)
    #expect(row["status"] == "analysed" && row["notes"]?.contains("finding_uncertain") == true)
    let report = try #require(program.files("out", ".report.dcm").first)
    let bytes = try Data(contentsOf: program.folder.appending(path: "out/\(report)"))
    #expect(bytes.firstRange(of: Data("Undetermined".utf8)) != nil)
    #expect(bytes.firstRange(of: Data("373068000".utf8)) != nil)
    let info = try await program.run("model", "info", program.model.path)
    #expect(info.output.contains("abstention_band: 0.0 to 1.0\n"), "\(info.output)")
    for band in ["0.8,0.3", "0.3", "0.3,1.2", "a,b"] {
      try RandomModel.write(to: program.model, remarks: ["abstention_band": band])
      let refused = try await program.run("model", "info", program.model.path)
      #expect(refused.status == 65 && refused.complaints.contains("abstention_band = \(band)"))
    }
  }

  @Test("the result is refused as input")
  func ownOutput() async throws {
    try await phantoms(1)
    _ = try await program.run("analyze", "in", "--output", "out")
    let overlay = try #require(program.files("out", ".overlay.dcm").first)
    let outcome = try await program.run("analyze", "out/" + overlay, "--output", "again")
    #expect(outcome.status == 1)
    #expect(program.report("again/report.csv").map { $0["reason"] } == ["own_output"])
  }

  @Test("overlays pass dciodvfy", .enabled(if: TestEnvironment.tool("dciodvfy") != nil, "no dciodvfy"))
  func validity() async throws {
    try await phantoms(5)
    _ = try await program.run("analyze", "in", "--output", "out")
    let overlays = program.files("out", ".overlay.dcm")
    #expect(overlays.count == 5)
    for overlay in overlays {
      let said = try TestEnvironment.run(
        #require(TestEnvironment.tool("dciodvfy")), [program.folder.appending(path: "out/" + overlay).path]
      ).output
      #expect(!said.contains("Error"), "\(overlay): \(said)")
    }
  }

  @Test("bad input: a line and a row each, the rest done, status 1, nothing altered")
  func badInput() async throws {
    try await phantoms(2)
    let image = try #require(program.files("in", ".dcm").first)
    let whole = try Data(contentsOf: program.folder.appending(path: "in/" + image))
    try whole.prefix(whole.count / 2).write(to: program.folder.appending(path: "in/truncated.dcm"))
    try program.write("", "in/empty.dcm")
    try program.write("just text", "in/text.txt")
    let before = try program.files("in").map {
      try Data(contentsOf: program.folder.appending(path: "in/" + $0))
    }
    let outcome = try await program.run("analyze", "in", "missing", "--output", "out")
    #expect(outcome.status == 1)
    let rows = program.report("out/report.csv")
    #expect(rows.filter { $0["status"] == "analysed" }.count == 2)
    let reasons = rows.filter { $0["status"] == "rejected" }.compactMap { $0["reason"] }
    #expect(reasons.count == 4)
    for (name, code) in [
      ("truncated.dcm", "truncated"), ("empty.dcm", "empty_file"), ("text.txt", "not_dicom"),
      ("missing", "missing"),
    ] {
      let lines = outcome.complaints.components(separatedBy: "\n").filter {
        $0.contains("/\(name): ") || $0.contains(" \(name): ")
      }
      #expect(lines.count == 1, "\(name): \(lines)")
      #expect(reasons.contains { $0.hasPrefix(code) })
    }
    let after = try program.files("in").map {
      try Data(contentsOf: program.folder.appending(path: "in/" + $0))
    }
    #expect(before == after)
  }

  @Test("a file that crashes or hangs the worker doesn't take the batch along")
  func crash() async throws {
    try await phantoms(3)
    let images = program.files("in", ".dcm")
    let bad = "crashing.dcm"
    try FileManager.default.moveItem(
      at: program.folder.appending(path: "in/" + images[1]), to: program.folder.appending(path: "in/\(bad)"))
    let outcome = try await program.run(
      "analyze", "in", "--output", "out", environment: ["MMDICOM_WORKER_FAULT": "crash:crashing"])
    #expect(outcome.status == 1)
    let rows = program.report("out/report.csv")
    #expect(rows.filter { $0["status"] == "analysed" }.count == 2)
    #expect(rows.compactMap { $0["reason"] }.filter { $0.hasPrefix("worker_crashed: ") }.count == 1)
  }

  @Test("--json prints one document")
  func json() async throws {
    try await phantoms(2)
    try program.write("text", "in/text.txt")
    let outcome = try await program.run("analyze", "in", "--output", "out", "--json")
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    let images = try #require(document["images"] as? [[String: Any]])
    #expect(images.count == 3)
    #expect(images.filter { $0["pneumonia_probability"] is Double }.count == 2)
    #expect((document["counts"] as? [String: Int]) == ["analysed": 2, "not_analysed": 0, "rejected": 1])
  }

  @Test("a model that is missing or wrong is refused by name, and nothing is written")
  func models() async throws {
    try await phantoms(1)
    let missing = try await program.run("analyze", "in", "--output", "out", "--model", "no.safetensors")
    #expect(missing.status == 66 && missing.complaints.contains("no.safetensors: no such model file"))
    let whole = try Data(contentsOf: program.model)
    try whole.prefix(whole.count / 2).write(to: program.folder.appending(path: "half.safetensors"))
    try program.write("not a model", "text.safetensors")
    for name in ["half.safetensors", "text.safetensors"] {
      let outcome = try await program.run("analyze", "in", "--output", "out", "--model", name)
      #expect(outcome.status == 65 && outcome.complaints.contains(name), "\(outcome)")
      #expect(outcome.complaints.split(separator: "\n").filter { $0.hasPrefix("mmdicom:") }.count == 1)
    }
    #expect(!program.exists("out"))
  }

  @Test("usage errors are 64, missing input is 66, an output that can't be made is 73")
  func statuses() async throws {
    #expect(try await program.run("analyze").status == 64)
    #expect(try await program.run("analyze", "in", "--output").status == 64)
    #expect(try await program.run("no-such-command").status == 64)
    #expect(try await program.run("analyze", "nothing", "--output", "out").status == 66)
    try await phantoms(1)
    try program.write("a file", "blocked")
    #expect(try await program.run("analyze", "in", "--output", "blocked/out").status == 73)
    #expect(try await program.run("model", "verify").status == 0)
  }
}
