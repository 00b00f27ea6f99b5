internal import GRDB

/// What the operations share while one transaction runs: its database, rules and time, and the trail's end.
struct LedgerTransaction {
  let db: Database
  let rules: LedgerRules
  let now: Timestamp
  private var chain: AuditChain
  private let begun: Int64

  init(_ db: Database, _ rules: LedgerRules, _ now: Timestamp) throws {
    self.db = db
    self.rules = rules
    self.now = now
    let last = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1"))
    chain = try last.map { AuditChain(number: $0["number"], head: try $0.digest("hash")) } ?? AuditChain()
    begun = chain.number
  }

  /// Adds a line to the trail.
  mutating func audit(_ event: String, instance: Int64?, _ detail: String = "") throws {
    let entry = chain.append(event, instance: instance, detail: detail, at: now)
    try run(
      "INSERT INTO audit (number, at, event, instance, detail, hash) VALUES (?, ?, ?, ?, ?, ?)",
      [
        entry.number, now.milliseconds, event, instance, detail, entry.hash.data,
      ])
  }

  /// Notes how long the trail is, so that lines cut off at its end are missed.
  func finish() throws {
    guard chain.number != begun else { return }
    try run("UPDATE counter SET value = ? WHERE name = 'audit'", [chain.number])
  }

  /// The next fencing token.
  func nextToken() throws -> Int64 {
    let statement = try db.cachedStatement(
      sql: "UPDATE counter SET value = value + 1 WHERE name = 'token' RETURNING value")
    return try Int64.fetchOne(statement) ?? 0
  }

  /// The token that ``nextToken()`` would give.
  func upcomingToken() throws -> Int64 {
    try Int64.fetchOne(db.cachedStatement(sql: "SELECT value + 1 FROM counter WHERE name = 'token'")) ?? 0
  }

  func run(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws {
    try db.cachedStatement(sql: sql).execute(arguments: arguments)
  }

  func rows(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> [Row] {
    try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments)
  }
}
