import Daemon
import Foundation
import StatusPage
import Testing

@Suite("http: in the configuration")
struct HTTPConfigurationTests {
  private let root: TemporaryFolder

  init() throws { root = try TemporaryFolder() }

  private func read(_ lines: String) async throws -> DaemonConfiguration {
    try await DaemonConfiguration.read(
      file: root.write("inbox: /a/in\noutbox: /a/out\n" + lines, "mmdicom.yaml"), environment: [:])
  }

  private func problem(_ lines: String) async -> String {
    do {
      _ = try await read(lines)
      return "no problem"
    } catch { return "\(error)" }
  }

  @Test func addresses() async throws {
    #expect(try await read("").http == nil)
    #expect(try await read("http:\n").http == nil)
    #expect(try await read("http: 127.0.0.1:9142\n").http?.address.port == 9142)
    #expect(try await read("http: \"[::1]:9142\"\n").http?.address.host == "::1")
    #expect(await problem("http: 9142\n").contains("must be ADDRESS:PORT"))
    #expect(await problem("http: 127.0.0.1:9142\nhttp_key: /k\n").contains("http_certificate is missing"))
  }

  @Test("beyond this machine only with a token and TLS")
  func beyondLoopback() async throws {
    for address in ["0.0.0.0:9142", "reader.example.org:443", "\"[::]:9142\""] {
      let bare = await problem("http: \(address)\n")
      #expect(bare.contains("http_token_file, and http_certificate and http_key must be set"), "\(bare)")
      #expect(await problem("http: \(address)\nhttp_token_file: /t\n").contains("http_certificate"))
      #expect(
        await problem("http: \(address)\nhttp_certificate: /c\nhttp_key: /k\n").contains("http_token_file"))
      let all = "http: \(address)\nhttp_token_file: /t\nhttp_certificate: /c\nhttp_key: /k\n"
      #expect(await problem(all) == "no problem")
    }
  }

  @Test func tokens() async throws {
    func token(_ text: String, mode: Int = 0o640) async throws -> String? {
      let file = try root.write(text, "token")
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
      return try await read("http: 127.0.0.1:1\nhttp_token_file: \(file.path)\n").http?.token()
    }
    #expect(try await token("0123456789abcdef\n") == "0123456789abcdef")
    #expect(try await token("0123456789abcdef\r\nmore") == "0123456789abcdef")
    for bad in ["", "short", "0123456789 abcdef", "0123456789abcdé"] {
      await #expect(throws: ConfigurationFailure.self) { try await token(bad) }
    }
    await #expect(throws: ConfigurationFailure.self) { try await token("0123456789abcdef", mode: 0o644) }
    let missing = try await read("http: 127.0.0.1:1\nhttp_token_file: /nowhere/token\n")
    #expect(throws: ConfigurationFailure.self) { try missing.http?.token() }
  }

  @Test("the page shows what is in force, without passwords")
  func stated() async throws {
    let stated = try await read("ledger: /a/ledger\nignore: [\"*.x\", \"*.y\"]\nworkers: 2\n").stated
    #expect(stated.map(\.key) == DaemonConfiguration.keys)
    let values = Dictionary(uniqueKeysWithValues: stated.map { ($0.key, $0.value) })
    #expect(values["ignore"] == "*.x, *.y" && values["workers"] == "2" && values["http"] == "")
    for (text, shown) in [
      ("postgresql://mmdicom:secret@db/ledger", "postgresql://...@db/ledger"),
      (
        "web=https://u:p@host/studies, pacs=dicom://A@b:1",
        "web=https://...@host/studies, pacs=dicom://...@b:1"
      ),
      ("/in", "/in"),
    ] { #expect(StatedValue(key: "k", value: text).value == shown) }
  }
}
