import Analysis
package import Files
public import FoundationEssentials

/// The folders that the daemon works with.
public struct InboxFolders: Sendable, Equatable {
  /// Where files arrive.
  public var inbox: URL
  /// Where results and `report.csv` go.
  public var outbox: URL
  /// Where analysed files, and those that aren't for this network, go.
  public var done: URL
  /// Where unusable files go, each with a reason file.
  public var rejected: URL

  /// Four folders; none but the inbox may lie in the inbox.
  public init(inbox: URL, outbox: URL, done: URL, rejected: URL) {
    self.inbox = inbox
    self.outbox = outbox
    self.done = done
    self.rejected = rejected
  }

  package var report: URL { outbox.appending(path: "report.csv") }
  package var staging: URL { outbox.appending(path: ".mmdicom/staging") }
  package var sources: URL { outbox.appending(path: ".mmdicom/sources") }
  package var journal: URL { outbox.appending(path: ".mmdicom/delivery.json") }

  /// Makes what is missing.
  package func create() throws(WriteFailure) {
    for folder in [inbox, staging, done, rejected] { try Folder.create(folder) }
  }

  /// Keeps other daemons away from every one of the folders for as long as the value lives.
  package func lock() throws(WriteFailure) -> FolderLocks { try FolderLocks(self) }
}
