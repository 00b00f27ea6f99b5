import Foundation
import Glibc
import Testing

@Suite("mmdicom experiment", .enabled(if: Program.url != nil, "the program isn't built"), .serialized)
struct ExperimentCommandTests {
  private let program: Program

  init() throws { program = try Program() }

  /// Ten phantoms in `archive`: the fifth and the tenth are for validation, every second has pneumonia.
  private func phantoms() async throws {
    let outcome = try await program.run(
      "archive", "phantom", "--output", "archive", "--count", "10", "--size", "96")
    try #require(outcome.status == 0, "\(outcome.complaints)")
  }

  private func writeGrid(
    systems: [String] = ["unet"], seeds: [Int] = [1], steps: Int = 4, checkpointEvery: Int = 2,
    more: String = ""
  ) throws {
    let text = """
      {"name": "phantoms", "systems": \(systems), "seeds": \(seeds), "size": 32,\(more)
       "labels": [{"classification": 4, "segmentation": "all"}], "tests": [{"name": "in-domain"}],
       "training": {"stages": [{"size": 32, "steps": \(steps)}], "checkpointEvery": \(checkpointEvery),
         "schedule": {"constant": {}},
         "batch": {"segmentation": 2, "segmentationUnlabelled": 1, "classification": 2, "unlabelled": 2}}}
      """
    try program.write(text, "grid.json")
  }

  /// - Parameter file: the program is interrupted as soon as it is there.
  private func experiment(_ more: [String] = [], interruptingAt file: String? = nil) async throws
    -> Program.Outcome
  {
    let arguments =
      [
        "experiment", "--archive", "archive", "--cache", "cache", "--grid", "grid.json", "--output", "out",
        "--jobs", "1",
      ] + more
    guard let file else { return try await program.run(arguments) }
    return try await program.run(arguments, signal: SIGINT) { [program] in program.exists(file) }
  }

  /// The lines that say why the program failed.
  private func complaints(_ outcome: Program.Outcome) -> [String] {
    outcome.complaints.split(separator: "\n").map(String.init).filter { $0.hasPrefix("mmdicom: ") }
  }

  /// The first field of every record of a CSV file, without its header.
  private func firstFields(_ path: String) -> [String] {
    program.read(path).split(whereSeparator: \.isNewline).dropFirst().map { line in
      String(line.prefix { $0 != "," })
    }
  }

  /// When each file of a folder was written last.
  private func dates(_ folder: String) throws -> [String: Date] {
    var dates: [String: Date] = [:]
    for name in program.files(folder) {
      let file = program.folder.appending(path: "\(folder)/\(name)")
      let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
      dates[name] = attributes[.modificationDate] as? Date
    }
    return dates
  }

