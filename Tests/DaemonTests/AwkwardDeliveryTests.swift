import Analysis
import Daemon
import Foundation
import Ledger
import SystemPackage
import Testing

@Suite("Deliveries with awkward names: never in the way of the next")
struct AwkwardDeliveryTests {
  private let fixture: DeliveryFixture
  private var root: TemporaryFolder { fixture.root }
  private var folders: InboxFolders { fixture.folders }
  private var desk: DeliveryDesk { fixture.desk }

  init() async throws { fixture = try DeliveryFixture() }

  @Test(
    "a folder whose name a file has in done or rejected", arguments: [ReportRow.Status.analysed, .rejected])
  func folderNamedAsFile(status: ReportRow.Status) async throws {
    let home = status == .rejected ? "rejected" : "done"
    for path in ["X", "X/a.dcm", "X/b.dcm"] {
      let uid = "1.2.\(path.utf8.reduce(0) { $0 * 31 % 997 + Int($1) })"
      let staging = status == .analysed ? try fixture.staged(uid) : nil
      guard
        case .delivered = try await desk.deliver(
          fixture.drop(path, "image " + path), fixture.row(status, uid: uid), detail: "", staging: staging)
      else {
        Issue.record("not delivered")
        return
      }
      // What was a file becomes a folder.
      try await desk.recover()
    }
    let places = root.files.filter { $0.hasPrefix(home) && !$0.hasSuffix(".reason.txt") }
    #expect(places == [home + "/X", home + "/X-2/a.dcm", home + "/X-2/b.dcm"])
    #expect(fixture.rows.count == 3)
  }

  @Test("a rejected file with the longest name there is keeps its beginning and its extension")
  func longName() async throws {
    for letter in ["a", "b"] {
      let name = String(repeating: "n", count: 250) + letter + ".dcm"
      let outcome = try await desk.deliver(
        fixture.drop(name, letter), fixture.row(.rejected), detail: "", staging: nil)
      guard case .delivered = outcome else {
        Issue.record("\(outcome)")
        return
      }
    }
    try await desk.recover()
    let places = root.files.filter { $0.hasPrefix("rejected/nnn") }
    #expect(places.count == 4 && places.allSatisfy { $0.utf8.count < 255 })
    #expect(places.filter { $0.hasSuffix(".dcm") }.count == 2)
  }

  @Test(
    "a study whose UID isn't one gets a folder of its own",
    arguments: ["report.csv", "..", "a/b", ".mmdicom", "1.2.3 4"])
  func noUID(study: String) async throws {
    let outcome = try await desk.deliver(
      fixture.drop("x"), fixture.row(study: study), detail: "", staging: fixture.staged())
    guard case .delivered(let row) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(row.outputs.count == 1 && row.outputs[0].hasPrefix("study-2.25."))
    #expect(root.files == ["done/x", "outbox/report.csv", "outbox/" + row.outputs[0]].sorted())
    #expect(fixture.rows.count == 1)
  }

  @Test("another file with the same UID gets results of its own, also much later; a rerun replaces its own")
  func sameUIDLater() async throws {
    func outputs(_ name: String, _ content: String) async throws -> [String] {
      guard
        case .delivered(let row) = try await desk.deliver(
          fixture.drop(name, content), fixture.row(), detail: "", staging: fixture.staged())
      else { return [] }
      return row.outputs
    }
    #expect(try await outputs("a", "one") == ["9.9/1.2.3.png"])
    #expect(try await outputs("b", "two") == ["9.9/1.2.3-2.png"])
    #expect(try await outputs("c", "one") == ["9.9/1.2.3.png"])
    #expect(try await outputs("d", "two") == ["9.9/1.2.3-2.png"])
    #expect(root.files.filter { $0.hasPrefix("outbox/9.9") }.count == 2)
  }

  @Test("a result that can't be placed leaves its file alone, and the next is delivered")
  func stuck() async throws {
    try root.write("", "outbox/9.9/1.2.3.png/in the way")
    guard
      case .stuck = try await desk.deliver(
        fixture.drop("x"), fixture.row(), detail: "", staging: fixture.staged())
    else {
      Issue.record("not stuck")
      return
    }
    try await desk.recover()
    #expect(fixture.rows.count == 0 && root.read("done/x") == nil)
    #expect(try await desk.ledger.counts().parked == 1)
    #expect(try await desk.spool.recover().map(\.sender) == ["x"])
    guard
      case .delivered = try await desk.deliver(
        fixture.drop("y", "another"), fixture.row(.notAnalysed, uid: "1.2.4"), detail: "", staging: nil)
    else {
      Issue.record("not delivered")
      return
    }
  }

  @Test("what was parked goes on once its place is free")
  func retried() async throws {
    try root.write("", "outbox/9.9/1.2.3.png/in the way")
    _ = try await desk.deliver(
      fixture.drop("x"), fixture.row(), detail: "", staging: fixture.staged())
    try FileManager.default.removeItem(at: root.url.appending(path: "outbox/9.9/1.2.3.png"))
    #expect(try await desk.ledger.retry(.parked, accepting: false, at: .now).count == 1)
    let job = try #require(try await desk.reading.nextJobs()?.first)
    guard case .analyse(_, _, let output, _, _) = job.request else { throw CancellationError() }
    try FileManager.default.moveItem(at: fixture.staged(), to: URL(filePath: output))
    try await desk.reading.take(.finished(fixture.row(), detail: ""), of: job)
    #expect(root.files == ["done/x", "outbox/9.9/1.2.3.png", "outbox/report.csv"])
    #expect(fixture.rows.count == 1)
  }
}
