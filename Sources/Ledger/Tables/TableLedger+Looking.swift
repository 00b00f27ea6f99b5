extension TableLedger {
  package func counts() async throws(LedgerError) -> LedgerCounts {
    var counts = try await read { db in
      var counts = LedgerCounts()
      let states = try db.rows("SELECT state, verdict, count(*) AS n FROM instance GROUP BY state, verdict")
      for row in states {
        let n: Int = row["n"]
        switch (row["state"] as String, (row["verdict"] as String?).flatMap(Verdict.init)) {
        case ("working", _): counts.working += n
        case ("parked", _): counts.parked += n
        case ("delayed", _):
          counts.queued += n
          counts.delayed += n
        case ("behind", _):
          counts.queued += n
          counts.behind += n
        case ("gathering", _), ("ready", _): counts.queued += n
        case (_, .analysed?): counts.analysed += n
        case (_, .notAnalysed?): counts.notAnalysed += n
        case (_, .rejected?): counts.rejected += n
        default: break
        }
      }
      var everywhere = DestinationCounts(destination: "")
      for row in try db.rows("SELECT state, CAST(sum(n) AS BIGINT) AS n FROM tally GROUP BY state") {
        everywhere.count(row["state"], row["n"])
      }
      counts.deliveriesSent = everywhere.sent
      counts.deliveriesFailed = everywhere.failed
      counts.deliveriesWaiting = everywhere.waiting
      counts.oldest = try db.first(
        "time",
        """
        SELECT min(admitted_at) AS time FROM instance
        WHERE state IN ('gathering', 'behind', 'ready', 'delayed', 'working')
        """
      ).map(Timestamp.init(milliseconds:))
      counts.nextRetry = try db.first(
        "time", "SELECT min(until) AS time FROM instance WHERE until IS NOT NULL AND state = 'delayed'"
      ).map(Timestamp.init(milliseconds:))
      counts.lastArrival = try db.first("value", "SELECT value FROM counter WHERE name = 'arrival'") ?? 0
      return counts
    }
    counts.oldest = counts.oldest.map(onThisHost)
    counts.nextRetry = counts.nextRetry.map(onThisHost)
    return counts
  }

  package func instances(
    _ selection: Selection, after: Int64, limit: Int
  ) async throws(LedgerError) -> [InstanceRecord] {
    try await read { db in
      let ids = try selection.instances(db, after: after, limit: limit)
      return try ids.compactMap { id in
        try db.rows("SELECT * FROM instance WHERE id = ?", [id]).first.map(InstanceRecord.init)
      }
    }
  }

  package func results(of instance: Int64) async throws(LedgerError) -> [ResultRecord] {
    try await read { db in
      try db.rows("SELECT * FROM result WHERE instance = ? ORDER BY id", [instance])
        .map(ResultRecord.init)
    }
  }

  package func result(_ id: Int64) async throws(LedgerError) -> ResultRecord? {
    try await read { db in
      try db.rows("SELECT * FROM result WHERE id = ?", [id]).first.map(ResultRecord.init)
    }
  }

  package func deliveries(of instance: Int64) async throws(LedgerError) -> [DeliveryRecord] {
    try await read { db in
      let results = try db.rows("SELECT * FROM result WHERE instance = ? ORDER BY id", [instance])
        .map(ResultRecord.init)
      return try results.flatMap { result in
        try db.rows("SELECT * FROM delivery WHERE result = ? ORDER BY id", [result.id]).map {
          try DeliveryRecord($0, result: result)
        }
      }
    }
  }

  package func deliveryCounts() async throws(LedgerError) -> [DestinationCounts] {
    try await read { db in
      var all: [String: DestinationCounts] = [:]
      for row in try db.rows(
        """
        SELECT destination, state, CAST(sum(n) AS BIGINT) AS n FROM tally
        GROUP BY destination, state HAVING sum(n) > 0
        """)
      {
        let name: String = row["destination"]
        all[name, default: DestinationCounts(destination: name)].count(row["state"], row["n"])
      }
      for name in all.keys {
        all[name]?.next = try db.first(
          "time", "SELECT min(until) AS time FROM delivery WHERE destination = ? AND state = 'delayed'",
          [name]
        ).map(Timestamp.init(milliseconds:))
        all[name]?.trouble =
          try ["parked", "delayed"].lazy.compactMap { state in
            try db.first(
              "answer",
              "SELECT answer FROM delivery WHERE destination = ? AND state = ? ORDER BY id DESC LIMIT 1",
              [name, state])
          }.first { !$0.isEmpty } ?? ""
      }
      return all.values.sorted { $0.destination < $1.destination }
    }
  }

  package func nextDelivery(to destination: String, at now: Timestamp) async throws(LedgerError) -> Timestamp?
  {
    let (isDue, next): (Bool, Timestamp?) = try await read { db in
      let due = try db.rows(
        "SELECT id FROM delivery WHERE state = 'due' AND destination = ? LIMIT 1", [destination])
      guard due.isEmpty else { return (true, nil) }
      let next: Int64? = try db.first(
        "time", "SELECT min(until) AS time FROM delivery WHERE destination = ? AND until IS NOT NULL",
        [destination])
      return (false, next.map(Timestamp.init(milliseconds:)))
    }
    return isDue ? now : next.map(onThisHost)
  }

  package func reasons() async throws(LedgerError) -> [String: Int] {
    try await read { db in
      let rows = try db.rows("SELECT reason, count(*) AS n FROM instance WHERE reason <> '' GROUP BY reason")
      return Dictionary(uniqueKeysWithValues: rows.map { ($0["reason"], $0["n"]) })
    }
  }

  package func nextWakeUp() async throws(LedgerError) -> Timestamp? {
    let next: Timestamp? = try await read { db in
      let times: [Int64] = try ["gathering", "instance"].compactMap { table in
        try db.first("time", "SELECT min(until) AS time FROM \(table) WHERE until IS NOT NULL")
      }
      return times.min().map(Timestamp.init(milliseconds:))
    }
    return next.map(onThisHost)
  }
}

