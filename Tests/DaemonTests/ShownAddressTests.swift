import Daemon
import Testing

/// Addresses that are shown and logged: nothing in them may open what they lead to.
@Suite struct ShownAddressTests {
  @Test(
    "which system, without user and password, however wrong the address is",
    arguments: [
      ("https://host/studies", "https://host/studies"),
      ("dicom://PACS@host:104", "dicom://...@host:104"),
      ("web=https://me:secret@host:8080/studies", "web=https://...@host:8080/studies"),
      ("https://me:sec/ret@host/studies", "https://..."),
      ("https:/me:secret@host/studies", "..."),
      ("me:secret@host", "...@host"),
      ("postgresql://me:secret@host/ledger", "postgresql://...@host/ledger"),
    ])
  func passwords(text: String, shown: String) {
    #expect(ShownAddress.of(text, hidesPath: false) == shown)
  }

  @Test(
    "a path that is a key isn't shown either",
    arguments: [
      ("https://host/services/SECRET", "https://host/..."),
      ("https://host:8443?key=SECRET", "https://host:8443/..."),
      ("https://host/bot1:SECRET@x/send", "https://..."),
      ("host/services/SECRET", "host/..."),
      ("https://host", "https://host"),
    ])
  func keys(text: String, shown: String) {
    #expect(ShownAddress.of(text, hidesPath: true) == shown)
  }

  @Test(
    "a configuration that is refused, and one that is in force, name nobody's key",
    arguments: [
      "[https://host/SECRET]", "[chat=htps://host/SECRET]", "[chat=https://me:SECRET@host/x]",
      "[chat=host/SECRET]", "[a b=https://host/SECRET]", "[a=https://h/SECRET, a=https://h/SECRET]",
      "[\"https://host/SECRET?a=b\"]",
    ])
  func configuration(notify: String) async throws {
    let root = try TemporaryFolder()
    let file = try root.write("inbox: /a/in\noutbox: /a/out\nnotify: \(notify)\n", "mmdicom.yaml")
    let failure = await #expect(throws: ConfigurationFailure.self) {
      try await DaemonConfiguration.read(file: file, environment: [:])
    }
    let said = try #require(failure).description
    #expect(said.contains("notify") && !said.contains("SECRET"), "\(said)")
    let stated = StatedValue(key: "notify", value: "a=https://host/SECRET, b=command:/usr/bin/tell")
    #expect(stated.value == "a=https://host/..., b=command:/usr/bin/tell")
  }
}
