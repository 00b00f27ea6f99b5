internal import Files
internal import GRDB
import Synchronization

/// The ledger as one SQLite file beside the spool, in write-ahead mode: one writes, any number look meanwhile.
///
/// What is promised is committed with `synchronous=FULL`, one sync of the log. Leases are committed with
/// `NORMAL`: they survive the death of a process, and after a power cut nobody is left who held one.
/// The file must lie on a disk of this host: SQLite's shared memory doesn't work over a network mount.
package final class SQLiteLedger: TableLedger {
  let pool: DatabasePool
  package let rules: LedgerRules
  private let path: String
  /// As the writer's connection was told last.
  private let durability = Mutex<Durability?>(nil)
  /// The files that are in use, by what lies under their names.
  private let files: LedgerFilesInUse

  package typealias Role = LedgerRole

  /// - Throws: ``LedgerError`` that names the file.
  package init(at path: String, as role: Role, rules: LedgerRules = LedgerRules()) throws(LedgerError) {
    self.rules = rules
    self.path = path
    do {
      pool = try LedgerFile.open(path, role)
      files = LedgerFilesInUse(path)
    } catch { throw LedgerError(error, path: path) }
  }

  /// Ends all use of the file. The log is joined to it first, where nobody else is reading: GRDB closes its
  /// writer before its readers, which can't.
  package func close() throws(LedgerError) {
    do {
      pool.writeWithoutTransaction { db in _ = try? db.checkpoint(.truncate) }
      try pool.close()
    } catch { throw LedgerError(error, path: path) }
  }

  /// On the caller's own thread where that may wait for disks, on the writer's queue otherwise.
  func write<T: Sendable>(
    _ durability: Durability, at now: Timestamp,
    _ body: @escaping @Sendable (inout LedgerTransaction) throws -> T
  ) async throws(LedgerError) -> T {
    if BlockingQueue.isCurrent { return try writeHere(durability, at: now, body).get() }
    let result: Result<T, LedgerError> = await withCheckedContinuation { continuation in
      pool.asyncWriteWithoutTransaction { [self] db in
        continuation.resume(returning: commit(db, durability, at: now, body))
      }
    }
    return try result.get()
  }

  private func writeHere<T>(
    _ durability: Durability, at now: Timestamp, _ body: (inout LedgerTransaction) throws -> T
  ) -> Result<T, LedgerError> {
    pool.writeWithoutTransaction { db in commit(db, durability, at: now, body) }
  }

  private func commit<T>(
    _ db: Database, _ durability: Durability, at now: Timestamp,
    _ body: (inout LedgerTransaction) throws -> T
  ) -> Result<T, LedgerError> {
    do {
      // What is committed into a file without a name is gone with the process.
      try files.requireInPlace()
      try tell(db, durability)
      var value: T?
      try db.inTransaction(.immediate) {
        var transaction = LedgerTransaction(SQLiteSession(db: db), rules, now)
        value = try body(&transaction)
        try transaction.finish()
        return .commit
      }
      return .success(value!)
    } catch { return .failure(LedgerError(error, path: path)) }
  }

  /// How the next commits reach the disk. Not allowed inside a transaction.
  private func tell(_ db: Database, _ wanted: Durability) throws {
    try durability.withLock { told in
      guard told != wanted else { return }
      told = nil
      try db.execute(sql: "PRAGMA synchronous = \(wanted == .promised ? "FULL" : "NORMAL")")
      told = wanted
    }
  }

  /// One snapshot; on which thread, see ``write(_:at:_:)``.
  func read<T: Sendable>(
    _ body: @escaping @Sendable (any LedgerSession) throws -> T
  ) async throws(LedgerError) -> T {
    if BlockingQueue.isCurrent { return try readHere(body).get() }
    let path = path
    let result: Result<T, LedgerError> = await withCheckedContinuation { continuation in
      pool.asyncRead { db in
        do { continuation.resume(returning: .success(try body(SQLiteSession(db: try db.get())))) } catch {
          continuation.resume(returning: .failure(LedgerError(error, path: path)))
        }
      }
    }
    return try result.get()
  }

  private func readHere<T>(_ body: (any LedgerSession) throws -> T) -> Result<T, LedgerError> {
    do { return .success(try pool.read { db in try body(SQLiteSession(db: db)) }) } catch {
      return .failure(LedgerError(error, path: path))
    }
  }

  /// The caller's clock is the ledger's.
  func onThisHost(_ time: Timestamp) -> Timestamp { time }
}

extension LedgerError {
  /// What SQLite says, in our words.
  init(_ error: any Error, path: String) {
    if let error = error as? LedgerError {
      self = error
      return
    }
    if let error = error as? DamagedRow {
      self = .damaged(path: path, detail: error.detail)
      return
    }
    guard let error = error as? DatabaseError else {
      self = .unusable(detail: "\(error)")
      return
    }
    let detail = error.message ?? "code \(error.resultCode.rawValue)"
    switch error.resultCode {
    case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT: self = .damaged(path: path, detail: detail)
    case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL: self = .busy
    case .SQLITE_FULL: self = .full
    case .SQLITE_IOERR, .SQLITE_CANTOPEN: self = .inaccessible(path: path, detail: detail)
    case .SQLITE_READONLY, .SQLITE_PERM: self = .readOnly(path: path)
    case .SQLITE_NOMEM: self = .outOfMemory
    case .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_RANGE, .SQLITE_MISUSE:
      self = .inconsistent(detail: detail)
    default: self = .unusable(detail: "\(path): \(detail)")
    }
  }
}
