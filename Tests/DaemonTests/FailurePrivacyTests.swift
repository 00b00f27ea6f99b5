import Analysis
import Daemon
import Files
import Foundation
import Testing

@Suite("Failures that end the daemon name no patient")
struct FailurePrivacyTests {
  private let folders = InboxFolders(
    inbox: URL(filePath: "/d/inbox"), outbox: URL(filePath: "/d/outbox"), done: URL(filePath: "/d/done"),
    rejected: URL(filePath: "/d/rejected"))

  @Test(
    "names under the folders become tags, also inside the words",
    arguments: [
      ("/d/inbox/DOE^JOHN/1.2.840.9.dcm", "can't read: Input/output error"),
      ("/d/outbox/1.2.840.9/1.2.840.9.png", "can't write /d/outbox/1.2.840.9/1.2.840.9.png: no space"),
      ("/d/done/a", "can't move to /d/done/DOE JOHN/a: no space"),
    ])
  func concealed(path: String, message: String) {
    let shown = WriteFailure(path: path, message: message).concealingNames(in: folders).description
    for secret in ["DOE", "1.2.840", "JOHN"] { #expect(!shown.contains(secret)) }
    #expect(shown.contains("file ") && shown.contains("can't"))
  }

  @Test(
    "a path without a home is below one: it is a tag as well", arguments: ["DOE^JOHN.dcm", "a/DOE^JOHN.dcm"])
  func relative(path: String) {
    let failure = WriteFailure(path: path, message: "can't copy \(path): Input/output error")
    let shown = failure.concealingNames(in: folders).description
    #expect(!shown.contains("DOE"))
    #expect(shown.hasPrefix("file ") && shown.contains("can't copy the file: Input/output error"))
  }

  @Test("our own paths and the reason stay", arguments: ["/d/inbox", "/d/outbox/report.csv", "/elsewhere/x"])
  func kept(path: String) {
    let failure = WriteFailure(path: path, message: "can't write: No space left on device")
    #expect(failure.concealingNames(in: folders) == failure)
  }
}
