internal import GRDB

extension SQLiteLedger: LedgerOverview {
  /// What is parked, or rejected and home, and not acknowledged since it came to be so.
  private static let isTrouble = """
    (state = 'parked' OR state = 'filed' AND verdict = 'rejected')
    AND reason <> '\(InstanceRecord.dismissalCode)'
    AND NOT EXISTS (SELECT 1 FROM acknowledged WHERE acknowledged.instance = instance.id
                    AND acknowledged.claimed_at IS instance.claimed_at)
    """

  package func deliveryTallies() async throws(LedgerError) -> [DeliveryTally] {
    try await read { db in
      try Row.fetchAll(
        db,
        // Rows come in the order of their writing.
        sql: """
          SELECT destination, state, n, (
            SELECT created_at FROM delivery
            WHERE delivery.destination = tally.destination AND delivery.state = tally.state
            ORDER BY delivery.id LIMIT 1) AS oldest
          FROM tally WHERE n > 0 ORDER BY destination, state
          """
      ).map { row in
        DeliveryTally(
          destination: row["destination"], state: row["state"], count: row["n"],
          oldest: Timestamp(milliseconds: row["oldest"]))
      }
    }
  }

  package func latest(limit: Int) async throws(LedgerError) -> [InstanceRecord] {
    try await read { db in
      try Row.fetchAll(
        db,
        // By any other index all of them would be sorted.
        sql: """
          SELECT * FROM instance INDEXED BY instance_filed WHERE state = 'filed'
          ORDER BY finished_at DESC, id DESC LIMIT ?
          """,
        arguments: [limit]
      ).map(InstanceRecord.init)
    }
  }

  package func troubles(limit: Int) async throws(LedgerError) -> [LedgerTrouble] {
    try await read { db in
      let counts = try Row.fetchAll(
        db,
        sql: """
          SELECT reason, count(*) AS n FROM instance WHERE \(Self.isTrouble)
          GROUP BY reason ORDER BY max(id) DESC
          """)
      return try counts.map { row in
        let reason: String = row["reason"]
        let newest = try Row.fetchAll(
          db, sql: "SELECT * FROM instance WHERE reason = ? AND \(Self.isTrouble) ORDER BY id DESC LIMIT ?",
          arguments: [reason, limit]
        ).map(InstanceRecord.init)
        return LedgerTrouble(reason: reason, count: row["n"], newest: newest)
      }
    }
  }

  package func acknowledge(
    _ selection: Selection, at now: Timestamp
  ) async throws(LedgerError) -> [Int64] {
    try await write(.promised, at: now) { transaction in
      var concerned: [Int64] = []
      for id in try selection.instances(transaction.db, after: 0, limit: Int.max) {
        let row = try transaction.rows(
          "SELECT claimed_at, reason FROM instance WHERE id = ? AND \(Self.isTrouble)", [id]
        ).first
        guard let row else { continue }
        try transaction.run(
          "INSERT OR REPLACE INTO acknowledged (instance, claimed_at) VALUES (?, ?)",
          [id, row["claimed_at"] as Int64?])
        try transaction.audit("acknowledged", instance: id, row["reason"])
        concerned.append(id)
      }
      return concerned
    }
  }
}
