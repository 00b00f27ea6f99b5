import Analysis
import Daemon
import Files
import Foundation
import Ledger
import SystemPackage
import Testing

/// A file that was rejected comes again, later: what lies in `rejected` is the first, and nothing has changed there.
@Suite struct RejectedTwiceTests {
  @Test func theReasonTellsOfTheFileThatLiesThere() async throws {
    let fixture = try DeliveryFixture()
    var row = fixture.row(.rejected)
    row.refuse(.rejected, code: "truncated", file: "x")
    for hours in [3.0, 0] {
      try fixture.root.write("half", "inbox/x")
      let file = fixture.folders.inbox.appending(path: "x").path
      try FileManager.default.setAttributes(
        [.modificationDate: Date.now.addingTimeInterval(-3600 * hours)], ofItemAtPath: file)
      _ = try await fixture.desk.deliver(fixture.seen("x"), row, detail: "", staging: nil)
    }
    let rejected = fixture.root.files.filter { $0.hasPrefix("rejected/") }
    #expect(rejected == ["rejected/x", "rejected/x.reason.txt"])
    var files = RejectedFiles(fixture.folders.rejected, settlingTime: .zero, scanInterval: .zero)
    #expect(files.changed() == [])
    #expect(files.changed() == [])
  }
}
