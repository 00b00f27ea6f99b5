import Foundation
import TestSupport
import Testing

@Suite("mmdicom train", .enabled(if: Program.url != nil, "the program isn't built"), .serialized)
struct TrainTests {
  private let program: Program

  init() throws { program = try Program() }

  /// Six phantoms in `archive`: the fifth is for validation, every second has pneumonia.
  private func phantoms() async throws {
    let outcome = try await program.run(
      "archive", "phantom", "--output", "archive", "--count", "6", "--size", "96")
    try #require(outcome.status == 0, "\(outcome.complaints)")
    try program.write(
      #"{"batch": {"segmentation": 1, "segmentationUnlabelled": 1, "classification": 1, "unlabelled": 1}}"#,
      "small.json")
  }

  private let common = [
    "train", "--archive", "archive", "--cache", "cache", "--output", "run", "--config", "small.json",
  ]

  private func train(_ more: String...) async throws -> Program.Outcome {
    try await program.run(common + ["--stages", "32x2"] + more)
  }

  private func labels(_ change: (String) -> String) throws {
    try program.write(change(program.read("archive/labels.csv")), "archive/labels.csv")
  }

  @Test("a system's model says what it is; evaluate leaves out the rest and analyze refuses it")
  func systems() async throws {
    try await phantoms()
    #expect(try await train("--system", "unet").status == 0)
    #expect(program.read("run/configuration.json").contains(#""system" : "unet""#))
    let info = try await program.run("model", "info", "run/model.safetensors")
    #expect(info.output.contains("system: unet\n"))
    let figures = try await program.run(
      "evaluate", "--archive", "archive", "--cache", "cache", "--model", "run/model.safetensors", "--json")
    #expect(figures.status == 0 && figures.output.contains(#""segmentation""#), "\(figures.complaints)")
    #expect(!figures.output.contains(#""classification""#))
    let refusal = try await program.run(
      "analyze", "archive/PHANTOM-001/dx.dcm", "--model", "run/model.safetensors", "--output", "out")
    #expect(refusal.status == 65)
    #expect(refusal.complaints.contains("never learned findings"), "\(refusal.complaints)")
    #expect(try await train("--system", "resnet").status == 64)
  }

  @Test("the published consistency can be chosen on the command line")
  func consistency() async throws {
    try await phantoms()
    #expect(try await train("--consistency", "published").status == 0)
    #expect(program.read("run/configuration.json").contains(#""consistencyKind" : "published""#))
    let lines = program.read("run/log.csv").split(separator: "\n").map { $0.split(separator: ",") }
    let column = try #require(lines.first?.firstIndex(of: "consistency"))
    #expect(lines.count == 3 && lines.dropFirst().allSatisfy { $0[column] == "0" })
  }

  @Test("an archive without labels is refused with its count, whatever the user accepts")
  func noLabels() async throws {
    try await phantoms()
    for path in program.files("archive") where path.hasSuffix(".seg.dcm") || path.hasSuffix(".csv") {
      try FileManager.default.removeItem(at: program.folder.appending(path: "archive/\(path)"))
    }
    for flags in [[], ["--accept-problems"]] {
      let outcome = try await flags.isEmpty ? train() : train(flags[0])
      #expect(outcome.status == 65)
      #expect(outcome.complaints.contains("no labels at all: none of the"), "\(outcome.complaints)")
    }
    #expect(program.files("run").isEmpty)
  }

  @Test("one class, and labels without images, are trained on only if the user says so")
  func problems() async throws {
    try await phantoms()
    try labels { $0.replacing(",pneumonia,", with: ",normal,") + "1.2.3,Nobody,normal,train\n" }
    let refused = try await train()
    #expect(refused.status == 65)
    for part in ["one class only: all 5 findings", "1 label for images that aren't in the archive"] {
      #expect(refused.complaints.contains(part), "\(refused.complaints)")
    }
    #expect(program.files("run").isEmpty)
    let accepted = try await train("--accept-problems")
    #expect(accepted.status == 0 && accepted.complaints.contains("accepted: one class only"))
    #expect(program.files("run").contains("model.safetensors"))
  }

