extension TableLedger {
  /// What is parked, or rejected and home, and not acknowledged since it came to be so.
  private static var isTrouble: String {
    """
    (state = 'parked' OR state = 'filed' AND verdict = 'rejected')
    AND reason <> '\(InstanceRecord.dismissalCode)'
    AND NOT EXISTS (SELECT 1 FROM acknowledged WHERE acknowledged.instance = instance.id
                    AND acknowledged.claimed_at IS NOT DISTINCT FROM instance.claimed_at)
    """
  }

  package func deliveryTallies() async throws(LedgerError) -> [DeliveryTally] {
    try await read { db in
      try db.rows(
        // Rows come in the order of their writing.
        """
        SELECT destination, state, CAST(sum(n) AS BIGINT) AS n, (
          SELECT created_at FROM delivery
          WHERE delivery.destination = tally.destination AND delivery.state = tally.state
          ORDER BY delivery.id LIMIT 1) AS oldest
        FROM tally GROUP BY destination, state HAVING sum(n) > 0 ORDER BY destination, state
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
      try db.rows(
        // By any other index all of them would be sorted.
        """
        SELECT * FROM instance \(db.dialect.by(index: "instance_filed")) WHERE state = 'filed'
        ORDER BY finished_at DESC, id DESC LIMIT ?
        """, [limit]
      ).map(InstanceRecord.init)
    }
  }

  package func troubles(limit: Int) async throws(LedgerError) -> [LedgerTrouble] {
    try await read { db in
      let counts = try db.rows(
        """
        SELECT reason, count(*) AS n FROM instance WHERE \(Self.isTrouble)
        GROUP BY reason ORDER BY max(id) DESC
        """)
      return try counts.map { row in
        let reason: String = row["reason"]
        let newest = try db.rows(
          "SELECT * FROM instance WHERE reason = ? AND \(Self.isTrouble) ORDER BY id DESC LIMIT ?",
          [reason, limit]
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
          """
          INSERT INTO acknowledged (instance, claimed_at) VALUES (?, ?)
          ON CONFLICT (instance) DO UPDATE SET claimed_at = excluded.claimed_at
          """,
          [id, row["claimed_at"] as Int64?])
        transaction.audit("acknowledged", instance: id, row["reason"])
        concerned.append(id)
      }
      return concerned
    }
  }
}
