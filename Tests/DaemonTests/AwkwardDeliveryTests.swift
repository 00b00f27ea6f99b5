import Analysis
import Daemon
import Foundation
import Testing

@Suite("Deliveries with awkward names: never in the way of the next")
struct AwkwardDeliveryTests {
  private let fixture: DeliveryFixture
  private var root: TemporaryFolder { fixture.root }
  private var folders: InboxFolders { fixture.folders }
  private var desk: DeliveryDesk { fixture.desk }

  init() throws { fixture = try DeliveryFixture() }

  @Test(
    "a folder whose name a file has in done or rejected", arguments: [ReportRow.Status.analysed, .rejected])
  func folderNamedAsFile(status: ReportRow.Status) throws {
    let home = status == .rejected ? "rejected" : "done"
    for path in ["X", "X/a.dcm", "X/b.dcm"] {
      let staging = status == .analysed ? try fixture.staged() : nil
      guard
        case .delivered = try desk.deliver(
          fixture.drop(path), fixture.row(status), detail: "", staging: staging)
      else {
        Issue.record("not delivered")
        return
      }
      // What was a file becomes a folder.
      #expect(try desk.recover() == .nothing)
    }
    let places = root.files.filter { $0.hasPrefix(home) && !$0.hasSuffix(".reason.txt") }
    #expect(places == [home + "/X", home + "/X-2/a.dcm", home + "/X-2/b.dcm"])
    #expect(fixture.rows.count == 3)
  }

  @Test("a rejected file with the longest name there is keeps its beginning and its extension")
  func longName() throws {
    for letter in ["a", "b"] {
      let name = String(repeating: "n", count: 250) + letter + ".dcm"
      let outcome = try desk.deliver(fixture.drop(name), fixture.row(.rejected), detail: "", staging: nil)
      guard case .delivered = outcome else {
        Issue.record("\(outcome)")
        return
      }
    }
    #expect(try desk.recover() == .nothing)
    let places = root.files.filter { $0.hasPrefix("rejected/nnn") }
    #expect(places.count == 4 && places.allSatisfy { $0.utf8.count < 255 })
    #expect(places.filter { $0.hasSuffix(".dcm") }.count == 2)
  }

  @Test(
    "a study whose UID isn't one gets a folder of its own",
    arguments: ["report.csv", "..", "a/b", ".mmdicom", "1.2.3 4"])
  func noUID(study: String) throws {
    let outcome = try desk.deliver(
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
  func sameUIDLater() throws {
    func outputs(_ name: String, _ content: String) throws -> [String] {
      guard
        case .delivered(let row) = try desk.deliver(
          fixture.drop(name, content), fixture.row(), detail: "", staging: fixture.staged())
      else { return [] }
      return row.outputs
    }
    #expect(try outputs("a", "one") == ["9.9/1.2.3.png"])
    #expect(try outputs("b", "two") == ["9.9/1.2.3-2.png"])
    #expect(try outputs("c", "one") == ["9.9/1.2.3.png"])
    #expect(try outputs("d", "two") == ["9.9/1.2.3-2.png"])
    #expect(root.files.filter { $0.hasPrefix("outbox/9.9") }.count == 2)
  }

  @Test("a result that can't be placed leaves its file alone, and the next is delivered")
  func stuck() throws {
    try root.write("", "outbox/9.9/1.2.3.png/in the way")
    guard
      case .stuck = try desk.deliver(fixture.drop("x"), fixture.row(), detail: "", staging: fixture.staged())
    else {
      Issue.record("not stuck")
      return
    }
    #expect(try desk.recover() == .nothing)
    #expect(fixture.rows.count == 0 && root.read("inbox/x") == "image")
    guard
      case .delivered = try desk.deliver(
        fixture.drop("y"), fixture.row(.notAnalysed), detail: "", staging: nil)
    else {
      Issue.record("not delivered")
      return
    }
  }

  @Test("a journal that can't be carried out is taken back once, with its row, and its file is planned anew")
  func poisoned() throws {
    let file = try fixture.drop("X/a.dcm")
    var planned = fixture.row(.notAnalysed)
    let length = try ReportFile(at: folders.report).length
    let delivery = Delivery.plan(
      file, &planned, detail: "", staging: folders.staging, reportOffset: length, folders: folders,
      look: { _ in .nothing })
    try desk.begin(delivery)
    try root.write("a file", "done/X")
    guard case .takenBack = try desk.recover() else {
      Issue.record("not taken back")
      return
    }
    #expect(try desk.recover() == .nothing)
    #expect(fixture.rows.count == 0 && root.read("inbox/X/a.dcm") == "image")
    _ = try desk.deliver(file, fixture.row(.notAnalysed), detail: "", staging: nil)
    #expect(fixture.rows.count == 1 && root.read("done/X-2/a.dcm") == "image")
  }
}