extension Selection {
  /// Numbers of the rows meant, in order of arrival. Each part of a union finds its rows by an index.
  func instances(_ db: any LedgerSession, after: Int64, limit: Int) throws -> [Int64] {
    let (conditions, values) = query
    var all: LedgerValues = []
    let parts = conditions.map { condition, sign in
      let source = sign == "id" ? "SELECT id FROM instance" : "SELECT instance AS id FROM result"
      all = all + values + [after]
      return "\(source) WHERE \(condition) AND \(sign) > ?"
    }
    return try db.rows(parts.joined(separator: " UNION ") + " ORDER BY id LIMIT ?", all + [limit])
      .map { $0["id"] }
  }

  /// Conditions, each with the same values, and the column that they find rows by.
  private var query: (conditions: [(String, String)], values: LedgerValues) {
    switch self {
    case .instance(let id): ([("id = ?", "id")], [id])
    case .uid(let uid):
      (
        [
          ("study = ? AND study <> ''", "id"), ("series = ? AND series <> ''", "id"),
          ("sop = ? AND sop <> ''", "id"), ("uid = ? AND uid <> ''", "instance"),
        ], [uid]
      )
    case .reason(let reason): ([("reason = ? AND reason <> ''", "id")], [reason])
    case .spooled(let path): ([("spooled = ? AND state <> 'filed'", "id")], [path])
    case .tag(let first):
      // Digests that begin with these bytes lie between them and the same followed by the highest.
      (
        [("content >= ? AND content < ?", "id")],
        [first, first + [UInt8](repeating: 0xFF, count: 33 - min(first.count, 32))]
      )
    case .parked: ([("state = 'parked'", "id")], [])
    case .delayed: ([("state = 'delayed'", "id")], [])
    case .unfiled: ([("state = 'finished'", "id")], [])
    }
  }
}