  @Test("archive index prints the digest that a training notes, of images without a split too")
  func digest() async throws {
    try await phantoms()
    try labels { $0.replacing(",train", with: ",") }
    #expect(try await train().status == 0)
    let index = try await program.run("archive", "index", "--archive", "archive")
    let noted = program.read("run/archive.sha256").trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(noted.count == 64 && index.output.hasSuffix("digest \(noted)\n"), "\(index.output)")
  }

  @Test("going on with other options says what to repeat; another number of threads changes nothing")
  func otherOptions() async throws {
    try await phantoms()
    #expect(try await train("--threads", "1").status == 0)
    let refused = try await train("--threads", "1")
    #expect(refused.status == 65)
    #expect(refused.complaints.contains("go on with --resume"), "\(refused.complaints)")
    let model = try Data(contentsOf: program.folder.appending(path: "run/model.safetensors"))
    let threads = try await train("--threads", "2", "--resume")
    #expect(
      threads.status == 0 && threads.complaints.contains("resumed after step 2"), "\(threads.complaints)")
    #expect(try Data(contentsOf: program.folder.appending(path: "run/model.safetensors")) == model)
    let options = try await train("--threads", "1", "--seed", "9", "--resume")
    #expect(options.status == 65)
    #expect(options.complaints.contains("made with other options"), "\(options.complaints)")
  }

  @Test("a file that can't be decoded is named and left out")
  func badImage() async throws {
    try await phantoms()
    let file = program.folder.appending(path: "archive/PHANTOM-001/dx.dcm")
    let bytes = try Data(contentsOf: file)
    try bytes.prefix(bytes.count * 2 / 3).write(to: file)
    let outcome = try await train()
    #expect(outcome.status == 0, "\(outcome.complaints)")
    #expect(outcome.complaints.contains("PHANTOM-001/dx.dcm: "))
    #expect(outcome.complaints.contains("streams: 4 masks"))
  }

  @Test("a full disk keeps the last good checkpoint, and training goes on from it")
  func fullDisk() async throws {
    try await phantoms()
    try program.write(
      program.read("small.json").dropLast() + #", "checkpointEvery": 10, "validateEvery": 1000}"#,
      "small.json")
    let long = common + ["--stages", "32x100000"]
    let checkpoint = program.folder.appending(path: "run/checkpoint.safetensors")
    let first = try await program.run(long) { [program] in program.exists("run/checkpoint.safetensors") }
    try #require(first.status == 1, "\(first.complaints)")
    let kept = try Data(contentsOf: checkpoint)

    // No file may grow beyond 16 MiB: the model fits, a checkpoint (three times as large) doesn't.
    let command = ([try #require(Program.url).path] + long + ["--resume"]).joined(separator: " ")
    let (status, complained) = try TestEnvironment.run(
      URL(filePath: "/bin/bash"),
      ["-c", "cd '\(program.folder.path)'; trap '' XFSZ; ulimit -f 16384; exec timeout 300 \(command)"])
    #expect(status == 73, "\(complained)")
    #expect(complained.contains("run/checkpoint.safetensors: File too large"), "\(complained)")
    #expect(complained.contains("the last good checkpoint is kept"), "\(complained)")
    #expect(try Data(contentsOf: checkpoint) == kept)
    #expect(program.files("run").allSatisfy { !$0.hasPrefix(".") })

    let inode = try #require(Self.fileNumber(checkpoint))
    let resumed = try await program.run(long + ["--resume"]) { Self.fileNumber(checkpoint) != inode }
    #expect(resumed.status == 1 && resumed.complaints.contains("resumed after step"), "\(resumed.complaints)")
    #expect(try Data(contentsOf: checkpoint) != kept)
  }

  /// A replaced file has another one.
  private static func fileNumber(_ url: URL) -> UInt64? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: url.path)
    return (attributes?[.systemFileNumber] as? NSNumber)?.uint64Value
  }
}
