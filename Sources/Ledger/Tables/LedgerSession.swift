/// One transaction's view of the tables, whichever database keeps them.
///
/// Statements are written in the SQL that SQLite and PostgreSQL share, with `?` for each value; where they part, the
/// ``dialect`` has the word.
protocol LedgerSession {
  var dialect: SQLDialect { get }

  /// What a query gives.
  func rows(_ sql: String, _ values: LedgerValues) throws -> [LedgerRow]
  /// A statement whose answer nobody awaits.
  func run(_ sql: String, _ values: LedgerValues) throws

  /// The next fencing token.
  func nextToken() throws -> Int64
  /// The token that ``nextToken()`` would give.
  func upcomingToken() throws -> Int64

  /// Keeps others from what these UIDs stand for until the transaction ends. What one image is to another is decided by
  /// what stands there, so two that decide about the same UID mustn't pass each other.
  func hold(_ uids: Set<String>) throws
  /// Keeps others from the end of the trail and of the report until the transaction ends: both grow in the order in which
  /// transactions are committed.
  func holdTrail() throws
}

extension LedgerSession {
  func rows(_ sql: String) throws -> [LedgerRow] { try rows(sql, []) }
  func run(_ sql: String) throws { try run(sql, []) }

  /// The only value of the first row.
  func first<Value: LedgerColumn>(_ column: String, _ sql: String, _ values: LedgerValues = []) throws
    -> Value?
  {
    try rows(sql, values).first?[column]
  }
}

/// Where the two databases say the same differently.
struct SQLDialect: Sendable, Hashable {
  /// Behind a query whose rows are to be changed: others wait.
  let locking: String
  /// Behind a query for any rows that are free: what others hold is left out.
  let lockingFree: String
  func locking(of table: String) -> String { locking.isEmpty ? "" : "FOR UPDATE OF \(table)" }
  func lockingFree(of table: String) -> String {
    lockingFree.isEmpty ? "" : "FOR UPDATE OF \(table) SKIP LOCKED"
  }
  /// A join whose tables are gone through in the order in which they stand.
  let joinInOrder: String
  private let namesIndices: Bool
  /// Whether several transactions write at a time.
  var isShared: Bool { !locking.isEmpty }

  /// Which index finds the rows, where the planner has to be told.
  func by(index: String) -> String { namesIndices ? "INDEXED BY \(index)" : "" }

  /// One transaction writes at a time, so nothing has to be locked.
  static let sqlite = SQLDialect(locking: "", lockingFree: "", joinInOrder: "CROSS JOIN", namesIndices: true)
  static let postgres = SQLDialect(
    locking: "FOR UPDATE", lockingFree: "FOR UPDATE SKIP LOCKED", joinInOrder: "JOIN", namesIndices: false)
}

/// How a commit reaches the disk.
enum Durability: Sendable, Hashable {
  /// It is there before the call returns.
  case promised
  /// It may be lost with the power, together with who held the lease.
  case leased
}
