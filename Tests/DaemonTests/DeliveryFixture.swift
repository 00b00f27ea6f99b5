import Analysis
import Daemon
import Files
import Foundation
import SystemPackage
import Testing

/// The daemon's folders in a place of their own, and what deliveries there begin with.
struct DeliveryFixture {
  let root: TemporaryFolder
  let folders: InboxFolders
  let desk: DeliveryDesk

  init() throws {
    root = try TemporaryFolder()
    folders = InboxFolders(
      inbox: root.url.appending(path: "inbox"), outbox: root.url.appending(path: "outbox"),
      done: root.url.appending(path: "done"), rejected: root.url.appending(path: "rejected"))
    try folders.create()
    desk = DeliveryDesk(folders)
  }

  func row(_ status: ReportRow.Status = .analysed, study: String = "9.9", uid: String = "1.2.3") -> ReportRow
  {
    var identity = ImageIdentity()
    identity.studyInstanceUID = study
    identity.sopInstanceUID = uid
    var row = ReportRow(identity: identity, status: status, analysedAt: "now")
    if status == .analysed { row.outputs = ["\(uid).png"] }
    return row
  }

  func drop(_ path: String, _ text: String = "image") throws -> InboxFile {
    try root.write(text, "inbox/" + path)
    return try seen(FilePath(path))
  }

  /// A file in the inbox as it is now.
  func seen(_ path: FilePath) throws -> InboxFile {
    InboxFile(path: path, stamp: try #require(FolderWalk.entry(path, in: FilePath(of: folders.inbox))).stamp)
  }

  func staged(_ uid: String = "1.2.3", _ text: String = "picture") throws -> URL {
    try root.write(text, "outbox/.mmdicom/staging/1/\(uid).png")
    return desk.stagingFolder(1)
  }

  /// The report's rows, without its header.
  var rows: [String] {
    (root.read("outbox/report.csv") ?? "").components(separatedBy: "\r\n").dropFirst().filter { !$0.isEmpty }
  }
}
