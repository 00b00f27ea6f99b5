import Daemon
import Foundation
import Logging
import StatusPage
import TestSupport
import Testing

@Suite("The daemon's configuration")
struct ConfigurationTests {
  private let root: TemporaryFolder

  init() throws { root = try TemporaryFolder() }

  private func read(_ yaml: String, _ environment: [String: String] = [:]) async throws -> DaemonConfiguration
  {
    try await DaemonConfiguration.read(file: root.write(yaml, "mmdicom.yaml"), environment: environment)
  }

  private func problem(_ yaml: String, _ environment: [String: String] = [:]) async -> String {
    do {
      _ = try await read(yaml, environment)
      return "no problem"
    } catch {
      return "\(error)"
    }
  }

  private let folders = "inbox: /a/in\noutbox: /a/out\n"

  @Test("two folders are enough; the others lie beside the inbox")
  func defaults() async throws {
    let configuration = try await read(folders)
    #expect(configuration.folders.done.path == "/a/done")
    #expect(configuration.folders.rejected.path == "/a/rejected")
    #expect(configuration.folders.ledger.path == "/a/ledger")
    #expect(configuration.settlingTime == .seconds(5))
    #expect(configuration.model == nil)
  }

  @Test("values of the file are taken, and the environment goes before")
  func values() async throws {
    let yaml =
      folders
      + "tensors: true\nsettle_seconds: 1.5\nthreads: 3\nignore: [\"*.x\", \"*.y\"]\nlog_level: debug\n"
    let configuration = try await read(
      yaml, ["MMDICOM_THREADS": "2", "MMDICOM_INBOX": "/b/in", "HOME": "/root"])
    #expect(configuration.tensors)
    #expect(configuration.settlingTime == .milliseconds(1500))
    #expect(configuration.threads == 2)
    #expect(configuration.ignoredNames == ["*.x", "*.y"])
    #expect(configuration.logLevel == .debug)
    #expect(configuration.folders.inbox.path == "/b/in")
  }

  @Test("the environment alone will do")
  func environmentOnly() async throws {
    let configuration = try await DaemonConfiguration.read(
      file: nil,
      environment: ["MMDICOM_INBOX": "/a/in", "MMDICOM_OUTBOX": "/a/out", "MMDICOM_IGNORE": "*.a,*.b"])
    #expect(configuration.ignoredNames == ["*.a", "*.b"])
  }

  @Test(
    "an error names the key",
    arguments: [
      ("settle_second: 3\n", "unknown key settle_second"),
      ("logging: {level: debug}\n", "unknown key logging.level"),
      ("threads: many\n", "threads is 'many'"), ("threads: 1000\n", "threads is '1000'"),
      ("settle_seconds: -1\n", "settle_seconds is '-1'"), ("tensors: maybe\n", "tensors is 'maybe'"),
      ("threads: [1, 2]\n", "threads must be a single value"), ("ignore: all\n", "ignore must be a list"),
      ("log_level: loud\n", "log_level is 'loud'"),
      ("done: /a/in/done\n", "done: /a/in/done lies in the inbox"),
    ])
  func errors(line: String, message: String) async {
    let said = await problem(folders + line)
    #expect(said.contains(message))
    #expect(said.contains("mmdicom.yaml"))
  }

  @Test("a key of the environment is checked like one of the file")
  func environmentErrors() async {
    #expect(await problem(folders, ["MMDICOM_THREADS": "x"]).contains("threads is 'x'"))
  }

  @Test("what is wrong in the environment is said of the variable, not of the file")
  func environmentPlace() async {
    let said = await problem(folders, ["MMDICOM_SETTLE_SECONDS": "x"])
    #expect(said.contains("MMDICOM_SETTLE_SECONDS") && said.contains("settle_seconds is 'x'"))
    #expect(!said.contains("mmdicom.yaml"))
    let inside = await problem(folders, ["MMDICOM_DONE": "/a/in/done"])
    #expect(inside.contains("MMDICOM_DONE") && !inside.contains("mmdicom.yaml"))
  }

  @Test(
    "a mistyped name is an error that says what may be meant",
    arguments: [
      ("MMDICOM_SETLE_SECONDS", "did you mean MMDICOM_SETTLE_SECONDS?"),
      ("MMDICOM_INBOXES", "did you mean MMDICOM_INBOX?"), ("MMDICOM_COLOUR_OF_THE_SKY", "unset it"),
      ("MMDICOM_settle_seconds", "unknown variable MMDICOM_settle_seconds"),
    ])
  func unknownVariable(name: String, message: String) async {
    let said = await problem(folders, [name: "3"])
    #expect(said.contains("unknown variable \(name)") && said.contains(message), "\(said)")
  }

  @Test("variables of tests and scripts are no mistakes")
  func otherVariables() async {
    for name in ["PYTHON", "SHARED", "KERNELS", "WORKER_FAULT"] {
      #expect(await problem(folders, ["MMDICOM_" + name: "x"]) == "no problem")
    }
  }

  @Test(
    "a key that is there twice is named with its line",
    arguments: ["inbox: /b", "\"inbox\": /b", "inbox : /b"])
  func twice(line: String) async {
    let said = await problem(folders + "# inbox: no\n" + line + "\n")
    #expect(said.contains("mmdicom.yaml:4: inbox is there already, in line 1"), "\(said)")
  }

  @Test("a mistyped key is an error that says what may be meant")
  func similarKey() async {
    #expect(await problem(folders + "setle_seconds: 3\n").contains("did you mean settle_seconds?"))
  }

  @Test("a missing folder, a missing file and broken YAML are told apart")
  func unusable() async {
    #expect(await problem("outbox: /a/out\n").contains("inbox is missing"))
    #expect(await problem("inbox: [\n").contains("mmdicom.yaml: "))
    #expect(await problem("just text\n").contains("mmdicom.yaml: "))
    let missing = URL(filePath: "/nonexistent/mmdicom.yaml")
    await #expect(throws: ConfigurationFailure.self) {
      try await DaemonConfiguration.read(file: missing, environment: [:])
    }
  }

  @Test("the file that is shipped holds every key and nothing else, with the defaults")
  func shipped() async throws {
    let file = TestEnvironment.packageRoot.appending(path: "etc/mmdicom.yaml")
    let text = try String(contentsOf: file, encoding: .utf8)
    for key in DaemonConfiguration.keys { #expect(text.contains("\n\(key):"), "\(key) isn't described") }
    let shipped = try await read(text)
    var plain = try await read(
      "inbox: /var/lib/mmdicom/inbox\noutbox: /var/lib/mmdicom/outbox\n")
    // Pages are served where somebody says so; the file does, for this machine only. And of course it says more.
    #expect(shipped.http?.address.isLoopback == true && plain.http == nil)
    (plain.http, plain.stated) = (shipped.http, shipped.stated)
    #expect(shipped == plain)
  }
}
