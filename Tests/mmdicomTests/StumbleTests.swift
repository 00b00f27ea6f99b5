import Foundation
import Glibc
import TestSupport
import Testing

@Suite(
  "Where new users stumble: one line that says what, where and what to do",
  .enabled(if: Program.url != nil, "the program isn't built"), .serialized)
struct StumbleTests {
  private let program: Program

  init() throws { program = try Program() }

  private func phantoms(_ count: Int = 3) async throws {
    let outcome = try await program.run(
      "archive", "phantom", "--output", "archive", "--count", "\(count)", "--size", "256")
    try #require(outcome.status == 0, "\(outcome.complaints)")
  }

  @Test("a mistyped variable is an error of every command")
  func variable() async throws {
    for arguments in [["serve", "--once"], ["model", "info"], ["analyze", "x", "--output", "out"]] {
      let outcome = try await program.run(arguments, environment: ["MMDICOM_SETLE_SECONDS": "3"])
      #expect(outcome.status == 78)
      #expect(outcome.complaints.contains("MMDICOM_SETLE_SECONDS; did you mean MMDICOM_SETTLE_SECONDS?"))
      #expect(outcome.complaints.split(separator: "\n").count == 1)
    }
  }

  @Test(
    "serve without a configuration names the one that it looked for",
    .enabled(if: !FileManager.default.fileExists(atPath: "/etc/mmdicom/mmdicom.yaml"), "it is there"))
  func noConfiguration() async throws {
    let outcome = try await program.run("serve", "--once")
    #expect(outcome.status == 78)
    #expect(
      outcome.complaints.contains("/etc/mmdicom/mmdicom.yaml") && outcome.complaints.contains("--config"))
    let help = try await program.run("serve", "--help")
    #expect(help.output.contains("/etc/mmdicom/mmdicom.yaml"))
  }

  @Test(
    "--stages says what is wrong, and shows how it is written",
    arguments: [
      ("128", "'128' has no number of steps"), ("x", "the size '' is no whole number"),
      ("128xmany", "the number of steps 'many' is no whole number"), ("128x2,", "a stage is empty"),
      ("1x2x3", "'1x2x3' has more than"),
    ])
  func stages(text: String, problem: String) async throws {
    let outcome = try await program.run("train", "--archive", "a", "--output", "run", "--stages", text)
    #expect(outcome.status == 64, "\(outcome.complaints)")
    #expect(outcome.complaints.contains(problem) && outcome.complaints.contains("128x3000,256x1000"))
  }

  @Test("archive index --check finds the image that is cut short behind its header")
  func check() async throws {
    try await phantoms()
    let image = program.folder.appending(path: "archive/PHANTOM-002/cr.dcm")
    let handle = try FileHandle(forUpdating: image)
    try handle.truncate(atOffset: try handle.seekToEnd() / 2)
    try handle.close()
    #expect(try await program.run("archive", "index", "--archive", "archive").status == 0)
    let checked = try await program.run("archive", "index", "--archive", "archive", "--check", "--json")
    #expect(checked.status == 1)
    #expect(checked.complaints.contains("PHANTOM-002/cr.dcm") && checked.output.contains("undecodable_image"))
    #expect(!checked.complaints.contains("PHANTOM-001"))
  }

  @Test("a missing labels.csv is told of; a named one isn't missed")
  func labels() async throws {
    try await phantoms()
    #expect(
      !(try await program.run("archive", "index", "--archive", "archive").complaints.contains("warning")))
    let labels = program.folder.appending(path: "archive/labels.csv")
    try FileManager.default.moveItem(at: labels, to: program.folder.appending(path: "mine.csv"))
    let without = try await program.run("archive", "index", "--archive", "archive")
    #expect(without.status == 0 && without.complaints.contains("has no labels.csv"))
    let named = try await program.run("archive", "index", "--archive", "archive", "--labels", "mine.csv")
    #expect(named.status == 0 && !named.complaints.contains("warning"))
  }

  @Test("a budget beyond the labels, and --resume without a checkpoint, are told of")
  func training() async throws {
    try await phantoms(6)
    try program.write(
      #"{"batch": {"segmentation": 1, "segmentationUnlabelled": 1, "classification": 1, "unlabelled": 1}}"#,
      "small.json")
    let outcome = try await program.run(
      "train", "--archive", "archive", "--cache", "cache", "--output", "run", "--config", "small.json",
      "--stages", "32x2", "--resume", "--labelled-classification", "50", "--labelled-segmentation", "60")
    #expect(outcome.status == 0, "\(outcome.complaints)")
    #expect(outcome.complaints.contains("--labelled-classification 50: the train split has only 5 images"))
    #expect(outcome.complaints.contains("--labelled-segmentation 60: the train split has only 5 images"))
    #expect(outcome.complaints.contains("--resume found no checkpoint.safetensors"))
    #expect(program.exists("run/model.safetensors"))
  }

  @Test("names in Latin-1, named or in a folder: read, reported with their bytes shown, and indexed")
  func latin() async throws {
    try await phantoms()
    let folder = program.folder.path
    // "Müller.dcm" and, for the archive's sake, the mask beside it.
    let name = Array("/archive/PHANTOM-001/M".utf8) + [0xFC] + Array("ller.dcm".utf8)
    let place = (Array(folder.utf8) + name).map { CChar(bitPattern: $0) } + [0]
    #expect(unsafe rename(folder + "/archive/PHANTOM-001/dx.dcm", place) == 0)
    let index = try await program.run("archive", "index", "--archive", "archive", "--check", "--json")
    #expect(index.status == 0, "\(index.complaints)")
    #expect(index.output.contains(#"PHANTOM-001/M\\xFCller.dcm"#))
    let whole = try await program.run("analyze", "archive/PHANTOM-001", "--output", "whole", "--json")
    #expect(
      whole.output.contains(#"archive/PHANTOM-001/M\\xFCller.dcm"#)
        && program.files("whole", ".png").count == 1)
    // Foundation's Process takes text only.
    let script =
      "\(try #require(Program.url).path) analyze archive/PHANTOM-001/M\\374ller.dcm --output named --json"
    try program.write("$(printf '\(script)')\n", "named.sh")
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments = ["named.sh"]
    shell.currentDirectoryURL = program.folder
    var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MMDICOM_") }
    variables["MMDICOM_MODEL"] = program.model.path
    shell.environment = variables
    let output = Pipe()
    shell.standardOutput = output
    try shell.run()
    let said = await Program.text(of: output)
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 0 && said.contains(#"M\\xFCller.dcm"#))
  }

  @Test("analyze: the same bytes under two names make one result and one row")
  func twins() async throws {
    try await phantoms(2)
    for name in ["a.dcm", "b.dcm"] {
      try FileManager.default.createDirectory(
        at: program.folder.appending(path: "in"), withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        at: program.folder.appending(path: "archive/PHANTOM-001/dx.dcm"),
        to: program.folder.appending(path: "in/" + name))
    }
    let outcome = try await program.run("analyze", "in", "--output", "out")
    #expect(outcome.status == 0 && outcome.complaints.contains("the same bytes as in/a.dcm"))
    #expect(program.report("out/report.csv").count == 1 && program.files("out", ".png").count == 1)
  }
}
