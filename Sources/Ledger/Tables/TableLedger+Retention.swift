internal import Files

extension TableLedger {
  /// Done, its source in its home, and nothing of it on its way.
  private static var isPrunable: String {
    """
    state = 'filed' AND NOT EXISTS (
      SELECT 1 FROM result JOIN delivery ON delivery.result = result.id
      WHERE result.instance = instance.id AND delivery.state NOT IN ('sent', 'withdrawn'))
    """
  }

  package func prunable(
    before time: Timestamp, after mark: PrunableInstance.Mark?, limit: Int
  ) async throws(LedgerError) -> [PrunableInstance] {
    try await read { db in
      let rows = try db.rows(
        """
        SELECT * FROM instance WHERE \(Self.isPrunable) AND finished_at < ? AND (finished_at, id) > (?, ?)
        ORDER BY finished_at, id LIMIT ?
        """,
        [time.milliseconds, mark?.finishedAt.milliseconds ?? Int64.min, mark?.id ?? Int64.min, limit])
      return try rows.map { row in
        // A path that another result has taken over belongs to that one.
        let results = try db.rows(
          "SELECT * FROM result WHERE instance = ? ORDER BY id", [row["id"] as Int64]
        ).map(ResultRecord.init)
        return PrunableInstance(
          instance: try InstanceRecord(row), results: results.filter { !$0.isSuperseded },
          superseded: results.filter(\.isSuperseded))
      }
    }
  }

  package func forget(_ instances: [Int64], at now: Timestamp) async throws(LedgerError) -> [Int64] {
    try await write(.promised, at: now) { transaction in
      try transaction.holdImage(of: instances)
      var forgotten: [Int64] = []
      var lastRow: Int64 = 0
      for id in instances {
        let row = try transaction.rows(
          "SELECT content FROM instance WHERE id = ? AND \(Self.isPrunable) \(transaction.db.dialect.locking)",
          [id]
        ).first
        guard let row else { continue }
        let cursor: Int64? = try transaction.db.first(
          "cursor", "SELECT cursor FROM report WHERE instance = ? ORDER BY cursor DESC LIMIT 1", [id])
        lastRow = max(lastRow, cursor ?? 0)
        transaction.audit("forgotten", instance: id, try row.digest("content").description)
        try transaction.run(
          "DELETE FROM delivery WHERE result IN (SELECT id FROM result WHERE instance = ?)", [id])
        for table in ["result", "report"] {
          try transaction.run("DELETE FROM \(table) WHERE instance = ?", [id])
        }
        try transaction.run("DELETE FROM instance WHERE id = ?", [id])
        forgotten.append(id)
      }
      // What is made of the rows has to be made anew; that rows are missing at the end mustn't make the ledger look older.
      if !forgotten.isEmpty {
        try transaction.run(
          """
          INSERT INTO counter (name, value) VALUES ('forgotten', ?)
          ON CONFLICT (name) DO UPDATE SET value = counter.value + excluded.value
          """, [Int64(forgotten.count)])
        try transaction.run(
          """
          INSERT INTO counter (name, value) VALUES ('forgotten row', ?)
          ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE counter.value < excluded.value
          """, [lastRow])
      }
      return forgotten
    }
  }
}
