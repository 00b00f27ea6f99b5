import Files
public import FoundationEssentials
import Glibc
package import Ledger
import SystemPackage

/// A look at the ledger, also while the daemon runs: what the commands `status`, `retry`, `explain`, `audit` and
/// `report` do.
public struct LedgerVisit: Sendable {
  let configuration: DaemonConfiguration
  var folders: InboxFolders { configuration.folders }
  let ledger: any OpenLedger

  /// - Throws: ``LedgerFailure``.
  public init(_ configuration: DaemonConfiguration) throws(LedgerFailure) {
    self.configuration = configuration
    do { ledger = try LedgerOpening.visitor(configuration) } catch { throw LedgerFailure(error) }
  }

  /// Looks through a ledger that is open already: the daemon's own.
  package init(_ configuration: DaemonConfiguration, _ ledger: any OpenLedger) {
    self.configuration = configuration
    self.ledger = ledger
  }

  /// Runs with the ledger's errors in the command line's terms.
  func asking<T>(_ body: () async throws -> T) async throws -> T {
    do { return try await body() } catch let error as LedgerError { throw LedgerFailure(error) }
  }

  // MARK: Status

  public func status() async throws -> ServiceStatus {
    try await asking {
      let counts = try await ledger.counts()
      var status = ServiceStatus()
      status.queued = counts.queued
      status.working = counts.working
      status.analysed = counts.analysed
      status.notAnalysed = counts.notAnalysed
      status.rejected = counts.rejected
      status.parked = counts.parked
      status.deliveries.waiting = counts.deliveriesWaiting
      status.deliveries.sent = counts.deliveriesSent
      status.deliveries.failed = counts.deliveriesFailed
      for counts in try await ledger.deliveryCounts() {
        status.destinations[counts.destination] = ServiceStatus.DestinationStatus(counts)
      }
      for destination in configuration.delivery.destinations {
        let paused = PauseNote(deliveryTo: destination.name, folders).text
        status.destinations[destination.name, default: ServiceStatus.DestinationStatus()].paused = paused
      }
      status.oldestSeconds = counts.oldest.map {
        max(0, Int((Timestamp.now.milliseconds - $0.milliseconds) / 1000))
      }
      status.nextRetry = counts.nextRetry?.text
      for part in PauseNote.Part.allCases { status.paused[part.rawValue] = PauseNote(part, folders).text }
      if let serving = ServingNote(folders).content {
        status.model = serving.model
        status.modelSHA256 = serving.sha256
        status.workers = serving.workers
        status.reloadRefused = serving.refusal
      }
      status.reasons = try await ledger.reasons()
      let copied = CopiedFiles(folders)
      status.copied = copied.count
      status.copiedFrom = copied.folders.prefix(3).map { FilePath(of: folders.inbox).pushing($0).text }
      status.diskStopPercent = configuration.diskStopPercent
      for folder in GuardedFolder.allCases {
        let used = FreeSpace.usedPercent(at: FilePath(of: folder.place(in: folders)))
        status.diskPercent[folder.rawValue] = used.map { ($0 * 10).rounded() / 10 }
      }
      return status
    }
  }

  // MARK: Retry

  /// Lets what is parked or delayed go at once, and puts rejected files back into the inbox.
  /// - Parameters:
  ///   - name: a UID, or a tag of the log; nil for all.
  ///   - reason: a coded reason; nil for any.
  /// - Returns: tags of the files concerned.
  public func retry(_ name: String?, reason: String?, accepting: Bool) async throws -> [String] {
    try await asking {
      let selections: [Selection] =
        if let name { [Self.selection(name)] } else if let reason { [.reason(reason)] } else {
          [.parked, .delayed]
        }
      var tags: [String] = []
      for selection in selections {
        tags += try await retry(selection, isNamed: name != nil, accepting: accepting)
      }
      return tags
    }
  }

  /// Lets what waits for one destination go at once, or gives it up.
  /// - Returns: how many results that concerns.
  public func retryDeliveries(to destination: String, givingUp: Bool) async throws -> Int {
    try await asking { try await ledger.retryDeliveries(to: destination, givingUp: givingUp, at: .now) }
  }

