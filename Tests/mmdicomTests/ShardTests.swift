import Foundation
import TestSupport
import Testing

@Suite("mmdicom analyze --shard", .enabled(if: Program.url != nil, "the program isn't built"), .serialized)
struct ShardTests {
  private let program: Program

  init() throws { program = try Program() }

  /// Five phantoms, a copy of one, and a file that is none.
  private func archive() async throws {
    let outcome = try await program.run(
      "archive", "phantom", "--output", "archive", "--count", "5", "--size", "96")
    try #require(outcome.status == 0, "\(outcome.complaints)")
    for name in program.files("archive", ".seg.dcm") {
      try FileManager.default.removeItem(at: program.folder.appending(path: "archive/\(name)"))
    }
    try program.write("no DICOM", "archive/note.dcm")
  }

  private func analyze(_ shard: String? = nil) async throws -> Program.Outcome {
    try await program.run(
      ["analyze", "archive", "--output", shard == nil ? "whole" : "out"]
        + (shard.map { ["--shard", $0] } ?? []))
  }

  /// Without what differs from run to run.
  private func rows(_ folder: String) -> [[String: String]] {
    program.report("\(folder)/report.csv").map { row in
      row.filter { $0.key != "analysed_at" && $0.key != "seconds" }
    }.sorted {
      ($0["sop_instance_uid"] ?? "", $0["reason"] ?? "") < ($1["sop_instance_uid"] ?? "", $1["reason"] ?? "")
    }
  }

  @Test("shards join to what one run writes; a missing one is named and nothing is moved")
  func join() async throws {
    try await archive()
    #expect(try await analyze().status == 1)
    for number in [1, 3] { #expect([0, 1].contains(try await analyze("\(number)/3").status)) }
    let early = try await program.run("join", "out")
    #expect(
      early.status == 65 && early.complaints.contains("not complete: shard 2 of 3"), "\(early.complaints)")
    #expect(!program.exists("out/report.csv") && program.exists("out/shard-1-of-3/report.csv"))
    #expect([0, 1].contains(try await analyze("2/3").status))
    let joined = try await program.run("join", "out")
    #expect(joined.status == 0 && joined.output.hasSuffix("out/report.csv\n"), "\(joined.complaints)")
    #expect(rows("out") == rows("whole"))
    #expect(program.files("out") == program.files("whole"))
    let again = try await program.run("join", "out")
    #expect(again.status == 65 && again.complaints.contains("no shards in it"))
  }

  @Test("an image that two shards hold keeps its first result, and is named")
  func repeated() async throws {
    try await archive()
    let copy = program.folder.appending(path: "archive/again")
    try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
    let image = try #require(program.files("archive/PHANTOM-002", ".dcm").first)
    try FileManager.default.copyItem(
      at: program.folder.appending(path: "archive/PHANTOM-002/\(image)"),
      to: copy.appending(path: image))
    // Seven files: the copy comes behind the phantoms and the note, or before them; one of two shards has it alone.
    for number in 1...7 { _ = try await analyze("\(number)/7") }
    let joined = try await program.run("join", "out")
    #expect(joined.status == 1 && joined.complaints.contains("in several shards"), "\(joined.complaints)")
    let uids = rows("out").compactMap { $0["sop_instance_uid"] }.filter { !$0.isEmpty }
    #expect(uids.count == 5 && Set(uids).count == 5)
    // Cut off before the folders were seen to, the next call keeps the same one.
    let kept = try #require(try folders("repeated-").first)
    let (now, before) = ("out/\(kept)", "out/\(kept.dropFirst("repeated-".count))")
    func move(_ from: String, _ to: String) throws {
      try FileManager.default.moveItem(
        at: program.folder.appending(path: from), to: program.folder.appending(path: to))
    }
    try move(now, before)
    try move("out/report.csv", "out/.joined")
    let again = try await program.run("join", "out")
    #expect(again.status == 1 && again.complaints.contains("in several shards"), "\(again.complaints)")
    #expect(try folders("repeated-") == [kept] && folders("shard-").isEmpty)
    #expect(rows("out").compactMap { $0["sop_instance_uid"] }.filter { !$0.isEmpty }.count == 5)
  }

  private func folders(_ beginning: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: program.folder.appending(path: "out").path)
      .filter { $0.hasPrefix(beginning) }
  }

  @Test("a join that was cut off is ended by the next", arguments: ["before", "behind"])
  func cutOff(_ place: String) async throws {
    try await archive()
    _ = try await analyze("1/2")
    _ = try await analyze("2/2")
    let expected = try await { () async throws -> [[String: String]] in
      _ = try await analyze()
      return rows("whole")
    }()
    if place == "before" {
      // The first results were moved.
      for name in program.files("out/shard-1-of-2", ".png") {
        try FileManager.default.moveItem(
          at: program.folder.appending(path: "out/shard-1-of-2/\(name)"),
          to: program.folder.appending(path: "out/\(name)"))
      }
      #expect(try await program.run("join", "out").status == 0)
      #expect(rows("out") == expected)
    } else {
      // The report was written, which has its name in the end, and the first folder was gone.
      let report = ["shard-1-of-2", "shard-2-of-2"].compactMap {
        try? String(contentsOf: program.folder.appending(path: "out/\($0)/report.csv"), encoding: .utf8)
      }
      let second = report[1].split(separator: "\r\n").dropFirst().map { $0 + "\r\n" }.joined()
      try program.write(report[0] + second, "out/.joined")
      try FileManager.default.removeItem(at: program.folder.appending(path: "out/shard-1-of-2"))
      #expect(try await program.run("join", "out").status == 0)
      #expect(program.files("out") == ["report.csv"])
      #expect(rows("out") == expected)
    }
  }

  @Test("shards that there can't be", arguments: ["0/2", "3/2", "1", "a/b"])
  func usage(_ shard: String) async throws {
    #expect(try await analyze(shard).status == 64)
  }
}
