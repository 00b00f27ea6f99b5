import Foundation
import TestSupport
import Testing

@Suite("mmdicom archive import, export", .enabled(if: Program.url != nil, "the program isn't built"))
struct ArchiveExchangeTests {
  private let program: Program

  init() throws { program = try Program() }

  @Test("an archive goes out as pictures, and they come in again; keys, status and complaints")
  func thereAndBack() async throws {
    let drawn = try await program.run(
      "archive", "phantom", "--output", "phantoms", "--count", "4", "--size", "96", "--sources", "2")
    try #require(drawn.status == 0)
    let out = try await program.run(
      "archive", "export", "--archive", "phantoms", "--output", "pictures", "--format", "png", "--key", "key")
    #expect(out.status == 0, "\(out.complaints)")
    #expect(out.output == "4 images, 4 masks in pictures\n")
    #expect(out.complaints.contains("site-1 is called source-1"))
    let key = program.folder.appending(path: "key")
    #expect(try FileManager.default.attributesOfItem(atPath: key.path)[.posixPermissions] as? Int == 0o600)

    let back = try await program.run(
      "archive", "import", "--images", "pictures", "--table", "pictures/labels.csv", "--output", "again",
      "--json")
    #expect(back.status == 0, "\(back.complaints)")
    #expect(back.output == "{\"images\":4,\"labels\":4,\"masks\":4}\n")
    let index = try await program.run("archive", "index", "--archive", "again", "--check")
    #expect(index.status == 0, "\(index.complaints)")

    // With the same key the same names.
    let first = try await program.run(
      "archive", "export", "--archive", "phantoms", "--output", "one", "--key", "key")
    let second = try await program.run(
      "archive", "export", "--archive", "phantoms", "--output", "two", "--key", "key")
    #expect(first.status == 0 && second.status == 0)
    #expect(program.files("one") == program.files("two") && program.files("one").count == 9)

    #expect(
      try await program.run("archive", "export", "--archive", "phantoms", "--output", "one").status == 73)
    #expect(try await program.run("archive", "export", "--archive", "nowhere", "--output", "x").status == 66)
    #expect(try await program.run("archive", "import", "--images", "nowhere", "--output", "x").status == 66)
    #expect(try await program.run("archive", "import", "--images", "phantoms", "--output", "x").status == 65)
    try program.write("short", "bad.key")
    #expect(
      try await program.run("archive", "export", "--archive", "phantoms", "--output", "x", "--key", "bad.key")
        .status
        == 65)
    #expect(program.files("x") == [])
  }
}