  /// Refuses conflicts of identity for good: they go to `rejected` with the daemon's next look at the ledger.
  /// - Returns: tags of the files concerned.
  public func dismiss(_ name: String) async throws -> [String] {
    try await asking {
      let selection = Self.selection(name)
      let records = try await ledger.instances(selection, after: 0, limit: 1_000_000)
      let ids = Set(try await ledger.dismiss(selection, at: .now))
      return records.filter { ids.contains($0.id) }.map(\.tag)
    }
  }

  private func retry(_ selection: Selection, isNamed: Bool, accepting: Bool) async throws -> [String] {
    // Looked up before: what is tried again isn't among them afterwards.
    let records = try await ledger.instances(selection, after: 0, limit: 1_000_000)
    let ids = Set(try await ledger.retry(selection, accepting: accepting, at: .now))
    // Who accepts a picture doesn't want the one that it takes the place of read once more.
    return try records.filter { record in
      try ids.contains(record.id) || !accepting && dropAgain(record, isNamed: isNamed)
    }.map(\.tag)
  }

  /// Puts a file that is done back into the inbox, to be read again: a rejected one, or any that is named itself.
  private func dropAgain(_ record: InstanceRecord, isNamed: Bool) throws(WriteFailure) -> Bool {
    guard case .filed(_, let verdict, _) = record.state, record.home != nil else { return false }
    guard verdict == .rejected || isNamed else { return false }
    let file = record.place(in: folders)
    guard ContentDigest(ofFileAt: file) == record.content else { return false }
    try WantedContent(folders).want(record.content)
    let change = RejectedFiles.Change(
      file: file, reason: RejectedFiles.reason(of: file), origin: FilePath(bytes: record.sender))
    try change.takeBack(to: FilePath(of: folders.inbox))
    return true
  }

  /// What somebody means by a name: eight hexadecimal digits are a tag, anything else a UID.
  static func selection(_ name: String) -> Selection {
    let digits = name.compactMap(\.hexDigitValue)
    guard digits.count == 8, name.utf8.count == 8 else { return .uid(name) }
    return .tag(stride(from: 0, to: 8, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) })
  }

  // MARK: Audit

  /// Follows the whole trail.
  /// - Returns: one line, and whether the trail is whole.
  public func audit() async throws -> (line: String, isIntact: Bool) {
    try await asking {
      switch try await ledger.verifyAudit() {
      case .intact(let lines, let head): ("intact: \(lines) lines, the last with the hash \(head)", true)
      case .broken(.missing(let number)): ("broken: a line is missing before line \(number)", false)
      case .broken(.altered(let number)): ("broken: line \(number) isn't what was written", false)
      case .broken(.cut(let last, let written)):
        ("broken: the trail ends with line \(last), and \(written) were written", false)
      }
    }
  }

  // MARK: Report

  /// Writes `report.csv` anew; returns where it lies.
  public func writeReport() async throws -> URL {
    try await asking {
      let report = ReportProjection(folders, isByDay: configuration.reportsByDay)
      let duty = SharedDuty(
        .settling, isShared: folders.host != nil, by: "report \(getpid())", ledger)
      guard
        let files = try await duty.alone(patience: .seconds(60), { try await report.rewrite(from: ledger) })
      else { throw LedgerError.busy }
      // What an administrator wrote stays the daemon's to write.
      if geteuid() == 0, let owner = FilePath(of: folders.ledgerFile).status(followingLink: true) {
        for file in files { _ = unsafe chown(file.path, owner.st_uid, owner.st_gid) }
      }
      return folders.report
    }
  }

  /// Every row that there ever was, in order, as the text of a report.
  public func history() async throws -> String {
    try await asking {
      var text = ReportProjection.header
      var cursor: Int64 = 0
      while true {
        let entries = try await ledger.report(after: cursor, limit: 1000, history: true)
        guard let last = entries.last else { return text }
        text += entries.map(\.text).joined()
        cursor = last.cursor
      }
    }
  }
}
