internal import Files

/// What the operations share while one transaction runs: its database, rules and time, and the lines for the trail.
struct LedgerTransaction {
  let db: any LedgerSession
  let rules: LedgerRules
  let now: Timestamp
  private var lines: [(event: String, instance: Int64?, detail: String)] = []

  init(_ db: any LedgerSession, _ rules: LedgerRules, _ now: Timestamp) {
    self.db = db
    self.rules = rules
    self.now = now
  }

  /// Adds a line to the trail.
  mutating func audit(_ event: String, instance: Int64?, _ detail: String = "") {
    lines.append((event, instance, detail.storable))
  }

  /// Writes the lines, at the end: until the commit nobody else can add any. Notes how long the trail is, so that
  /// lines cut off at its end are missed.
  func finish() throws {
    guard !lines.isEmpty else { return }
    try db.holdTrail()
    let last = try rows("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1").first
    var chain =
      try last.map { AuditChain(number: $0["number"], head: try $0.digest("hash")) } ?? AuditChain()
    for line in lines {
      let entry = chain.append(line.event, instance: line.instance, detail: line.detail, at: now)
      try run(
        "INSERT INTO audit (number, at, event, instance, detail, hash) VALUES (?, ?, ?, ?, ?, ?)",
        [entry.number, now.milliseconds, entry.event, entry.instance, entry.detail, entry.hash])
    }
    try run("UPDATE counter SET value = ? WHERE name = 'audit'", [chain.number])
  }

  func nextToken() throws -> Int64 { try db.nextToken() }
  func upcomingToken() throws -> Int64 { try db.upcomingToken() }

  func run(_ sql: String, _ arguments: LedgerValues = []) throws { try db.run(sql, arguments) }

  func rows(_ sql: String, _ arguments: LedgerValues = []) throws -> [LedgerRow] {
    try db.rows(sql, arguments)
  }

  /// Keeps others from the images that rows are of, and from other UIDs, see ``LedgerSession/hold(_:)``.
  func holdImage(of ids: [Int64], and others: [String] = []) throws {
    guard db.dialect.isShared else { return }
    var uids = Set(others)
    for id in ids {
      if let uid: String = try db.first("sop", "SELECT sop FROM instance WHERE id = ?", [id]) {
        uids.insert(uid)
      }
    }
    try db.hold(uids)
  }
}

extension String {
  /// As a database can keep it: PostgreSQL has no NUL in its texts.
  var storable: String { utf8.contains(0) ? String(map { $0 == "\0" ? "\u{FFFD}" : $0 }) : self }
}
