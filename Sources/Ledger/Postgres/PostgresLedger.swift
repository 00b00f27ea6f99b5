import Glibc
import Synchronization

/// The ledger as tables of a PostgreSQL database, which the daemons of several hosts share.
///
/// Leases go by the database's clock: those of the hosts needn't agree. Every commit waits for the server's disk, also of
/// what concerns leases alone: hosts outlive a database that crashes, and a token that it forgot would be given to another
/// as well. A transaction that others
/// were in the way of, or whose connection broke, is tried again: each call may be made again when its answer was lost.
package final class PostgresLedger: TableLedger {
  package let rules: LedgerRules
  package let address: PostgresAddress
  /// The schema that holds the tables.
  let schema: String
  private let clock: Clock
  private let pool = PostgresPool(4)
  /// By how many milliseconds the database's clock is ahead of this host's.
  private let ahead = Mutex<Int64>(0)

  package typealias Role = LedgerRole

  /// Whose time rules.
  package enum Clock: Sendable, Hashable {
    case database
    /// The time that each call is given, for tests.
    case caller
  }

  /// The tables' schema, where nobody names another.
  package static let schema = "mmdicom"
  /// So long an answer is awaited. Less than a lease.
  static let patience = Duration.seconds(15)
  /// So often a transaction is tried that others are in the way of.
  private static let conflictTries = 20
  /// So often one whose connection broke: a server that starts anew is there again after a second or two.
  private static let connectionTries = 4

  /// - Throws: ``LedgerError`` that names the database.
  package init(
    at address: PostgresAddress, as role: Role, rules: LedgerRules = LedgerRules(), clock: Clock = .database,
    schema: String = PostgresLedger.schema
  ) throws(LedgerError) {
    (self.address, self.rules, self.clock, self.schema) = (address, rules, clock, schema)
    let place = PostgresPool.Place()
    _ = try perform(place) { connection in
      try PostgresSchema.prepare(connection, schema, role, address)
    }.get()
  }

  /// Puts tables that can't be used aside, under another schema's name; nil where there are none.
  /// - Returns: that name.
  package static func setAside(
    _ address: PostgresAddress, schema: String = PostgresLedger.schema, at now: Timestamp
  ) throws(LedgerError) -> String? {
    let aside = "\(schema)_\(now.milliseconds)"
    do {
      let connection = try PostgresConnection(address, patience: patience)
      let found = try connection.rows("SELECT 1 AS there FROM pg_namespace WHERE nspname = ?", [schema])
      guard !found.isEmpty else { return nil }
      try connection.run("ALTER SCHEMA \"\(schema)\" RENAME TO \"\(aside)\"")
      try connection.settle()
      return aside
    } catch let failure as PostgresFailure {
      throw LedgerError(failure, address.description)
    } catch { throw .unusable(detail: "\(error)") }
  }

  /// Ends the connections.
  package func close() throws(LedgerError) { pool.close() }

  func onThisHost(_ time: Timestamp) -> Timestamp {
    Timestamp(milliseconds: time.milliseconds - ahead.withLock { $0 })
  }

  func write<T: Sendable>(
    _ durability: Durability, at now: Timestamp,
    _ body: @escaping @Sendable (inout LedgerTransaction) throws -> T
  ) async throws(LedgerError) -> T {
    try await pool.use { [self] place in
      perform(place) { connection in
        try connection.run("BEGIN")
        let state = try connection.rows(
          """
          SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now,
            (SELECT count(*) FROM migration) AS migrations
          """)[0]
        // Held until the end: nobody changes the tables meanwhile.
        guard state["migrations"] == PostgresSchema.migrations.count else {
          throw try PostgresSchema.strange(connection, address)
        }
        var time = now
        if clock == .database {
          time = Timestamp(milliseconds: state["now"])
          ahead.withLock { $0 = time.milliseconds - now.milliseconds }
        }
        let session = PostgresSession(connection, space: space)
        var transaction = LedgerTransaction(session, rules, time)
        let value = try body(&transaction)
        try transaction.finish()
        try connection.run("COMMIT")
        try connection.settle()
        return value
      }
    }.get()
  }

  func read<T: Sendable>(
    _ body: @escaping @Sendable (any LedgerSession) throws -> T
  ) async throws(LedgerError) -> T {
    try await pool.use { [self] place in
      perform(place) { connection in
        try connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        let value = try body(PostgresSession(connection, space: space))
        try connection.run("COMMIT")
        try connection.settle()
        return value
      }
    }.get()
  }

  private var space: Int32 { Int32(truncatingIfNeeded: PostgresSession.hash(schema)) }

  /// Runs a transaction until it passes, or fails for good.
  private func perform<T>(
    _ place: PostgresPool.Place, _ body: (PostgresConnection) throws -> T
  ) -> Result<T, LedgerError> {
    var (conflicts, losses) = (0, 0)
    while true {
      do {
        let connection = try place.connection ?? connect()
        place.connection = connection
        do { return .success(try body(connection)) } catch {
          if !connection.isLost {
            try connection.rollBack()
          }
          throw error
        }
      } catch let failure as PostgresFailure {
        if failure.isLost {
          place.connection = nil
          losses += 1
        } else if failure.isConflict {
          conflicts += 1
        } else {
          return .failure(LedgerError(failure, address.description))
        }
        guard losses < Self.connectionTries, conflicts < Self.conflictTries else {
          return .failure(LedgerError(failure, address.description))
        }
        // Not all at the same time.
        let longest = failure.isLost ? 250_000 << losses : 2000 << min(conflicts, 6)
        usleep(UInt32.random(in: UInt32(longest / 2)...UInt32(longest)))
      } catch let error as LedgerError {
        return .failure(error)
      } catch let error as DamagedRow {
        return .failure(.damaged(path: address.description, detail: error.detail))
      } catch { return .failure(.unusable(detail: "\(error)")) }
    }
  }

  /// A connection whose transactions end by themselves: a host that stands still, or is cut off, in the middle of one
  /// mustn't hold the others up.
  private func connect() throws -> PostgresConnection {
    let connection = try PostgresConnection(address, patience: Self.patience)
    for (name, value) in [
      ("search_path", schema), ("statement_timeout", "10s"), ("lock_timeout", "5s"),
      ("idle_in_transaction_session_timeout", "5s"), ("default_transaction_isolation", "read committed"),
      ("client_min_messages", "warning"), ("timezone", "UTC"),
    ] { try connection.run("SELECT set_config(?, ?, false)", [name, value]) }
    try connection.settle()
    return connection
  }
}
