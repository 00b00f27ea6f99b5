import FoundationEssentials
internal import GRDB

extension SQLiteLedger {
  package func counts() async throws(LedgerError) -> LedgerCounts {
    try await read { db in
      var counts = LedgerCounts()
      let states = try Row.fetchAll(
        db, sql: "SELECT state, verdict, count(*) AS n FROM instance GROUP BY state, verdict")
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
      for row in try Row.fetchAll(db, sql: "SELECT state, sum(n) AS n FROM tally GROUP BY state") {
        everywhere.count(row["state"], row["n"])
      }
      counts.deliveriesSent = everywhere.sent
      counts.deliveriesFailed = everywhere.failed
      counts.deliveriesWaiting = everywhere.waiting
      counts.oldest = try Int64.fetchOne(
        db,
        sql: """
          SELECT min(admitted_at) FROM instance
          WHERE state IN ('gathering', 'behind', 'ready', 'delayed', 'working')
          """
      ).map(Timestamp.init(milliseconds:))
      counts.nextRetry = try Int64.fetchOne(
        db, sql: "SELECT min(until) FROM instance WHERE until IS NOT NULL AND state = 'delayed'"
      ).map(Timestamp.init(milliseconds:))
      counts.lastArrival =
        try Int64.fetchOne(db, sql: "SELECT value FROM counter WHERE name = 'arrival'") ?? 0
      return counts
    }
  }

  package func instances(
    _ selection: Selection, after: Int64, limit: Int
  ) async throws(LedgerError) -> [InstanceRecord] {
    try await read { db in
      let ids = try selection.instances(db, after: after, limit: limit)
      let statement = try db.cachedStatement(sql: "SELECT * FROM instance WHERE id = ?")
      return try ids.compactMap { id in
        try Row.fetchOne(statement, arguments: [id]).map(InstanceRecord.init)
      }
    }
  }

  package func results(of instance: Int64) async throws(LedgerError) -> [ResultRecord] {
    try await read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM result WHERE instance = ? ORDER BY id", arguments: [instance])
        .map(ResultRecord.init)
    }
  }

  package func result(_ id: Int64) async throws(LedgerError) -> ResultRecord? {
    try await read { db in
      try Row.fetchOne(db, sql: "SELECT * FROM result WHERE id = ?", arguments: [id]).map(ResultRecord.init)
    }
  }

  package func deliveries(of instance: Int64) async throws(LedgerError) -> [DeliveryRecord] {
    try await read { db in
      let results = try Row.fetchAll(
        db, sql: "SELECT * FROM result WHERE instance = ? ORDER BY id", arguments: [instance]
      ).map(ResultRecord.init)
      return try results.flatMap { result in
        try Row.fetchAll(
          db, sql: "SELECT * FROM delivery WHERE result = ? ORDER BY id", arguments: [result.id]
        ).map { try DeliveryRecord($0, result: result) }
      }
    }
  }

  package func deliveryCounts() async throws(LedgerError) -> [DestinationCounts] {
    try await read { db in
      var all: [String: DestinationCounts] = [:]
      for row in try Row.fetchAll(
        db, sql: "SELECT destination, state, n FROM tally WHERE n > 0")
      {
        let name: String = row["destination"]
        all[name, default: DestinationCounts(destination: name)].count(row["state"], row["n"])
      }
      for name in all.keys {
        all[name]?.next = try Int64.fetchOne(
          db, sql: "SELECT min(until) FROM delivery WHERE destination = ? AND state = 'delayed'",
          arguments: [name]
        ).map(Timestamp.init(milliseconds:))
        all[name]?.trouble =
          try ["parked", "delayed"].lazy.compactMap { state in
            try String.fetchOne(
              db,
              sql: "SELECT answer FROM delivery WHERE destination = ? AND state = ? ORDER BY id DESC LIMIT 1",
              arguments: [name, state])
          }.first { !$0.isEmpty } ?? ""
      }
      return all.values.sorted { $0.destination < $1.destination }
    }
  }

  package func nextDelivery(to destination: String, at now: Timestamp) async throws(LedgerError) -> Timestamp?
  {
    try await read { db in
      let due = try Row.fetchOne(
        db.cachedStatement(sql: "SELECT 1 FROM delivery WHERE state = 'due' AND destination = ? LIMIT 1"),
        arguments: [destination])
      guard due == nil else { return now }
      let next = try Int64.fetchOne(
        db.cachedStatement(
          sql: "SELECT min(until) FROM delivery WHERE destination = ? AND until IS NOT NULL"),
        arguments: [destination])
      return next.map(Timestamp.init(milliseconds:))
    }
  }

  package func reasons() async throws(LedgerError) -> [String: Int] {
    try await read { db in
      let rows = try Row.fetchAll(
        db, sql: "SELECT reason, count(*) AS n FROM instance WHERE reason <> '' GROUP BY reason")
      return Dictionary(uniqueKeysWithValues: rows.map { ($0["reason"], $0["n"]) })
    }
  }

  package func nextWakeUp() async throws(LedgerError) -> Timestamp? {
    try await read { db in
      let times = try ["gathering", "instance"].compactMap { table in
        try Int64.fetchOne(db, sql: "SELECT min(until) FROM \(table) WHERE until IS NOT NULL")
      }
      return times.min().map(Timestamp.init(milliseconds:))
    }
  }
}

extension Selection {
  /// Numbers of the rows meant, in order of arrival. Each part of a union finds its rows by an index.
  func instances(_ db: Database, after: Int64, limit: Int) throws -> [Int64] {
    let (conditions, value) = query
    let parts = conditions.map { condition, sign in
      let source = sign == "id" ? "SELECT id FROM instance" : "SELECT instance AS id FROM result"
      return "\(source) WHERE \(condition) AND \(sign) > :after"
    }
    return try Int64.fetchAll(
      db.cachedStatement(sql: parts.joined(separator: " UNION ") + " ORDER BY id LIMIT :limit"),
      arguments: value + ["after": after, "limit": limit])
  }

  private var query: (conditions: [(String, String)], value: StatementArguments) {
    switch self {
    case .instance(let id): ([("id = :value", "id")], ["value": id])
    case .uid(let uid):
      (
        [
          ("study = :value AND study <> ''", "id"), ("series = :value AND series <> ''", "id"),
          ("sop = :value AND sop <> ''", "id"), ("uid = :value AND uid <> ''", "instance"),
        ], ["value": uid]
      )
    case .reason(let reason): ([("reason = :value AND reason <> ''", "id")], ["value": reason])
    case .spooled(let path):
      ([("spooled = :value AND state <> 'filed'", "id")], ["value": path.data])
    case .tag(let first):
      // Digests that begin with these bytes lie between them and the same followed by the highest.
      (
        [("content >= :value AND content < :end", "id")],
        [
          "value": Data(first),
          "end": Data(first + [UInt8](repeating: 0xFF, count: 33 - min(first.count, 32))),
        ]
      )
    case .parked: ([("state = 'parked'", "id")], [:])
    case .delayed: ([("state = 'delayed'", "id")], [:])
    case .unfiled: ([("state = 'finished'", "id")], [:])
    }
  }
}
