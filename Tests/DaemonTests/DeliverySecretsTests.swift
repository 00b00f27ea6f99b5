import DICOMNetwork
import Daemon
import Foundation
import Testing

@Suite("What DICOMweb servers ask for")
struct DeliverySecretsTests {
  private let root: TemporaryFolder

  init() throws { root = try TemporaryFolder() }

  private func settings(_ text: String, mode: Int = 0o640) async throws -> DeliverySettings {
    let file = try root.write(text, "secrets")
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
    return try await DaemonConfiguration.read(
      file: nil,
      environment: [
        "MMDICOM_INBOX": "/a/in", "MMDICOM_OUTBOX": "/a/out", "MMDICOM_DELIVERY_SECRETS": file.path,
        "MMDICOM_DESTINATIONS":
          "web=https://h/studies,own=http://localhost:8042/studies,plain=http://h/studies,pacs=dicom://A@h",
      ]
    ).delivery
  }

  @Test("a line for each destination; passwords may hold spaces, and nothing is said of others")
  func reads() async throws {
    let secrets = try DeliverySecrets(
      try await settings("# a note\n\nweb basic me pass word: 1\nown bearer abc.def\n"))
    #expect(secrets["web"] == .basic(user: "me", password: "pass word: 1"))
    #expect(secrets["own"] == .bearer("abc.def"))
    #expect(secrets["plain"] == nil)
    #expect(try DeliverySecrets(DeliverySettings())["web"] == nil)
  }

  @Test(
    "what is wrong names the line, and no secret",
    arguments: [
      ("wbe bearer geheim", 0o640, "secrets:1: there is no destination"),
      ("\nweb basic geheim", 0o640, "secrets:2: it takes NAME basic USER PASSWORD"),
      ("web token geheim", 0o640, "secrets:1: it takes"),
      ("web bearer geheim 2", 0o640, "secrets:1: it takes"),
      ("plain bearer geheim", 0o640, "is reached without TLS"),
      ("pacs bearer geheim", 0o640, "takes no password"),
      ("web bearer geheim", 0o644, "everybody may use it"),
    ])
  func errors(text: String, mode: Int, message: String) async throws {
    let settings = try await settings(text, mode: mode)
    do {
      _ = try DeliverySecrets(settings)
      Issue.record("no problem")
    } catch {
      #expect(error.description.contains(message) && !error.description.contains("geheim"), "\(error)")
    }
  }

  @Test("a file that isn't there is said so")
  func missing() async throws {
    var settings = try await settings("")
    settings.secrets = URL(filePath: "/nonexistent/secrets")
    #expect(throws: ConfigurationFailure("delivery_secrets: /nonexistent/secrets: no such file")) {
      try DeliverySecrets(settings)
    }
  }
}
