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

  /// What the daemon knows and has in hand: the ledger, the spool, results in the making. Nothing for others.
  public var ledger: URL

  /// Where the daemons of several hosts share the folders: what this one is called among them. Nil where it is alone.
  public var host: String?

  /// Five folders; none but the inbox may lie in the inbox.
  /// - Parameter ledger: by default the folder "ledger" beside the inbox.
  public init(inbox: URL, outbox: URL, done: URL, rejected: URL, ledger: URL? = nil) {
    self.ledger = ledger ?? inbox.deletingLastPathComponent().appending(path: "ledger")
    self.inbox = inbox
    self.outbox = outbox
    self.done = done
    self.rejected = rejected
  }

  package var report: URL { outbox.appending(path: "report.csv") }
  /// The ledger's file.
  package var ledgerFile: URL { ledger.appending(path: "ledger.sqlite") }
  /// What this daemon alone works with: hosts that share all else have a folder each.
  package var own: URL { host.map { hosts.appending(path: $0) } ?? ledger }
  /// Holds one folder for each host.
  package var hosts: URL { ledger.appending(path: "hosts") }
  /// The daemon's name in the ledger.
  package var holder: String { host ?? "serve" }
  /// Files that were taken out of the inbox and aren't in their homes yet. Each host takes them into a folder of its own
  /// there, and all read from all.
  package var spool: URL { ledger.appending(path: "spool") }
  /// What comes over the network, until it is in the spool.
  package var receiving: URL { own.appending(path: "receiving") }
  /// Results in the making.
  package var staging: URL { own.appending(path: "staging") }
  /// What is being published; see ``PublicationIntent``.
  package var publishing: URL { ledger.appending(path: "publishing") }

  /// Results whose place others have taken, for the record.
  package var superseded: URL { ledger.appending(path: "superseded") }

  /// Copies of the models that serve; see ``ServedModel``.
  package var models: URL { own.appending(path: "models") }

  /// Marks of contents that somebody wants to be read again; see ``WantedContent``.
  package var wanted: URL { ledger.appending(path: "wanted") }

  /// Makes what is missing.
  package func create() throws(WriteFailure) {
    for folder in [inbox, outbox, done, rejected, own, spool, staging, publishing, wanted] {
      try Folder.create(folder)
    }
  }

  /// Keeps other daemons away from every one of the folders for as long as the value lives.
  package func lock() throws(WriteFailure) -> FolderLocks { try FolderLocks(self) }
}

extension InboxFolders {
  /// Those that the configuration names, as it calls them.
  var named: [(name: String, folder: URL)] {
    [
      ("inbox", inbox), ("outbox", outbox), ("done", done), ("rejected", rejected), ("ledger", ledger),
    ]
  }
}
