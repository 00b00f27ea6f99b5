import Analysis
import Files
import FoundationEssentials
import Glibc
package import Ledger

/// `report.csv` as a projection of the ledger: one current row for each image, appended behind a cursor, and written
/// anew where a row gives way to another that is written already.
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
  }

  private let report: URL
  private let place: URL
  private let lock: URL
  /// All that is written.
  nonisolated var files: [URL] { [report, place, lock] }
  private static let portion = 500
  /// The report's first line.
  static var header: String { ReportCSV.header }

  package init(_ folders: InboxFolders) {
    report = folders.report
    place = folders.ledger.appending(path: "report.json")
    lock = folders.ledger.appending(path: "report.lock")
  }

  /// Appends what the ledger has and the report hasn't.
  ///
  /// Nothing is ever cut off but half a record at the end, which a crash leaves. A report that somebody moved away is
  /// begun anew with the rows that follow.
  package func update(from ledger: any StudyLedger) async throws {
    let held = try await ReportLock.taken(lock)
    defer { extendLifetime(held) }
    guard var mark, try await !ledger.hasDisplaced(since: mark.cursor) else {
      return try await writeAnew(from: ledger)
    }
    while true {
      let entries = try await ledger.report(after: mark.cursor, limit: Self.portion, history: true)
      guard let last = entries.last else { return }
      let records = entries.filter(\.isCurrent).map { String(decoding: $0.record, as: UTF8.self) }
      let file = try ReportFile(at: report)
      // What is there behind the mark may be ours, from a run that was cut off before it moved the mark.
      let begun = file.length > mark.length ? try file.records(from: mark.length) : []
      let count = zip(begun, records).prefix { $0 == $1 }.count
      try file.append(records.dropFirst(count).joined())
      mark = Mark(cursor: last.cursor, length: file.length)
      try keep(mark)
    }
  }

  /// Writes the whole report.
  package func rewrite(from ledger: any StudyLedger) async throws {
    let held = try await ReportLock.taken(lock)
    try await writeAnew(from: ledger)
    extendLifetime(held)
  }

  private func writeAnew(from ledger: any StudyLedger) async throws {
    var mark = Mark(cursor: 0, length: 0)
    // The cursor of all that is there now, current or not.
    var text = [ReportCSV.header]
    while true {
      let entries = try await ledger.report(after: mark.cursor, limit: Self.portion, history: true)
      guard let last = entries.last else { break }
      text += entries.filter(\.isCurrent).map { String(decoding: $0.record, as: UTF8.self) }
      mark.cursor = last.cursor
    }
    // Nothing to tell yet.
    if mark.cursor == 0, !FileManager.default.fileExists(atPath: report.path) { return }
    let bytes = Array(text.joined().utf8)
    try DurableFile.write(bytes, to: report)
    mark.length = bytes.count
    try keep(mark)
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

/// Keeps the daemon and `mmdicom report` from writing at the same time, for as long as the value lives.
private struct ReportLock: ~Copyable, Sendable {
  private let descriptor: Int32
  /// F_OFD_SETLK of the kernel's interface; glibc shows it to GNU sources only.
  private static let setOpenFileLock: Int32 = 37
  /// Writing a report takes seconds at most.
  private static let patience = Duration.seconds(60)

  private init(_ url: URL) throws(WriteFailure) {
    descriptor = unsafe open(url.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw WriteFailure(path: url.path, action: "open", code: errno) }
  }

  /// Asks again and again rather than wait in the kernel: no thread is held up, and the wait has an end.
  static func taken(_ url: URL) async throws -> ReportLock {
    let lock = try ReportLock(url)
    let end = ContinuousClock.now + patience
    while true {
      let code = lock.take()
      if code == 0 { return lock }
      guard [EAGAIN, EACCES, EINTR].contains(code), .now < end else {
        throw WriteFailure(path: url.path, action: "lock", code: code)
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// 0 or errno.
  private func take() -> Int32 {
    var request = Glibc.flock()
    request.l_type = Int16(F_WRLCK)
    request.l_whence = Int16(SEEK_SET)
    return unsafe fcntl(descriptor, Self.setOpenFileLock, &request) == 0 ? 0 : errno
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}
