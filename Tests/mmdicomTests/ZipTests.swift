import Foundation
import TestSupport
import Testing

@Suite("Zip archives of studies", .enabled(if: Program.url != nil, "the program isn't built"), .serialized)
struct ZipTests {
  private let program: Program

  init() throws {
    program = try Program()
    try program.configureService("worker_timeout_seconds: 60")
  }

  /// Three phantoms' radiographs.
  private func radiographs() async throws -> [[UInt8]] {
    let outcome = try await program.run(
      "archive", "phantom", "--output", "phantoms", "--count", "3", "--size", "256")
    try #require(outcome.status == 0, "\(outcome.complaints)")
    return try program.files("phantoms", ".dcm").filter { !$0.hasSuffix(".seg.dcm") }.sorted().map {
      Array(try Data(contentsOf: program.folder.appending(path: "phantoms/" + $0)))
    }
  }

  private func write(_ bytes: [UInt8], _ path: String) throws {
    let place = program.folder.appending(path: path)
    try FileManager.default.createDirectory(
      at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: place)
  }

  private func archive(_ images: [[UInt8]]) -> [UInt8] {
    let inner = HandmadeZip([.init(name: "c.dcm", content: images[2])])
    return HandmadeZip([
      .init(name: "disk/", content: [], mode: 0o040_755), .init(name: "disk/a.dcm", content: images[0]),
      .init(name: "disk/b", content: images[1]), .init(name: "disk/inner.zip", content: inner.bytes),
      .init(name: "disk/readme.txt"), .init(name: ".DS_Store"),
    ]).bytes
  }

  @Test("the files of an archive are read as if they had lain in a folder; the archive has a row of its own")
  func serves() async throws {
    let images = try await radiographs()
    try write(archive(images), "inbox/a/study.zip")
    let outcome = try await program.run("serve", "--once", "--config", "mmdicom.yaml")
    // The text file is none that could be read.
    #expect(outcome.status == 1, "\(outcome.complaints)")
    #expect(program.files("inbox") == [])
    #expect(
      Set(program.files("done")) == [
        "a/study.zip", "a/study/disk/a.dcm", "a/study/disk/b", "a/study/disk/inner/c.dcm",
      ])
    #expect(
      Set(program.files("rejected")) == ["a/study/disk/readme.txt", "a/study/disk/readme.txt.reason.txt"])
    let rows = program.report("outbox/report.csv")
    #expect(rows.count { $0["status"] == "analysed" } == 3)
    #expect(rows.count { $0["status"] == "rejected" && $0["reason"]?.hasPrefix("not_dicom") == true } == 1)
    #expect(rows.filter { $0["status"] == "not_analysed" }.map { $0["reason"] } == ["archive: a/study.zip"])
    // Nothing is left of the opening.
    #expect(program.files("outbox").allSatisfy { !$0.contains("members") })
    // A ledger that is written anew takes the archive for what it is.
    #expect(
      try await program.run("serve", "--once", "--rebuild-ledger", "--config", "mmdicom.yaml").status == 0)
    let status = try await program.run("status", "--json", "--config", "mmdicom.yaml")
    let figures = try #require(
      try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any])
    #expect(figures["analysed"] as? Int == 3 && figures["not_analysed"] as? Int == 1)
    // The same again, and one of its files by itself: known.
    try write(archive(images), "inbox/a/study.zip")
    try write(images[0], "inbox/again.dcm")
    #expect(try await program.run("serve", "--once", "--config", "mmdicom.yaml").status == 0)
    #expect(program.report("outbox/report.csv").count == rows.count)
  }

  @Test("one that is refused is rejected as a whole, with the reason")
  func refuses() async throws {
    let images = try await radiographs()
    let refused: [(name: String, code: String, bytes: [UInt8])] = [
      (
        "climbs.zip", "archive_unsafe",
        HandmadeZip([.init(name: "a.dcm", content: images[0]), .init(name: "../../b")]).bytes
      ),
      (
        "link.zip", "archive_unsafe",
        HandmadeZip([.init(name: "a", content: Array("/etc/passwd".utf8), mode: 0o120_777)]).bytes
      ),
      (
        "locked.zip", "archive_encrypted",
        HandmadeZip([.init(name: "a.dcm", content: images[0], flags: 1)]).bytes
      ),
      ("cut.zip", "archive_damaged", Array(archive(images).dropLast(40))),
      ("letter.docx", "archive_empty", HandmadeZip("word/document.xml").bytes),
      ("deep.zip", "archive_too_deep", HandmadeZip(String(repeating: "d/", count: 40) + "a.dcm").bytes),
    ]
    for item in refused { try write(item.bytes, "inbox/\(item.name)") }
    let outcome = try await program.run("serve", "--once", "--config", "mmdicom.yaml")
    #expect(outcome.status == 1)
    let rows = program.report("outbox/report.csv")
    #expect(rows.count == refused.count && rows.allSatisfy { $0["status"] == "rejected" })
    for item in refused {
      #expect(
        program.read("rejected/\(item.name).reason.txt").contains("reason: \(item.code)\n"), "\(item.name)")
    }
    #expect(program.files("done") == [])
  }

  @Test("analyze opens them as well, and names their files below theirs")
  func analyzes() async throws {
    let images = try await radiographs()
    try write(archive(images), "study.zip")
    try write(images[0], "in/a.dcm")
    let outcome = try await program.run("analyze", "study.zip", "in", "--output", "out")
    // The text file is none that could be read.
    #expect(outcome.status == 1, "\(outcome.complaints)")
    let rows = program.report("out/report.csv")
    #expect(rows.count { $0["status"] == "analysed" } == 3)
    #expect(outcome.complaints.contains("study.zip/disk/readme.txt"))
    #expect(outcome.complaints.contains("the same bytes as"))
    #expect(program.files("out").allSatisfy { !$0.hasPrefix(".mmdicom") })
    try write(HandmadeZip([.init(name: "a.dcm", content: images[0])]).bytes, "one.zip")
    let clean = try await program.run("analyze", "one.zip", "--output", "clean")
    #expect(clean.status == 0, "\(clean.complaints)")
    // What archives hold counts as soon as they are opened: two inputs, and four files of the one.
    let shown = try #require(outcome.complaints.matches(of: #/(?m)^analyse (\d+)/(\d+) /#).last)
    #expect(shown.1 == "6" && shown.2 == "6", "\(outcome.complaints)")
  }
}
