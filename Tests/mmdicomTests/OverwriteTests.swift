import Foundation
import TestSupport
import Testing

@Suite(
  "A command never writes over what it didn't make",
  .enabled(if: Program.url != nil, "the program isn't built"),
  .serialized)
struct OverwriteTests {
  private let program: Program
  private let mine = "my own work\n"

  init() throws { program = try Program() }

  private func phantoms(_ options: String...) async throws -> Program.Outcome {
    try await program.run(
      ["archive", "phantom", "--output", "archive", "--count", "6", "--size", "96"] + options)
  }

  /// Refused with 73 and one line that names the file, which is as it was.
  private func expectRefusal(_ outcome: Program.Outcome, of path: String) {
    #expect(outcome.status == 73, "\(outcome.complaints)")
    #expect(outcome.complaints.contains(path) && outcome.complaints.contains("is there already"))
    #expect(program.read(path) == mine)
  }

  @Test("archive phantom: labels and images of others stay; a rerun is no harm")
  func phantom() async throws {
    try program.write(mine, "archive/labels.csv")
    expectRefusal(try await phantoms(), of: "archive/labels.csv")
    #expect(program.files("archive") == ["labels.csv"])
    try FileManager.default.removeItem(at: program.folder.appending(path: "archive/labels.csv"))
    #expect(try await phantoms().status == 0)
    #expect(try await phantoms("--seed", "2").status == 0)
    try program.write(mine, "archive/PHANTOM-003/dx.dcm")
    expectRefusal(try await phantoms(), of: "archive/PHANTOM-003/dx.dcm")
  }

  @Test("model export: another file stays; the same bytes again are no harm")
  func export() async throws {
    try program.write(mine, "out.safetensors")
    let export = ["model", "export", program.model.path, "--output"]
    expectRefusal(try await program.run(export + ["out.safetensors"]), of: "out.safetensors")
    for _ in 1...2 { #expect(try await program.run(export + ["new.safetensors"]).status == 0) }
    let other = try await program.run(export + ["new.safetensors", "--name", "other"])
    #expect(other.status == 73)
  }

  @Test("evaluate: others' files stay in --output and at --calibrate; a rerun replaces its own")
  func evaluate() async throws {
    #expect(try await phantoms().status == 0)
    let evaluate = ["evaluate", "--archive", "archive", "--cache", "cache", "--output", "out"]
    for name in ["images.csv", "figures.csv", "figures.json"] {
      try program.write(mine, "out/" + name)
      expectRefusal(try await program.run(evaluate), of: "out/" + name)
      #expect(program.files("out") == [name])
      try FileManager.default.removeItem(at: program.folder.appending(path: "out/" + name))
    }
    for _ in 1...2 { #expect(try await program.run(evaluate).status == 0) }
  }

  @Test("analyze: a result's name that is taken, and a report that isn't one; a rerun replaces its own")
  func analyze() async throws {
    #expect(try await phantoms().status == 0)
    let analyze = ["analyze", "archive/PHANTOM-001/dx.dcm", "--output", "out"]
    #expect(try await program.run(analyze).status == 0)
    #expect(try await program.run(analyze).status == 0)
    let picture = try #require(program.files("out", ".png").first)
    try program.write(mine, "other/" + picture)
    let analyzeOther = ["analyze", "archive/PHANTOM-001/dx.dcm", "--output", "other"]
    expectRefusal(try await program.run(analyzeOther), of: "other/" + picture)
    try program.write(mine, "third/report.csv")
    let report = try await program.run("analyze", "archive/PHANTOM-001/dx.dcm", "--output", "third")
    #expect(report.status == 73 && program.read("third/report.csv") == mine)
  }

  @Test(
    "train: configuration, log and digest of others stay",
    arguments: ["configuration.json", "log.csv", "archive.sha256"])
  func train(name: String) async throws {
    #expect(try await phantoms().status == 0)
    try program.write(mine, "run/" + name)
    let outcome = try await program.run(
      "train", "--archive", "archive", "--cache", "cache", "--output", "run", "--stages", "32x2")
    expectRefusal(outcome, of: "run/" + name)
    #expect(program.files("run") == [name])
  }

  @Test(
    "experiment: tables and plots of others stay",
    arguments: ["table.csv", "table.md", "cells.csv", "plots/a.png"])
  func experiment(name: String) async throws {
    #expect(try await phantoms().status == 0)
    try program.write(mine, "out/" + name)
    let grid = TestEnvironment.packageRoot.appending(path: "etc/experiments/reduced.json").path
    let outcome = try await program.run(
      "experiment", "--archive", "archive", "--cache", "cache", "--output", "out", "--grid", grid)
    #expect(outcome.status == 73 && outcome.complaints.contains("is there already"), "\(outcome.complaints)")
    #expect(program.files("out") == [name] && program.read("out/" + name) == mine)
  }
}
