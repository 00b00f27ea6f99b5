internal import Files
internal import GRDB
import Glibc
internal import SystemPackage

/// Opening and making the file.
enum LedgerFile {
  static func open(_ path: String, _ role: SQLiteLedger.Role) throws -> DatabasePool {
    if unsafe access(path, F_OK) != 0 {
      guard role == .keeper else { throw LedgerError.missing(path: path) }
      try make(path)
    }
    try requireLedger(path)
    if role == .keeper { try requireSound(path) }
    let pool = try DatabasePool(path: path, configuration: configuration)
    try requireKnown(path, pool, role)
    return pool
  }

  private static var configuration: Configuration {
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    configuration.label = "ledger"
    configuration.prepareDatabase { db in
      // The same few pages change again and again: joined to the file seldom, each is written there once.
      try db.execute(sql: "PRAGMA wal_autocheckpoint = 2000")
      if !db.configuration.readonly { try db.execute(sql: "PRAGMA cache_size = -8000") }
    }
    return configuration
  }

  /// Makes the file under another name first: under its own it is whole, or not there. The owner's group may
  /// read it, nobody else: rows hold UIDs and names of files.
  private static func make(_ path: String) throws {
    let new = path + ".new"
    for suffix in ["", "-journal"] { unsafe unlink(new + suffix) }
    let descriptor = unsafe Glibc.open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw failure("create", path) }
    defer { close(descriptor) }
    let queue = try DatabaseQueue(path: new)
    try queue.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA application_id = \(LedgerSchema.applicationID)")
    }
    try LedgerSchema.migrator.migrate(queue)
    try queue.close()
    guard fsync(descriptor) == 0 else { throw failure("sync", path) }
    try putLogAside(path)
    guard unsafe rename(new, path) == 0 else { throw failure("rename", path) }
    do { try Folder.sync(holding: FilePath(path)) } catch { throw LedgerError.unusable(detail: "\(error)") }
  }

  /// A log beside no file belongs to one that was taken away: SQLite would write its pages into the new one. It is kept,
  /// as `ledger.sqlite.left-wal`.
  private static func putLogAside(_ path: String) throws {
    unsafe unlink(path + "-shm")
    guard unsafe rename(path + "-wal", path + ".left-wal") == 0 || errno == ENOENT else {
      throw failure("put aside the log of", path)
    }
  }

  private static func failure(_ action: String, _ path: String) -> LedgerError {
    let code = errno
    if code == ENOSPC { return .full }
    return .unusable(detail: "can't \(action) \(path): \(unsafe String(cString: strerror(code)))")
  }

  /// Looks at the file's head before SQLite touches it: a file of somebody else's stays as it is.
  private static func requireLedger(_ path: String) throws {
    let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("open", path) }
    defer { close(descriptor) }
    var head = [UInt8](repeating: 0, count: 100)
    let count = unsafe head.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress!, $0.count, 0) }
    // Magic, and the three payload fractions, which are always the same: section 1.3 of the file format.
    let isDatabase = head.starts(with: Array("SQLite format 3\0".utf8)) && head[21...23] == [64, 32, 32]
    guard count == head.count, isDatabase else {
      throw LedgerError.damaged(path: path, detail: "its head is not that of a database")
    }
    // The application's number.
    let application = head[68..<72].reduce(0) { $0 << 8 | Int($1) }
    guard application == LedgerSchema.applicationID else { throw LedgerError.foreign(path: path) }
  }

  /// Looks at every page and every index, without writing: a damaged file stays as it is.
  private static func requireSound(_ path: String) throws {
    var configuration = configuration
    configuration.readonly = true
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    let findings = try queue.read { db in try String.fetchAll(db, sql: "PRAGMA integrity_check(1)") }
    try queue.close()
    guard findings == ["ok"] else {
      throw LedgerError.damaged(path: path, detail: findings.first ?? "no answer")
    }
  }

  private static func requireKnown(
    _ path: String, _ pool: DatabasePool, _ role: SQLiteLedger.Role
  ) throws {
    let migrator = LedgerSchema.migrator
    let applied = try pool.read { db in try migrator.appliedIdentifiers(db) }
    let unknown = applied.subtracting(migrator.migrations).sorted()
    guard unknown.isEmpty else { throw LedgerError.newer(path: path, found: unknown) }
    if applied.count == migrator.migrations.count { return }
    guard role == .keeper else { throw LedgerError.older(path: path) }
    try migrator.migrate(pool)
  }
}
