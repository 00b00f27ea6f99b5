extension PostgresSchema {
  /// Looks at the tables; makes them, or brings them to this version, where the daemon opens the ledger. All of it is one
  /// transaction, behind which whoever else starts waits.
  static func prepare(
    _ connection: PostgresConnection, _ schema: String, _ role: PostgresLedger.Role,
    _ address: PostgresAddress
  ) throws {
    try connection.run("BEGIN")
    let lock = Int64(bitPattern: PostgresSession.hash("migration of " + schema))
    try connection.run("SELECT pg_advisory_xact_lock(?)", [lock])
    let found = try connection.rows(
      "SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = ?", [schema])
    if found.isEmpty {
      guard role == .keeper else { throw LedgerError.missing(path: address.description) }
      try connection.run("CREATE SCHEMA IF NOT EXISTS \"\(schema)\"")
      try connection.run(
        "CREATE TABLE migration (name TEXT COLLATE \"C\" PRIMARY KEY, number BIGINT NOT NULL UNIQUE)")
    } else if !found.contains(where: { $0["name"] == "migration" }) {
      throw LedgerError.foreign(path: "\(address), schema \(schema)")
    }
    let applied: [String] = try connection.rows("SELECT name FROM migration ORDER BY number").map {
      $0["name"]
    }
    let known = migrations.map(\.name)
    let unknown = applied.filter { !known.contains($0) }
    guard unknown.isEmpty else { throw LedgerError.newer(path: address.description, found: unknown) }
    guard known.starts(with: applied) else {
      throw LedgerError.damaged(path: address.description, detail: "its versions are out of order")
    }
    if applied.count < known.count {
      guard role == .keeper else { throw LedgerError.older(path: address.description) }
      // Who is in a transaction ends it first, and whoever comes later finds the new version.
      try connection.run("LOCK TABLE migration IN ACCESS EXCLUSIVE MODE")
      for (index, migration) in migrations.enumerated().dropFirst(applied.count) {
        for statement in migration.statements { try connection.run(statement) }
        try connection.run("INSERT INTO migration VALUES (?, ?)", [migration.name, index + 1])
      }
    }
    try requireWhole(connection, schema, address)
    try connection.run("COMMIT")
    try connection.settle()
  }

  /// Whether everything is there that the migrations make.
  private static func requireWhole(
    _ connection: PostgresConnection, _ schema: String, _ address: PostgresAddress
  ) throws {
    let rows = try connection.rows(
      """
      SELECT relname::text AS name FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
      WHERE nspname = ? UNION ALL SELECT tgname::text FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
      JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = ? AND tgenabled <> 'D'
      """, [schema, schema])
    let there = Set(rows.map { $0["name"] as String })
    let missing = Set(migrations.flatMap(\.made)).subtracting(there).sorted()
    guard missing.isEmpty else {
      let detail = "missing: \(missing.joined(separator: ", "))"
      throw LedgerError.damaged(path: address.description, detail: detail)
    }
    // Columns that are missing, or of another type, are named by the server.
    for (table, columns) in Self.columns {
      let sum = columns.joined(separator: ", ")
      _ = try connection.rows("SELECT \(sum) FROM \(table) LIMIT 0")
    }
  }

  /// Why the tables aren't those that this program knows any more.
  static func strange(_ connection: PostgresConnection, _ address: PostgresAddress) throws -> LedgerError {
    let known = migrations.map(\.name)
    let applied: [String] = try connection.rows("SELECT name FROM migration ORDER BY number").map {
      $0["name"]
    }
    let unknown = applied.filter { !known.contains($0) }
    return unknown.isEmpty
      ? .older(path: address.description) : .newer(path: address.description, found: unknown)
  }

  /// Columns by table, so far as a schema that somebody changed by hand would miss them.
  private static let columns = [
    "instance": [
      "id", "content", "pixels", "tensor", "weights", "bundle", "study", "series", "sop", "sender", "spooled",
      "home", "state", "attempts", "crashes", "token", "holder", "since", "until", "earliest", "verdict",
      "conflict", "reason", "replaces", "rival", "awaits", "seen", "admitted_at", "claimed_at", "finished_at",
      "arrival", "number",
    ],
    "gathering": ["bundle", "first", "since", "until", "earliest", "arrival"],
    "result": [
      "id", "instance", "kind", "path", "uid", "content", "replaces", "superseded", "class", "study",
      "series",
    ],
    "delivery": [
      "id", "result", "destination", "state", "attempts", "token", "holder", "since", "until", "earliest",
      "answer", "created_at", "sent_at", "question",
    ],
    "tally": ["destination", "state", "backend", "n"],
    "report": ["cursor", "instance", "image", "verdict", "record", "at", "current", "displaced_by"],
    "audit": ["number", "at", "event", "instance", "detail", "hash"],
    "acknowledged": ["instance", "claimed_at"],
    "duty": ["name", "holder", "since", "until", "earliest"],
    "host": ["name", "seen", "destinations"],
  ]
}

extension PostgresSchema.Migration {
  /// One by one: the server takes several at once only where nothing is prepared.
  var statements: [String] {
    sql.components(separatedBy: ";\n").filter { !$0.isEmpty }
  }

  /// Names of tables, indices, sequences and triggers that it makes.
  var made: [String] {
    statements.compactMap { statement in
      let words = statement.split(whereSeparator: \.isWhitespace)
      let kinds: Set<Substring> = ["TABLE", "INDEX", "SEQUENCE", "TRIGGER"]
      guard words.first == "CREATE", let kind = words.firstIndex(where: kinds.contains), kind <= 2,
        words.indices.contains(kind + 1)
      else { return nil }
      return String(words[kind + 1])
    }
  }
}

extension String {
  /// The parts between separators.
  fileprivate func components(separatedBy separator: String) -> [String] {
    var parts: [String] = []
    var rest = self[...]
    while let range = rest.firstRange(of: separator) {
      parts.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return parts + [String(rest)]
  }
}
