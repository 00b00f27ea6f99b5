import Analysis
import Files
package import FoundationEssentials
import Glibc
package import Ledger
import SystemPackage

/// `report.csv` as a projection of the ledger: one current row for each image, appended behind a cursor, and written
/// anew where a row gives way to another that is written already.
///
/// Where it is rotated by day (UTC), rows that were written on earlier days stand in `report-2026-11-25.csv` and so on
/// beside it. Which of these somebody has moved away is left alone, until the report is asked for as a whole.
///
/// Nothing of it is needed to go on: what lies under its name and isn't its writing (somebody saved it in another shape,
/// or took the rights to it) is put aside under a name of its own, and the report is written anew.
package actor ReportProjection {
  private nonisolated let executor = QueueExecutor("report")
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }

  /// How far the report was written; kept beside the ledger.
  private struct Mark: Codable {
    /// The last of the ledger's rows that the report has, or that needn't be in it.
    var cursor: Int64
    /// Bytes of the report then.
    var length: Int
    /// The day whose rows it has; nil for all days.
    var day: String?
    /// What it says of patients (``PatientColumns/fingerprint``); nil in marks of earlier versions.
    var patients: String?
    /// How many images the ledger had forgotten whose rows it doesn't have any more; nil in marks of earlier versions.
    var forgotten: Int64?
    /// Files of days lie beside it that this program wrote, also where it doesn't rotate it any more.
    var hasDays: Bool?
  }

  /// What somebody may want to know.
  package enum Remark: Sendable, Hashable {
    /// What lay there wasn't as this program writes it, or can't be written: it has this name now.
    case putAside(String)
    /// The report had rows of a newer ledger than this one: what lay there has this name now.
    case ledgerIsOlder(String)
  }

  private let report: URL
  private let place: URL
  private let lock: URL
  /// Whether other hosts write it, too. One does at a time, see ``SharedDuty``; a lock of the file system would be held
  /// by who stands still.
  private let isShared: Bool
  private let isByDay: Bool
  private let patients: PatientColumns
  private let now: @Sendable () -> Timestamp
  private static let portion = 500
  private var remarks: [Remark] = []
  /// The report's first line.
  static var header: String { ReportCSV.header }

  /// - Parameters:
  ///   - isByDay: whether it is rotated by day.
  ///   - patients: what it says of them.
  ///   - now: the present.
  package init(
    _ folders: InboxFolders, isByDay: Bool = false, patients: PatientColumns = .kept,
    now: @escaping @Sendable () -> Timestamp = { .now }
  ) {
    report = folders.report
    place = Self.place(folders)
    lock = folders.ledger.appending(path: "report.lock")
    isShared = folders.host != nil
    self.isByDay = isByDay
    self.patients = patients
    self.now = now
  }

  /// What came of the calls since this was asked last.
  package func takeRemarks() -> [Remark] {
    defer { remarks = [] }
    return remarks
  }

  /// The report will be written anew: its mark is of another ledger.
  static func forgetMark(_ folders: InboxFolders) { unsafe unlink(place(folders).path) }

  private static func place(_ folders: InboxFolders) -> URL { folders.ledger.appending(path: "report.json") }

  /// Appends what the ledger has and the report hasn't.
  ///
  /// Nothing is ever cut off but half a record at the end, which a crash leaves. A report that somebody moved away is
  /// begun anew with the rows that follow.
  /// - Parameter patience: so long who else writes it is waited for.
  /// - Returns: false where another was at it.
  @discardableResult
  package func update(
    from ledger: any StudyLedger, patience: Duration = ReportLock.patience
  ) async throws -> Bool {
    try await alone(patience) { try await self.append(from: ledger) } != nil
  }

  /// Somebody else has written it for too long.
  nonisolated var heldByOther: WriteFailure {
    WriteFailure(path: report.path, message: "is being written by another program, for too long")
  }

  /// Does it while nobody else writes the report; nil where somebody does.
  private func alone<T>(_ patience: Duration, _ body: () async throws -> T) async throws -> T? {
    if isShared { return try await body() }
    guard let held = try await ReportLock.taken(lock, within: patience) else { return nil }
    defer { extendLifetime(held) }
    return try await body()
  }

  private func append(from ledger: any StudyLedger) async throws {
    let today = isByDay ? now().day : nil
    guard var mark else {
      try await writeAnew(from: ledger, .all)
      return
    }
    if try await follow(ledger, from: &mark) { return }
    if saysOther(mark) {
      // Rows that are written already say more than they may now, or less.
      try await writeAnew(from: ledger, .everything)
      return
    }
    if try await ledger.hasDisplaced(since: mark.cursor) {
      try await writeAnew(from: ledger, .all)
      return
    }
    guard mark.day == today else {
      try await writeAnew(from: ledger, mark.day.map { .since($0) } ?? .all)
      return
    }
    var entries = try await ledger.report(after: mark.cursor, limit: Self.portion, history: true)
    while let last = entries.last {
      if let today, let first = entries.map(\.at.day).min(), first < today {
        try await writeAnew(from: ledger, .since(first))
        return
      }
      guard let file = try ReportFile(ifReportAt: report) else {
        try await writeAnew(from: ledger, .all)
        return
      }
      let records = entries.filter(\.isCurrent).map { patients.applied(to: $0.text) }
      // What is there behind the mark may be ours, from a run that was cut off before it moved the mark.
      let begun = file.length > mark.length ? try file.records(from: mark.length) : []
      let count = zip(begun, records).prefix { $0 == $1 }.count
      // A host that stood still in the middle of it went on when another had done it.
      if isShared, count < begun.count {
        try await writeAnew(from: ledger, mark.day.map { .since($0) } ?? .all)
        return
      }
      try file.append(records.dropFirst(count).joined())
      mark.cursor = last.cursor
      mark.length = file.length
      try keep(mark)
      entries = try await ledger.report(after: mark.cursor, limit: Self.portion, history: true)
    }
  }

  /// Writes the whole report.
  /// - Returns: every file that was written or is needed to write.
  @discardableResult
  package func rewrite(from ledger: any StudyLedger) async throws -> [URL] {
    let files = try await alone(ReportLock.patience) { try await self.writeAnew(from: ledger, .everything) }
    guard let files else { throw heldByOther }
    return files
  }

  /// Writes what is there without what the ledger has forgotten, where it has forgotten something since. Files of days of
  /// which it knows nothing any more go; those that somebody moved away don't come back.
  /// - Returns: false where another was at it for longer than `patience`.
  @discardableResult
  package func prune(
    from ledger: any StudyLedger, patience: Duration = ReportLock.patience
  ) async throws -> Bool {
    try await alone(patience) { try await self.dropForgotten(by: ledger) } != nil
  }

  private func dropForgotten(by ledger: any StudyLedger) async throws {
    guard var mark else {
      try await writeAnew(from: ledger, .all, surplus: .goes)
      return
    }
    _ = try await follow(ledger, from: &mark)
  }

  /// Follows a ledger that is an older one, or has forgotten images since the mark was made.
  /// - Returns: whether the report was written anew for that.
  private func follow(_ ledger: any StudyLedger, from mark: inout Mark) async throws -> Bool {
    let extent = try await ledger.reportExtent()
    if mark.cursor > extent.last, try await isOlder(ledger, than: mark) {
      // What came behind it stood in the report alone.
      if let name = try putAside(report) { remarks.append(.ledgerIsOlder(name)) }
      try await writeAnew(from: ledger, .all, surplus: .isPutAside)
      return true
    }
    if mark.forgotten == nil, extent.forgotten == 0, try await !hasForgotten(ledger) {
      mark.forgotten = 0
      try keep(mark)
    }
    guard mark.forgotten != extent.forgotten else { return false }
    try await writeAnew(from: ledger, saysOther(mark) ? .everything : .all, surplus: .goes)
    return true
  }

  /// Whether rows up to the mark aren't there since the ledger is an older one, which was put back. Earlier versions, which
  /// left no number in the mark, forgot rows without counting them; that they forgot something the trail says.
  private func isOlder(_ ledger: any StudyLedger, than mark: Mark) async throws -> Bool {
    if mark.forgotten != nil { return true }
    return try await !hasForgotten(ledger)
  }

  /// Whether the trail tells of something that was forgotten.
  private func hasForgotten(_ ledger: any StudyLedger) async throws -> Bool {
    var number: Int64 = 0
    while true {
      let lines = try await ledger.audit(of: nil, after: number, limit: Self.portion)
      guard let last = lines.last else { return false }
      if lines.contains(where: { $0.event == "forgotten" }) { return true }
      number = last.number
    }
  }

  /// Rows that are written already say more of patients than they may now, or less.
  private func saysOther(_ mark: Mark) -> Bool {
    (mark.patients ?? PatientColumns.kept.fingerprint) != patients.fingerprint
  }

  /// Gives what lies there another name beside it: `report.aside-20261126T130500Z.csv`.
  /// - Returns: that name; nil where nothing lay there.
  @discardableResult
  func putAside(_ file: URL) throws(WriteFailure) -> String? {
    let stem = file.deletingPathExtension().lastPathComponent
    let wanted = file.deletingLastPathComponent()
      .appending(path: "\(stem).aside-\(ReportFiles.stamp(of: now())).csv")
    while true {
      let place = try DestinationPath(look: DestinationPath.look).free(FilePath(of: wanted))
      switch try Move.file(from: FilePath(of: file), to: place) {
      case .moved: return place.lastComponent?.string
      case .sourceMissing: return nil
      case .destinationTaken: continue
      }
    }
  }

  /// Which files of earlier days are written.
  private enum Scope {
    /// Those that are there.
    case all
    /// Those of this day and later ones.
    case since(String)
    case everything
  }

  /// What becomes of what the files have and the ledger hasn't.
  private enum Surplus {
    /// A file of a day stays, also where all of the day is forgotten.
    case stays
    /// Files that say something else are put aside, also where they are reports.
    case isPutAside
    /// It was forgotten: files of days of which nothing is known go, and where the report isn't rotated by day those that
    /// are left from when it was are written, too.
    case goes
  }

  @discardableResult
  private func writeAnew(
    from ledger: any StudyLedger, _ scope: Scope, surplus: Surplus = .stays
  ) async throws -> [URL] {
    // Before the rows: what is forgotten meanwhile is taken out the next time.
    let extent = try await ledger.reportExtent()
    var forgotten: Int64? = extent.forgotten
    let earlier = self.mark
    // What is owed stays owed.
    if surplus == .stays, let earlier { forgotten = earlier.forgotten }
    // Files of such names that somebody else made, copies of the report, aren't touched.
    let ownsDays = isByDay || earlier?.day != nil || earlier?.hasDays == true
    // The cursor of all that is there now, current or not, or that was forgotten.
    var mark = Mark(
      cursor: extent.last, length: 0, day: isByDay ? now().day : nil, patients: patients.fingerprint,
      forgotten: forgotten, hasDays: ownsDays ? true : nil)
    var leftOver: Set<String> = []
    if surplus == .goes, !isByDay, ownsDays {
      for (day, _) in ReportFiles.ofEarlierDays(beside: report) { leftOver.insert(day) }
    }
    var texts: [String: [String]] = ["": [ReportCSV.header]]
    var cursor: Int64 = 0
    while true {
      let entries = try await ledger.report(after: cursor, limit: Self.portion, history: true)
      guard let last = entries.last else { break }
      for entry in entries {
        let text = entry.isCurrent ? [patients.applied(to: entry.text)] : []
        // Where the clock stepped back, the future is today.
        let day = mark.day.map { entry.at.day < $0 ? entry.at.day : "" } ?? ""
        texts[day, default: [ReportCSV.header]] += text
        if leftOver.contains(entry.at.day) { texts[entry.at.day, default: [ReportCSV.header]] += text }
      }
      cursor = last.cursor
    }
    mark.cursor = max(mark.cursor, cursor)
    // Nothing to tell yet.
    if cursor == 0, surplus != .goes, !FileManager.default.fileExists(atPath: report.path) { return [] }
    var files: [URL] = []
    for (day, lines) in texts.sorted(by: { $0.key < $1.key }) {
      let file = file(of: day)
      if !day.isEmpty, !isWritten(day, file, scope) { continue }
      let bytes = Array(lines.joined().utf8)
      if day.isEmpty { mark.length = bytes.count }
      files.append(file)
      if FileManager.default.contents(atPath: file.path).map(Array.init) != bytes {
        if try surplus == .isPutAside || ReportFile.look(file) == .other, let name = try putAside(file) {
          remarks.append(.putAside(name))
        }
        try DurableFile.write(bytes, to: file)
      }
    }
    // A crash before the mark is kept does it again.
    if surplus == .goes, ownsDays { try removeDays(otherThan: Set(texts.keys)) }
    try keep(mark)
    return files + (isShared ? [place] : [place, lock])
  }

  private func removeDays(otherThan known: Set<String>) throws {
    let today = now().day
    for (day, file) in ReportFiles.ofEarlierDays(beside: report) where !known.contains(day) && day < today {
      if try ReportFile.look(file) != .other { try Move.remove(FilePath(of: file)) }
    }
    try Folder.sync(holding: report)
  }

  private func isWritten(_ day: String, _ file: URL, _ scope: Scope) -> Bool {
    switch scope {
    case .everything: true
    case .since(let first): day >= first
    // Rows of the mark's day, and of later ones, stand in the present file.
    case .all: FileManager.default.fileExists(atPath: file.path) || mark?.day.map { day >= $0 } ?? true
    }
  }

  /// The file of an earlier day; the empty one stands for the present.
  private func file(of day: String) -> URL {
    day.isEmpty ? report : ReportFiles.place(of: day, beside: report)
  }

  private var mark: Mark? {
    FileManager.default.contents(atPath: place.path).flatMap {
      try? JSONDecoder().decode(Mark.self, from: $0)
    }
  }

  private func keep(_ mark: Mark) throws {
    try DurableFile.write(Array(try JSONEncoder().encode(mark)), to: place)
  }
}

extension ReportEntry {
  /// As this version writes it.
  var text: String { ReportCSV.upToDate(String(decoding: record, as: UTF8.self)) }
}
