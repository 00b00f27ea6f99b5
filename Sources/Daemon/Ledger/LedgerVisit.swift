import Analysis
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
    var status = surroundings()
    try await asking { try await look(&status) }
    return status
  }

  // MARK: Retry

  /// Lets what is parked or delayed go at once, and puts rejected files back into the inbox.
  /// - Parameters:
  ///   - name: a UID, or a tag of the log; nil for all.
  ///   - reason: a coded reason; nil for any.
  /// - Returns: tags of the files concerned.
  /// - Throws: ``AmbiguousConflict`` where several would be accepted for one image.
  public func retry(_ name: String?, reason: String?, accepting: Bool) async throws -> [String] {
    try await asking {
      let selections: [Selection] =
        if let name { [Self.selection(name)] } else if let reason { [.reason(reason)] } else {
          [.parked, .delayed]
        }
      if accepting { for selection in selections { try await requireOneConflictEach(selection) } }
      var tags: [String] = []
      for selection in selections {
        tags += try await retry(selection, isNamed: name != nil, accepting: accepting)
      }
      return tags
    }
  }

  /// Lets what waits for one destination, or for somebody who is told of what happens, go at once, or gives it up.
  /// - Returns: how many results that concerns.
  public func retryDeliveries(to destination: String, givingUp: Bool) async throws -> Int {
    if configuration.notification.targets.contains(where: { $0.name == destination }) {
      return NoticeQueue(destination, folders).retry(givingUp: givingUp)
    }
    return try await asking {
      let count = try await ledger.retryDeliveries(to: destination, givingUp: givingUp, at: .now)
      // The daemon ends a pause whose note is gone.
      let note = PauseNote(deliveryTo: destination, folders)
      guard note.text != nil, !givingUp else { return count }
      let waiting = try await ledger.deliveryCounts().first { $0.destination == destination }?.waiting
      note.clear()
      return max(count, waiting ?? 0)
    }
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
    if case .reason = selection {
      // There may be thousands, and who reads waits for no longer than for one of them.
      var tags: [String] = []
      try await eachInstance(of: selection) {
        tags += try await retry(.instance($0.id), isNamed: isNamed, accepting: accepting)
      }
      return tags
    }
    // Looked up before: what is tried again isn't among them afterwards.
    let records = try await ledger.instances(selection, after: 0, limit: 1_000_000)
    let ids = Set(try await ledger.retry(selection, accepting: accepting, at: .now))
    // Who accepts a picture doesn't want the one that it takes the place of read once more.
    var tags: [String] = []
    for record in records {
      if ids.contains(record.id) {
        tags.append(record.tag)
      } else if !accepting, try await !isAmended(record), try dropAgain(record, isNamed: isNamed) {
        tags.append(record.tag)
      }
    }
    // Those of which results alone waited.
    for id in ids.subtracting(records.map(\.id)).sorted() {
      tags += try await ledger.instances(.instance(id), after: 0, limit: 1).map(\.tag)
    }
    return tags
  }

  /// Goes through rows a portion at a time, in order of arrival; what `body` changes may leave the selection.
  func eachInstance(
    of selection: Selection, isolation: isolated (any Actor)? = #isolation,
    _ body: (InstanceRecord) async throws -> Void
  ) async throws {
    var last: Int64 = 0
    while true {
      let portion = try await ledger.instances(selection, after: last, limit: 100)
      guard let end = portion.last else { return }
      last = end.id
      for record in portion { try await body(record) }
    }
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
    // The ledger's rows aren't all there yet.
    if LedgerOpening.isRebuilding(folders) { throw LedgerFailure.rebuilding(folders) }
    return try await asking {
      let report = ReportProjection(
        folders, isByDay: configuration.reportsByDay, patients: configuration.reportPatients)
      let duty = SharedDuty(
        .settling, isShared: folders.host != nil, by: "report \(getpid())", ledger)
      guard
        let files = try await duty.alone(patience: .seconds(60), { try await report.rewrite(from: ledger) })
      else { throw LedgerError.busy }
      // What an administrator wrote stays the daemon's to write.
      if geteuid() == 0, let owner = FilePath(of: folders.ledger).status(followingLink: true) {
        for file in files { _ = unsafe chown(file.path, owner.st_uid, owner.st_gid) }
      }
      return folders.report
    }
  }

  /// The current rows, or every row that there ever was, as a workbook for spreadsheets, all cells of it text.
  public func workbook(history: Bool) async throws -> [UInt8] {
    try await asking {
      var rows = [ReportRow.header]
      var cursor: Int64 = 0
      while true {
        let entries = try await ledger.report(after: cursor, limit: 1000, history: history)
        guard let last = entries.last else { return Spreadsheet.workbook(rows, sheet: "report") }
        for entry in entries {
          let record = configuration.reportPatients.applied(to: entry.text)
          rows += CommaSeparatedValues(record).records.map(\.fields)
        }
        cursor = last.cursor
      }
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
        text += entries.map { configuration.reportPatients.applied(to: $0.text) }.joined()
        cursor = last.cursor
      }
    }
  }
}
