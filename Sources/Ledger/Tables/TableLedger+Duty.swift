extension TableLedger {
  package func takeOn(
    _ duty: String, by holder: String, for length: Duration, at now: Timestamp
  ) async throws(LedgerError) -> Bool {
    try await write(.leased, at: now) { try $0.takeOn(duty, by: holder, for: length) }
  }

  package func layDown(_ duty: String, by holder: String, at now: Timestamp) async throws(LedgerError) {
    try await write(.leased, at: now) { try $0.layDown(duty, by: holder) }
  }

  package func duties() async throws(LedgerError) -> [Duty] {
    try await read { db in
      try db.rows("SELECT name, holder, since, until FROM duty ORDER BY name").map { row in
        Duty(
          name: row["name"], holder: row["holder"],
          wait: Wait(
            since: Timestamp(milliseconds: row["since"]), until: Timestamp(milliseconds: row["until"])))
      }
    }
  }
}

extension LedgerTransaction {
  /// One statement: of two that come at once, one has it.
  func takeOn(_ duty: String, by holder: String, for length: Duration) throws -> Bool {
    let taken = try rows(
      """
      INSERT INTO duty (name, holder, since, until, earliest) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, since = excluded.since, until = excluded.until,
        earliest = excluded.earliest
      WHERE duty.holder = excluded.holder OR duty.until <= ? OR duty.earliest > ? RETURNING name
      """,
      [duty, holder] + Optional(Wait(from: now, lasting: length)).columns + [
        now.milliseconds, now.milliseconds,
      ])
    return !taken.isEmpty
  }

  func layDown(_ duty: String, by holder: String) throws {
    try run("DELETE FROM duty WHERE name = ? AND holder = ?", [duty, holder])
  }
}
