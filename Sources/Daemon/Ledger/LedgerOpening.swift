import Analysis
package import Files
import FoundationEssentials
import Glibc
package import Ledger
package import Logging
import SystemPackage

/// The daemon's ledger, ready for use.
package enum LedgerOpening {
  /// Opens the ledger as its keeper; makes it where there is none, and never was.
  ///
  /// A new one takes over the rows of the report that is there, and what earlier versions kept in the outbox goes.
  /// - Throws: ``LedgerError/lost(path:found:)`` where there is none any more, and nobody asked for a new one.
  package static func keeper(
    _ configuration: DaemonConfiguration, runsOnce: Bool, logger: Logger? = nil
  ) async throws -> any OpenLedger {
    try requireNotLost(configuration)
    let folders = configuration.folders
    var rules = LedgerRules()
    rules.quietTime = runsOnce ? .zero : configuration.studyQuietTime
    rules.longestGathering = runsOnce ? .zero : configuration.studyLongestWait
    rules.commitmentTime = configuration.delivery.commitmentTime
    let ledger = try open(configuration, as: .keeper, rules)
    _ = try await SharedDuty(.adoption, folders, ledger).alone(patience: .seconds(120)) {
      if try await ledger.audit(of: nil, after: 0, limit: 1).isEmpty {
        let reports = try ReportAdoption.read(in: folders)
        try await ledger.adopt(reports.flatMap(\.rows), at: .now)
        for report in reports where report.unread > 0 {
          try await ReportProjection(folders).putAside(report.file)
          logger?.warning(
            "lines of a report can't be read and aren't taken over; they stay in a file beside it, for keep_days",
            metadata: ["file": "\(report.file.lastPathComponent)", "lines": "\(report.unread)"])
        }
      }
    }
    // Beside other hosts whatever looks left behind may be in the making.
    guard folders.host == nil else { return ledger }
    removeEarlierState(folders)
    removeDrafts(folders)
    return ledger
  }

  /// Opens the ledger beside a daemon.
  package static func visitor(_ configuration: DaemonConfiguration) throws(LedgerError) -> any OpenLedger {
    try open(configuration, as: .visitor, LedgerRules())
  }

  private static func requireNotLost(_ configuration: DaemonConfiguration) throws(LedgerError) {
    // Looked for before and behind the traces: of several hosts another may make the ledger and leave some meanwhile.
    guard !isRebuilding(configuration.folders), isMissing(configuration),
      let found = LedgerTraces.first(in: configuration.folders), isMissing(configuration)
    else { return }
    let place = configuration.database?.description ?? configuration.folders.ledgerFile.path
    throw .lost(path: place, found: found)
  }

  private static func isMissing(_ configuration: DaemonConfiguration) -> Bool {
    guard configuration.database != nil else {
      return (try? DestinationPath.look(FilePath(of: configuration.folders.ledgerFile))) == .nothing
    }
    do throws(LedgerError) {
      try visitor(configuration).close()
      return false
    } catch {
      guard case .missing = error else { return false }
      return true
    }
  }

  private static func open(
    _ configuration: DaemonConfiguration, as role: LedgerRole, _ rules: LedgerRules
  ) throws(LedgerError) -> any OpenLedger {
    guard let database = configuration.database else {
      return try SQLiteLedger(at: configuration.folders.ledgerFile.path, as: role, rules: rules)
    }
    return try PostgresLedger(at: database, as: role, rules: rules)
  }

  /// Puts a ledger that can't be used aside, so that ``keeper(_:runsOnce:)`` makes a new one: from the report, from the
  /// spool, whose files have no row in it and are admitted anew, and from what was done, see ``finishRebuild(_:_:_:_:)``.
  /// - Returns: where the old one lies; nil when there is none.
  package static func setAside(_ configuration: DaemonConfiguration) throws -> String? {
    // Whatever interrupts it, a later start goes on.
    try DurableFile.write("", to: rebuilding(configuration.folders))
    // It tells how far the report is written from the rows of the old one.
    ReportProjection.forgetMark(configuration.folders)
    guard let database = configuration.database else { return try setAside(configuration.folders)?.path }
    return try PostgresLedger.setAside(database, at: .now).map { "schema \($0)" }
  }

  /// What root makes, the daemon's own user couldn't write to.
  /// - Throws: ``WriteFailure`` where the daemon isn't root's: by its ledger, or its lock where that is lost.
  package static func refuseRoot(_ folders: InboxFolders) throws(WriteFailure) {
    let signs = [folders.ledgerFile, folders.ledger.appending(path: FolderLock.fileName), folders.ledger]
    let status = signs.lazy.compactMap { FilePath(of: $0).status(followingLink: true) }.first
    guard geteuid() == 0, let owner = status?.st_uid, owner != 0 else { return }
    throw WriteFailure(
      path: folders.ledger.path,
      message: "belongs to user \(owner), who couldn't use a ledger that root makes: run this as that user")
  }

  private static func setAside(_ folders: InboxFolders) throws(WriteFailure) -> URL? {
    let file = folders.ledgerFile
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let aside = URL(filePath: "\(file.path).\(Timestamp.now.milliseconds)")
    // The file first: without its log it would be taken for the ledger by a start after a crash, less what was committed
    // last. A log that is left without its file is put aside when the new one is made.
    for suffix in ["", "-wal", "-shm"] {
      let code = unsafe rename(file.path + suffix, aside.path + suffix) == 0 ? 0 : errno
      guard code == 0 || code == ENOENT else {
        throw WriteFailure(path: file.path, action: "put aside", code: code)
      }
    }
    try Folder.sync(holding: file)
    return aside
  }

  /// Whether a new ledger doesn't know yet what was done before.
  static func isRebuilding(_ folders: InboxFolders) -> Bool {
    FileManager.default.fileExists(atPath: rebuilding(folders).path)
  }

  /// There while a new ledger doesn't know yet what was done before.
  private static func rebuilding(_ folders: InboxFolders) -> URL {
    folders.ledger.appending(path: "rebuilding")
  }

  /// Goes through what was done, where a ledger was put aside and its successor doesn't know it yet.
  /// - Parameter goesOn: called again and again meanwhile.
  package static func finishRebuild(
    _ ledger: any StudyLedger, _ folders: InboxFolders, _ identifiers: some WorkerLauncher, _ logger: Logger,
    goesOn: @escaping @Sendable () -> Void = {}
  ) async throws {
    let mark = rebuilding(folders)
    guard isRebuilding(folders) else { return }
    let rebuild = LedgerRebuild(folders, ledger: ledger, logger: logger, goesOn: goesOn)
    if await rebuild.count > 0 {
      try await WorkerLoop(launcher: identifiers, source: rebuild, depth: 8).run()
      try await rebuild.finish()
    }
    unsafe unlink(mark.path)
  }

  /// Files in the making that a crash left: hidden, and never anybody else's in folders that are locked.
  private static func removeDrafts(_ folders: InboxFolders) {
    for folder in [folders.ledger, folders.publishing, folders.outbox, folders.rejected] {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      where name.hasPrefix(".") && (name.hasSuffix(".part") || name.hasPrefix(SourceDesk.draftName)) {
        unsafe unlink(folder.appending(path: name).path)
      }
    }
  }

  /// The hidden folder that versions without a ledger kept in the outbox: what was being written, marks of sources, the
  /// journal. Whatever was under way still lies in the inbox.
  private static func removeEarlierState(_ folders: InboxFolders) {
    let hidden = folders.outbox.appending(path: ".mmdicom")
    for name in ["staging", "sources", "delivery.json"] {
      try? FileManager.default.removeItem(at: hidden.appending(path: name))
    }
    unsafe rmdir(hidden.path)
  }
}
