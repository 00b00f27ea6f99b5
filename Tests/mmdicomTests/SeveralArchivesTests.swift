import Foundation
import Testing

/// Sites keep archives apart: every command takes several of them.
@Suite("several --archive", .enabled(if: Program.url != nil, "the program isn't built"), .serialized)
struct SeveralArchivesTests {
  private let program: Program

  init() throws { program = try Program() }

  /// Ten phantoms in each of two archives, whose patients are the same ten.
  private func phantoms() async throws {
    for (name, seed) in [("east", "1"), ("west", "2")] {
      let outcome = try await program.run(
        "archive", "phantom", "--output", name, "--count", "10", "--size", "96", "--sources", "2", "--seed",
        seed)
      try #require(outcome.status == 0, "\(outcome.complaints)")
    }
  }

  private let both = ["--archive", "east", "--archive", "west", "--cache", "cache"]

  private func digest(_ text: String) -> String? {
    text.firstMatch(of: /digest ([0-9a-f]{64})/).map { String($0.1) }
  }

  @Test(
    "index, train, evaluate and experiment read both as one; each training notes the digest that index prints"
  )
  func together() async throws {
    try await phantoms()
    let index = try await program.run(["archive", "index"] + both)
    #expect(index.status == 0, "\(index.complaints)")
    for (source, count) in [("east/site-1", 6), ("east/site-2", 4), ("west/site-1", 6), ("west/site-2", 4)] {
      #expect(index.output.contains("\n\(source)\t\(count)\t\(count)\t"), "\(index.output)")
    }
    #expect(index.output.contains("\nall\t20\t10\t10\t10\t0\t20\n"), "\(index.output)")
    let digest = try #require(self.digest(index.output))
    let swapped = try await program.run(
      "archive", "index", "--archive", "west", "--archive", "east", "--cache", "cache")
    #expect(self.digest(swapped.output) == digest)

    let short = ["--stages", "32x2", "--batch", "2,1,2,1", "--threads", "2"]
    let trained = try await program.run(["train", "--output", "run"] + both + short)
    #expect(trained.status == 0, "\(trained.complaints)")
    #expect(program.read("run/archive.sha256") == digest + "\n")
    // The same patients are for validation in both.
    #expect(
      trained.complaints.contains("streams: 16 masks, 0 without; 16 findings, 0 without; validation 4 images")
    )
    let resumed = try await program.run(["train", "--output", "run", "--resume"] + both + short)
    #expect(resumed.status == 0 && resumed.complaints.contains("from the cache"), "\(resumed.complaints)")

    let evaluated = try await program.run(["evaluate", "--split", "val", "--json"] + both)
    #expect(evaluated.status == 0, "\(evaluated.complaints)")
    let json = try JSONSerialization.jsonObject(with: Data(evaluated.output.utf8)) as? [String: Any]
    #expect((json?["sources"] as? [String: Any])?.keys.sorted() == ["east/site-1", "west/site-1"])
    #expect((json?["classification"] as? [String: Any])?["n"] as? Int == 4)

    try program.write(
      """
      {"systems": ["unet"], "seeds": [1], "size": 32, "labels": [{"classification": "all", "segmentation": "all"}],
       "trainSources": ["east/site-1", "west/site-2"],
       "tests": [{"name": "other", "sources": ["west/site-1"], "split": "all"}],
       "training": {"stages": [{"size": 32, "steps": 2}]}}
      """, "grid.json")
    let compared = try await program.run(["experiment", "--grid", "grid.json", "--output", "out"] + both)
    #expect(compared.status == 0, "\(compared.complaints)")
    #expect(program.read("out/table.md").contains("On west/site-1, every image: 6 with a mask."))
  }

  @Test("each has its own labels, in its root or named in the archives' order")
  func labels() async throws {
    try await phantoms()
    let west = program.read("west/labels.csv")
    try program.write(west.replacing(",pneumonia,", with: ",normal,"), "mine.csv")
    let named = try await program.run(
      ["archive", "index", "--labels", "east/labels.csv", "--labels", "mine.csv"] + both)
    #expect(named.output.contains("\nall\t20\t10\t15\t5\t0\t20\n"), "\(named.output)")
    let few = try await program.run(["archive", "index", "--labels", "mine.csv"] + both)
    #expect(
      few.status == 64 && few.complaints.contains("1 times --labels for 2 archives"), "\(few.complaints)")
    try FileManager.default.removeItem(at: program.folder.appending(path: "west/labels.csv"))
    let none = try await program.run(["archive", "index"] + both)
    #expect(none.complaints.contains("/west has no labels.csv"), "\(none.complaints)")
    #expect(none.output.contains("\nall\t20\t10\t5\t5\t10\t20\n"), "\(none.output)")
  }

  @Test("an archive is given once, and there")
  func mistakes() async throws {
    try await phantoms()
    let twice = try await program.run("archive", "index", "--archive", "east", "--archive", "./east/")
    #expect(
      twice.status == 64 && twice.complaints.contains("--archive ./east/: the same folder is given twice"))
    let missing = try await program.run("train", "--archive", "east", "--archive", "north", "--output", "run")
    #expect(missing.status == 66 && missing.complaints == "mmdicom: north: no such folder\n")
    #expect(program.files("run").isEmpty)
  }
}
