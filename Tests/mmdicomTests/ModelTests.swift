import Foundation
import Testing

@Suite("mmdicom model", .enabled(if: Program.url != nil, "the program isn't built"))
struct ModelTests {
  private let program: Program

  init() throws { program = try Program() }

  private func sha256() async throws -> String {
    let outcome = try await program.run("model", "info", "--json")
    let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
    return try #require(object?["sha256"] as? String)
  }

  @Test("a usable model without a card, with its own card, and with another model's")
  func card() async throws {
    let alone = try await program.run("model", "verify")
    #expect(alone.status == 0 && alone.output.contains("no model card beside it"))
    let own = try await sha256()
    try program.write("# random\n\nSHA-256 `\(own.uppercased())`\n", "MODEL-CARD.md")
    let carded = try await program.run("model", "verify")
    #expect(carded.status == 0 && carded.output.contains("its model card names it"))
    try program.write("# random\n\nSHA-256 `\(String(own.reversed()))`\n", "MODEL-CARD.md")
    let foreign = try await program.run("model", "verify")
    #expect(foreign.status == 65 && foreign.complaints.contains("MODEL-CARD.md beside it is another model's"))
    #expect(try await program.run("model", "info").status == 0)
  }

  @Test("a threshold that decides nothing is refused", arguments: ["0", "1"])
  func threshold(_ text: String) async throws {
    try RandomModel.write(to: program.model, remarks: ["decision_threshold": text])
    let outcome = try await program.run("model", "verify")
    #expect(outcome.status == 65 && outcome.complaints.contains("decision threshold \(text).0"))
  }

  @Test(
    "metadata that can't be right is refused",
    arguments: [
      ["temperature": "0"], ["temperature": "-1"], ["temperature": "nan"], ["decision_threshold": "1.5"],
      ["decision_threshold": "half"],
    ])
  func metadata(_ remarks: [String: String]) async throws {
    try RandomModel.write(to: program.model, remarks: remarks)
    let outcome = try await program.run("model", "verify")
    #expect(outcome.status == 65 && outcome.complaints.contains("invalid metadata"))
  }

  @Test("what a model says of its training is shown, and kept by an export")
  func remarks() async throws {
    let remarks = [
      "training": "10 steps", "validation": "Dice\n0.9", "calibration": "by hand", "temperature": "1.5",
    ]
    try RandomModel.write(to: program.model, remarks: remarks)
    let exported = try await program.run(
      "model", "export", program.model.path, "--output", "half.safetensors", "--precision", "float16")
    #expect(exported.status == 0, "\(exported.complaints)")
    let info = try await program.run("model", "info", "half.safetensors")
    for line in [
      "training: 10 steps\n", "validation: Dice 0.9\n", "calibration: by hand\n", "temperature: 1.5\n",
    ] {
      #expect(info.output.contains(line), "\(info.output)")
    }
  }
}
