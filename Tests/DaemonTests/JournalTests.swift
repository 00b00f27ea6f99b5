import Analysis
import Daemon
import Files
import Foundation
import Testing

@Suite("The journal of deliveries")
struct JournalTests {
  @Test("one that an older version left, with one file to a delivery, is carried out")
  func older() throws {
    let fixture = try DeliveryFixture()
    let file = try fixture.drop("s/x.dcm")
    let stamp = file.stamp
    let length = try ReportFile(at: fixture.folders.report).length
    let journal = """
      {"results": [], "record": "row\\r\\n", "reportOffset": \(length), "source": "\(fixture.folders.inbox.path)/s/x.dcm",
       "stamp": {"size": \(stamp.size), "modified": \(stamp.modified), "inode": \(stamp.inode)},
       "destination": "\(fixture.folders.done.path)/s/x.dcm"}
      """
    try fixture.root.write(journal, "outbox/.mmdicom/delivery.json")
    #expect(try fixture.desk.recover() == .finished)
    #expect(fixture.root.files == ["done/s/x.dcm", "outbox/report.csv"])
  }

  @Test("a replay of a rejected file that was moved already leaves one reason")
  func movedAlready() throws {
    let fixture = try DeliveryFixture()
    let file = try fixture.drop("x")
    var row = fixture.row(.rejected)
    let length = try ReportFile(at: fixture.folders.report).length
    let delivery = Delivery.plan(
      file, &row, detail: "", staging: fixture.folders.staging, reportOffset: length,
      folders: fixture.folders,
      look: DestinationPath.look)
    try fixture.desk.begin(delivery)
    try fixture.root.write("", "rejected/x.reason.txt")
    _ = try Move.file(from: delivery.sources[0].path, to: delivery.sources[0].destination)
    #expect(try fixture.desk.recover() == .finished)
    #expect(
      fixture.root.files.filter { $0.hasPrefix("rejected/") } == ["rejected/x", "rejected/x.reason.txt"])
  }
}
