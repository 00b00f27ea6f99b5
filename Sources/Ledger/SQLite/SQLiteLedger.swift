internal import GRDB

/// The ledger as one SQLite file beside the spool, in write-ahead mode: one writes, any number look meanwhile.
///
/// What is promised is committed with `synchronous=FULL`, one sync of the log. Leases are committed with
/// `NORMAL`: they survive the death of a process, and after a power cut nobody is left who held one.
/// The file must lie on a disk of this host: SQLite's shared memory doesn't work over a network mount.
package final class SQLiteLedger: TableLedger {
  let pool: DatabasePool
  package let rules: LedgerRules
  private let path: String

  package typealias Role = LedgerRole

  /// - Throws: ``LedgerError`` that names the file.
  package init(at path: String, as role: Role, rules: LedgerRules = LedgerRules()) throws(LedgerError) {
    self.rules = rules
    self.path = path
    do {
      pool = try LedgerFile.open(path, role)
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

  /// On the writer's own queue.
  func write<T: Sendable>(
    _ durability: Durability, at now: Timestamp,
    _ body: @escaping @Sendable (inout LedgerTransaction) throws -> T
  ) async throws(LedgerError) -> T {
    let (path, rules) = (path, rules)
    let result: Result<T, LedgerError> = await withCheckedContinuation { continuation in
      pool.asyncWriteWithoutTransaction { db in
        do {
          let value = try Self.commit(
            db, durability, LedgerTransaction(SQLiteSession(db: db), rules, now), body)
          continuation.resume(returning: .success(value))
        } catch { continuation.resume(returning: .failure(LedgerError(error, path: path))) }
      }
    }
    return try result.get()
  }

  private static func commit<T>(
    _ db: Database, _ durability: Durability, _ begun: LedgerTransaction,
    _ body: (inout LedgerTransaction) throws -> T
  ) throws -> T {
    // Not allowed inside a transaction.
    try db.execute(sql: "PRAGMA synchronous = \(durability == .promised ? "FULL" : "NORMAL")")
    var value: T?
    try db.inTransaction(.immediate) {
      var transaction = begun
      value = try body(&transaction)
      try transaction.finish()
      return .commit
    }
    return value!
  }

  /// One snapshot.
  func read<T: Sendable>(
    _ body: @escaping @Sendable (any LedgerSession) throws -> T
  ) async throws(LedgerError) -> T {
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
