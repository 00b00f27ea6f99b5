import Foundation
import TestSupport
import Testing

@Suite("mmdicom doctor", .enabled(if: Program.url != nil, "the program isn't built"))
struct DoctorTests {
  private let program: Program

  init() throws { program = try Program() }

  /// Verdict and finding by subject.
  private func examine(_ more: String = "", diskStopPercent: Int = 100) async throws -> (
    Int32, [String: (String, String)]
  ) {
    try program.configureService(more, diskStopPercent: diskStopPercent)
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
      model_sha256: \(String(repeating: "0", count: 64))
      http: 127.0.0.1:1
      http_token_file: token
      """, diskStopPercent: 1)
    #expect(status == 1)
    for subject in ["folder outbox", "disk of spool", "model", "ledger", "http_token_file"] {
      #expect(found[subject]?.0 == "ill", "\(subject): \(String(describing: found[subject]))")
    }
    let plain = try await program.run("doctor", "--config", "mmdicom.yaml")
    #expect(plain.output.contains("ILL   folder outbox: ") && plain.output.contains("      -> "))
  }

  /// A certificate and its key, `NAME.pem` and `NAME.key`.
  private func certificate(_ name: String, days: String = "90") throws {
    let openssl = try #require(Self.openssl)
    let place = program.folder.appending(path: name).path
    let (status, said) = try TestEnvironment.run(
      openssl,
      ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", days]
        + ["-subj", "/CN=localhost", "-keyout", place + ".key", "-out", place + ".pem"])
    try #require(status == 0, "\(said)")
  }

  private static let openssl = TestEnvironment.tool("openssl")

  private func chmod(_ path: String, _ mode: Int) throws {
    try FileManager.default.setAttributes(
      [.posixPermissions: mode], ofItemAtPath: program.folder.appending(path: path).path)
  }

  @Test("every file that the configuration names is opened", .enabled(if: openssl != nil, "no openssl"))
  func files() async throws {
    try certificate("node")
    try certificate("page")
    try certificate("soon", days: "5")
    let secrets = [
      ("token", "0123456789abcdef0123"), ("delivery", "web basic somebody something"),
      ("notices", "hook 0123456789abcdef0123"), ("patients", String(repeating: "k", count: 64)),
    ]
    for (name, text) in secrets {
      try program.write(text, name)
      try chmod(name, 0o600)
    }
    try program.write("#!/bin/sh\n", "command")
    try chmod("command", 0o755)
    let configuration = """
      report_patients: hash
      report_key_file: patients
      destinations: [web=https://127.0.0.1:1/studies]
      delivery_secrets: delivery
      notify: [hook=http://127.0.0.1:1/x, run=command:\(program.folder.path)/command]
      notify_secrets: notices
      tls_certificate: node.pem
      tls_key: node.key
      tls_authorities: [node.pem, soon.pem]
      http: 127.0.0.1:1
      http_token_file: token
      http_certificate: page.pem
      http_key: page.key
      """
    let (status, found) = try await examine(configuration)
    #expect(status == 0)
    let sound = [
      "report_key_file", "delivery_secrets", "notify_secrets", "tls_certificate", "tls_key", "notify run",
      "http_token_file", "http_certificate", "http_key",
    ]
    for subject in sound {
      #expect(found[subject]?.0 == "well", "\(subject): \(String(describing: found[subject]))")
    }
    #expect(found["tls_authorities node.pem"]?.0 == "well")
    #expect(found["tls_authorities soon.pem"]?.0 == "doubtful")
    // Nobody is there; that keeps nobody from reading.
    for peer in ["destination web", "notify hook"] {
      #expect(found[peer]?.0 == "doubtful", "\(String(describing: found[peer]))")
    }

    // Another's key, one with a pass phrase, what is no certificate, what can't be run, what isn't there.
    try Data(contentsOf: program.folder.appending(path: "page.key")).write(
      to: program.folder.appending(path: "node.key"))
    try program.write("not a certificate", "soon.pem")
    try program.write("hook short", "notices-2")
    try chmod("notices-2", 0o600)
    try chmod("command", 0o600)
    let (spoilt, ill) = try await examine(
      configuration.replacing("delivery_secrets: delivery", with: "delivery_secrets: nowhere"))
    #expect(spoilt == 1)
    for subject in ["delivery_secrets", "tls_key", "tls_authorities soon.pem", "notify run"] {
      #expect(ill[subject]?.0 == "ill", "\(subject): \(String(describing: ill[subject]))")
    }
    let (_, refused) = try await examine(
      configuration.replacing("secrets: notices", with: "secrets: notices-2"))
    #expect(
      refused["configuration"]?.0 == "ill" && refused["configuration"]?.1.contains("notices-2:1") == true)
  }

  @Test(
    "root looks as the daemon's user, whom its folder belongs to", .enabled(if: getuid() == 0, "needs root"))
  func asTheDaemonsUser() async throws {
    try program.write("0123456789abcdef0123", "token")
    try chmod("token", 0o640)
    for name in ["inbox", "outbox", "done", "rejected", "ledger"] {
      let folder = program.folder.appending(path: name).path
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try FileManager.default.setAttributes(
        [.ownerAccountID: 65534, .posixPermissions: name == "rejected" ? 0o500 : 0o770], ofItemAtPath: folder)
    }
    let (status, found) = try await examine("http: 127.0.0.1:1\nhttp_token_file: token")
    #expect(status == 1)
    #expect(found["user"]?.1.hasPrefix("looked at as nobody") == true, "\(found)")
    #expect(found["folder outbox"]?.0 == "well" && found["model"]?.0 == "well")
    #expect(found["folder rejected"]?.0 == "ill")
    #expect(found["http_token_file"]?.1.contains("nobody may not read it") == true)
    try chmod("mmdicom.yaml", 0o600)
    let outcome = try await program.run("doctor", "--config", "mmdicom.yaml")
    #expect(outcome.status == 1 && outcome.output.contains("ILL   configuration: "), "\(outcome.output)")
  }

  @Test func addressesAreTried() async throws {
    let (_, found) = try await examine(
      """
      http:
      receive: dicom://US@192.0.2.1:11112
      destinations: [gone=dicom://PACS@127.0.0.1:1, messages=mllp://127.0.0.1:1]
      """)
    #expect(
      found["receive"]?.0 == "ill" && found["receive"]?.1.contains("no address of this machine") == true)
    #expect(found["destination gone"]?.0 == "doubtful")
    // No message is ever made for it.
    #expect(found["destination messages"]?.1.hasPrefix("gets nothing: it takes hl7") == true)
  }
}
