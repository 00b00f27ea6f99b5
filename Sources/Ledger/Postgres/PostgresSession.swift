/// A transaction of PostgreSQL's. Many write at a time: rows that are changed are locked, and what concerns several rows
/// by a lock of its own.
final class PostgresSession: LedgerSession {
  private let connection: PostgresConnection
  /// Tells the locks of one ledger from those of others in the same database.
  private let space: Int32
  private var holdsTrail = false

  init(_ connection: PostgresConnection, space: Int32) {
    self.connection = connection
    self.space = space
  }

  var dialect: SQLDialect { .postgres }

  func rows(_ sql: String, _ values: LedgerValues) throws -> [LedgerRow] {
    try connection.rows(sql, values)
  }

  func run(_ sql: String, _ values: LedgerValues) throws { try connection.run(sql, values) }

  /// A sequence: nobody waits for another's transaction to end.
  func nextToken() throws -> Int64 { try first("value", "SELECT nextval('ledger_token') AS value") ?? 0 }

  func upcomingToken() throws -> Int64 {
    try first(
      "value", "SELECT last_value + CASE WHEN is_called THEN 1 ELSE 0 END AS value FROM ledger_token") ?? 0
  }

  /// Always in the same order, so that two don't wait for each other.
  func hold(_ uids: Set<String>) throws {
    for stripe in Set(uids.filter { !$0.isEmpty }.map(Self.stripe)).sorted() {
      try run("SELECT pg_advisory_xact_lock(?, ?)", [Int(space), Int(stripe)])
    }
  }

  func holdTrail() throws {
    guard !holdsTrail else { return }
    holdsTrail = true
    try run("SELECT value FROM counter WHERE name = 'audit' FOR UPDATE")
  }

  /// A batch may hold thousands of UIDs, and a server has room for some thousand locks: UIDs share them.
  private static func stripe(_ uid: String) -> Int32 { Int32(hash(uid) % 256) }

  /// FNV-1a.
  static func hash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
