import Foundation
import TestSupport
import Testing

@Suite("mmdicom doctor", .enabled(if: Program.url != nil, "the program isn't built"))
struct DoctorTests {
  private let program: Program

  init() throws { program = try Program() }

  /// Verdict and finding by subject.
  private func examine(_ more: String = "disk_stop_percent: 100") async throws -> (
    Int32, [String: (String, String)]
  ) {
    try program.configureService(more)
    let outcome = try await program.run("doctor", "--config", "mmdicom.yaml", "--json")
    let document = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
    let all = try #require(document?["examinations"] as? [[String: String]])
    return (
      outcome.status,
      Dictionary(
        uniqueKeysWithValues: all.map { ($0["subject"] ?? "", ($0["verdict"] ?? "", $0["finding"] ?? "")) })
    )
  }

  @Test func nothingIsThereYet() async throws {
    let (status, found) = try await examine()
    #expect(status == 0)
    for name in ["inbox", "outbox", "done", "rejected", "ledger"] {
      #expect(found["folder \(name)"]?.0 == "well")
    }
    #expect(found["model"]?.1.contains("random.safetensors, SHA-256 ") == true)
    #expect(!program.exists("inbox"))
  }

  @Test func whatIsWrongIsNamed() async throws {
    try program.write("x", "outbox")
    try program.write("not a ledger", "ledger/ledger.sqlite")
    try program.write("short", "token")
    let (status, found) = try await examine(
      """
      disk_stop_percent: 1
      model_sha256: \(String(repeating: "0", count: 64))
      http: 127.0.0.1:1
      http_token_file: token
      """)
    #expect(status == 1)
    for subject in ["folder outbox", "disk of spool", "model", "ledger", "http_token_file"] {
      #expect(found[subject]?.0 == "ill", "\(subject): \(String(describing: found[subject]))")
    }
    let plain = try await program.run("doctor", "--config", "mmdicom.yaml")
    #expect(plain.output.contains("ILL   folder outbox: ") && plain.output.contains("      -> "))
  }
}