  @Test("a grid becomes models, tables and plots; the same command again trains nothing")
  func wholeGrid() async throws {
    try await phantoms()
    try writeGrid(systems: ["unet", "multimix"])
    let first = try await experiment()
    #expect(first.status == 0, "\(first.complaints)")
    #expect(first.output.hasSuffix("out/table.md\n"))
    let cells = ["unet-sall-seed1", "multimix-c4-sall-seed1"]
    for part in cells.map({ "\($0): begins\n" }) + ["experiment: 2 of 2 trainings done"] {
      #expect(first.complaints.contains(part), "\(first.complaints)")
    }
    let files = program.files("out")
    for name in [
      "table.md", "table.csv", "cells.csv", "plots/comparison.png", "plots/comparison.svg",
      "plots/training-curves-4-all.svg", "plots/roc-4-all.png",
    ] { #expect(files.contains(name), "\(name)") }
    for cell in cells {
      for name in [
        "figures.json", "readings.json", "training/model.safetensors", "plots/training-curves.png",
      ] { #expect(files.contains("cells/\(cell)/\(name)"), "\(cell) \(name)") }
    }
    #expect(program.read("out/table.md").contains("| MultiMix | 4 / all | 1 |"))
    #expect(firstFields("out/table.csv") == ["unet", "multimix"])
    #expect(firstFields("out/cells.csv") == cells)

    let written = try dates("out/cells")
    let tables = ["table.md", "table.csv", "cells.csv"]
    let texts = tables.map { program.read("out/\($0)") }
    let second = try await experiment()
    #expect(second.status == 0, "\(second.complaints)")
    #expect(second.complaints.contains("experiment: 2 of 2 trainings done"), "\(second.complaints)")
    for part in ["begins", "resumed", " step "] {
      #expect(!second.complaints.contains(part), "\(second.complaints)")
    }
    #expect(try dates("out/cells") == written)
    let textsAfter = tables.map { program.read("out/\($0)") }
    #expect(textsAfter == texts)
  }

  @Test(
    "a bad grid is named in one line before the archive is looked at",
    arguments: [
      ("{", "not JSON"), (#"{"systems": ["unet"]}"#, "labels is missing"),
      (#"{"systems": ["unet"], "sedes": [1]}"#, #"unknown key "sedes""#),
      (#"{"systems": ["yolo"], "labels": [], "seeds": [1]}"#, #"unknown system "yolo""#),
      (#"{"systems": ["unet"], "labels": [], "seeds": [1]}"#, "labels: none given"),
    ])
  func badGrid(_ text: String, _ complaint: String) async throws {
    try program.write(text, "grid.json")
    let outcome = try await experiment()
    #expect(outcome.status == 78)
    let lines = outcome.complaints.split(separator: "\n")
    #expect(
      lines.count == 1 && outcome.complaints.hasPrefix("mmdicom: grid.json: \(complaint)"),
      "\(outcome.complaints)")
    #expect(outcome.output.isEmpty && program.files("out").isEmpty && program.files("cache").isEmpty)
  }

  @Test("what is compared stands in the table and in a file of its own; the grid is kept")
  func comparisons() async throws {
    try await phantoms()
    try writeGrid(
      systems: ["umtl-s", "multimix"], seeds: [1, 2], more: #" "compare": ["umtl-s", "multimix"],"#)
    let outcome = try await experiment()
    #expect(outcome.status == 0, "\(outcome.complaints)")
    #expect(program.read("out/grid.json") == program.read("grid.json"))
    let table = program.read("out/table.md")
    #expect(table.contains("## MultiMix less UMTLS") && table.contains("### On the same images"))
    // Two phantoms are for validation.
    for seed in ["1", "2", "mean of 2"] { #expect(table.contains("| 4 / all | in-domain | \(seed) | 2 | ")) }
    #expect(
      program.read("out/comparisons.csv").split(separator: "\r\n").dropFirst().allSatisfy {
        $0.hasPrefix("umtl-s,,multimix,,4,all,in-domain,")
      })
    #expect(firstFields("out/comparisons.csv").count == 3)
    #expect(program.read("out/cells/multimix-c4-sall-seed1/readings.json").contains("\"dice\""))
    // From the readings alone, whoever trained the cells.
    try FileManager.default.removeItem(at: program.folder.appending(path: "out/table.md"))
    let again = try await experiment()
    #expect(again.status == 0 && program.read("out/table.md") == table)
  }

  @Test("a grid for sources that the archive lacks is a bad one")
  func missingSource() async throws {
    try await phantoms()
    try writeGrid(more: #" "trainSources": ["nowhere"],"#)
    let outcome = try await experiment()
    #expect(outcome.status == 78)
    let lines = complaints(outcome)
    let complaint = #"mmdicom: grid.json: no images from "nowhere""#
    #expect(lines.count == 1 && lines[0].hasPrefix(complaint), "\(outcome.complaints)")
    #expect(program.files("out").isEmpty)
  }

  @Test("a grid, or an archive, that isn't there is 66")
  func missingInput() async throws {
    let grid = try await experiment()
    #expect(grid.status == 66 && grid.complaints == "mmdicom: grid.json: can't be read\n")
    try writeGrid()
    let archive = try await experiment()
    #expect(archive.status == 66 && archive.complaints == "mmdicom: archive: no such folder\n")
    #expect(program.files("out").isEmpty)
  }

  @Test("an archive with a fault is refused in one line; once accepted, the rest is trained on")
  func problems() async throws {
    try await phantoms()
    try writeGrid()
    let labels = program.read("archive/labels.csv")
    try program.write(labels + "1.2.3,Nobody,normal,train\n", "archive/labels.csv")
    let refused = try await experiment()
    #expect(refused.status == 65)
    let reason =
      "1 label for images that aren't in the archive, left out (labels.csv:12); "
      + "mend this, or say --accept-problems to train all the same"
    let lines = complaints(refused)
    #expect(lines == ["mmdicom: unet-sall-seed1: not ready for training: \(reason)"], "\(refused.complaints)")
    #expect(refused.output.isEmpty && program.files("out").isEmpty)
    let accepted = try await experiment(["--accept-problems"])
    #expect(accepted.status == 0, "\(accepted.complaints)")
    #expect(accepted.complaints.contains("accepted: 1 label for images"), "\(accepted.complaints)")
    let files = program.files("out")
    #expect(files.contains("table.md") && files.contains("cells/unet-sall-seed1/training/model.safetensors"))
  }

  @Test("interrupted, it stops after a whole step, and the same command goes on from there")
  func interruption() async throws {
    try await phantoms()
    try writeGrid(seeds: [1, 2], steps: 180, checkpointEvery: 30)
    let training = "out/cells/unet-sall-seed1/training"
    let stopped = try await experiment(interruptingAt: "\(training)/checkpoint.safetensors")
    #expect(stopped.status == 1)
    let reason = "stopped, each training after a whole step; the same command goes on from there"
    #expect(complaints(stopped) == ["mmdicom: \(reason)"], "\(stopped.complaints)")
    #expect(stopped.output.isEmpty && program.files("out/plots").isEmpty)
    #expect(program.read("\(training)/log.csv").hasSuffix("\n"))

    let ended = try await experiment()
    #expect(ended.status == 0, "\(ended.complaints)")
    let resumed = ended.complaints.firstMatch(of: /unet-sall-seed1: resumed after step (\d+)\n/)
    let step = try #require(resumed.flatMap { Int($0.1) }, "\(ended.complaints)")
    #expect((30..<180).contains(step))
    #expect(ended.complaints.contains("unet-sall-seed2: begins\n"), "\(ended.complaints)")
    let whole = (1...180).map { "\($0)" }
    for seed in 1...2 {
      let steps = firstFields("out/cells/unet-sall-seed\(seed)/training/log.csv")
      #expect(steps == whole, "seed \(seed)")
    }
    #expect(program.read("out/table.csv").contains(",all,in-domain,2,"))
  }
}
