internal import GRDB

extension SQLiteLedger {
  package func report(
    after cursor: Int64, limit: Int, history: Bool
  ) async throws(LedgerError) -> [ReportEntry] {
    try await read { db in
      let condition = history ? "" : "AND current = 1"
      return try Row.fetchAll(
        db.cachedStatement(
          sql: "SELECT * FROM report WHERE cursor > ? \(condition) ORDER BY cursor LIMIT ?"),
        arguments: [cursor, limit]
      ).map(ReportEntry.init)
    }
  }

  package func reportRow(of instance: Int64) async throws(LedgerError) -> ReportEntry? {
    try await read { db in
      try Row.fetchOne(
        db, sql: "SELECT * FROM report WHERE instance = ? ORDER BY cursor DESC LIMIT 1",
        arguments: [instance]
      ).map(ReportEntry.init)
    }
  }

  package func hasDisplaced(since cursor: Int64) async throws(LedgerError) -> Bool {
    try await read { db in
      let statement = try db.cachedStatement(
        sql: """
          SELECT EXISTS (SELECT 1 FROM report WHERE displaced_by IS NOT NULL AND displaced_by > ? AND cursor <= ?)
          """)
      return try Bool.fetchOne(statement, arguments: [cursor, cursor]) ?? false
    }
  }

  package func adopt(_ rows: [AdoptedRow], at now: Timestamp) async throws(LedgerError) {
    try await write(.promised, at: now) { transaction in
      for row in rows {
        try transaction.run("UPDATE report SET current = 0 WHERE image = ? AND current = 1", [row.image])
        try transaction.run(
          "INSERT INTO report (instance, image, verdict, record, at, current) VALUES (0, ?, ?, ?, ?, 1)",
          [row.image, row.verdict.rawValue, row.record.data, (row.at ?? now).milliseconds])
      }
      if !rows.isEmpty { try transaction.audit("report adopted", instance: nil, "\(rows.count) rows") }
    }
  }

  package func note(_ event: String, detail: String, at now: Timestamp) async throws(LedgerError) {
    try await write(.promised, at: now) { transaction in
      try transaction.audit(event, instance: nil, detail)
    }
  }

  package func audit(
    of instance: Int64?, after number: Int64, limit: Int
  ) async throws(LedgerError) -> [AuditEntry] {
    try await read { db in
      let condition = instance == nil ? "" : "AND instance = :instance"
      let arguments: StatementArguments = ["after": number, "limit": limit]
      return try Row.fetchAll(
        db.cachedStatement(
          sql: "SELECT * FROM audit WHERE number > :after \(condition) ORDER BY number LIMIT :limit"),
        arguments: instance.map { arguments + ["instance": $0] } ?? arguments
      ).map(AuditEntry.init)
    }
  }

  package func verifyAudit() async throws(LedgerError) -> AuditVerification {
    try await read { db in
      var chain = AuditChain()
      let rows = try Row.fetchCursor(db, sql: "SELECT * FROM audit ORDER BY number")
      while let row = try rows.next() {
        if let fault = chain.follow(try AuditEntry(row)) { return .broken(fault) }
      }
      let written = try Int64.fetchOne(db, sql: "SELECT value FROM counter WHERE name = 'audit'") ?? 0
      guard written == chain.number else {
        return .broken(.cut(after: chain.number, written: written))
      }
      return .intact(lines: chain.number, head: chain.head)
    }
  }
}
