extension TableLedger {
  package func report(
    after cursor: Int64, limit: Int, history: Bool
  ) async throws(LedgerError) -> [ReportEntry] {
    try await read { db in
      let condition = history ? "" : "AND current = 1"
      return try db.rows(
        "SELECT * FROM report WHERE cursor > ? \(condition) ORDER BY cursor LIMIT ?", [cursor, limit]
      ).map(ReportEntry.init)
    }
  }

  package func reportExtent() async throws(LedgerError) -> ReportExtent {
    try await read { db in
      // Ledgers that have forgotten nothing yet have no such counters.
      let forgotten: Int64 =
        try db.first("value", "SELECT value FROM counter WHERE name = 'forgotten'") ?? 0
      let gone: Int64 =
        try db.first("value", "SELECT value FROM counter WHERE name = 'forgotten row'") ?? 0
      let last: Int64 =
        try db.first("cursor", "SELECT cursor FROM report ORDER BY cursor DESC LIMIT 1") ?? 0
      return ReportExtent(last: max(last, gone), forgotten: forgotten)
    }
  }

  package func reportRow(of instance: Int64) async throws(LedgerError) -> ReportEntry? {
    try await read { db in
      try db.rows("SELECT * FROM report WHERE instance = ? ORDER BY cursor DESC LIMIT 1", [instance]).first
        .map(ReportEntry.init)
    }
  }

  package func hasDisplaced(since cursor: Int64) async throws(LedgerError) -> Bool {
    try await read { db in
      try !db.rows(
        "SELECT 1 FROM report WHERE displaced_by IS NOT NULL AND displaced_by > ? AND cursor <= ? LIMIT 1",
        [cursor, cursor]
      ).isEmpty
    }
  }

  package func adopt(_ rows: [AdoptedRow], at now: Timestamp) async throws(LedgerError) {
    try await write(.promised, at: now) { transaction in
      try transaction.db.holdTrail()
      for row in rows {
        try transaction.run("UPDATE report SET current = 0 WHERE image = ? AND current = 1", [row.image])
        try transaction.run(
          "INSERT INTO report (instance, image, verdict, record, at, current) VALUES (0, ?, ?, ?, ?, 1)",
          [row.image, row.verdict.rawValue, row.record, (row.at ?? transaction.now).milliseconds])
      }
      if !rows.isEmpty { transaction.audit("report adopted", instance: nil, "\(rows.count) rows") }
    }
  }

  package func note(_ event: String, detail: String, at now: Timestamp) async throws(LedgerError) {
    try await write(.promised, at: now) { transaction in
      transaction.audit(event, instance: nil, detail)
    }
  }

  package func audit(
    of instance: Int64?, after number: Int64, limit: Int
  ) async throws(LedgerError) -> [AuditEntry] {
    try await read { db in
      guard let instance else {
        return try db.rows("SELECT * FROM audit WHERE number > ? ORDER BY number LIMIT ?", [number, limit])
          .map(AuditEntry.init)
      }
      return try db.rows(
        "SELECT * FROM audit WHERE number > ? AND instance = ? ORDER BY number LIMIT ?",
        [number, instance, limit]
      ).map(AuditEntry.init)
    }
  }

  /// So many lines are in memory while the whole trail is followed.
  private static var trailPortion: Int { 1000 }

  package func verifyAudit() async throws(LedgerError) -> AuditVerification {
    try await read { db in
      var chain = AuditChain()
      var last = Int64.min
      while true {
        let rows = try db.rows(
          "SELECT * FROM audit WHERE number > ? ORDER BY number LIMIT ?", [last, Self.trailPortion])
        for row in rows {
          if let fault = chain.follow(try AuditEntry(row)) { return .broken(fault) }
          last = row["number"]
        }
        if rows.count < Self.trailPortion { break }
      }
      let written: Int64 = try db.first("value", "SELECT value FROM counter WHERE name = 'audit'") ?? 0
      guard written == chain.number else {
        return .broken(.cut(after: chain.number, written: written))
      }
      return .intact(lines: chain.number, head: chain.head)
    }
  }
}
