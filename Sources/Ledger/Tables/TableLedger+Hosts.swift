extension TableLedger {
  package func show(_ host: String, for length: Duration, at now: Timestamp) async throws(LedgerError) {
    try await write(.leased, at: now) { transaction in
      _ = try transaction.takeOn(Duty.presence(of: host), by: host, for: length)
      try transaction.run(
        """
        INSERT INTO host (name, seen, destinations) VALUES (?, ?, '')
        ON CONFLICT (name) DO UPDATE SET seen = excluded.seen
        """, [host, transaction.now.milliseconds])
    }
  }

  package func leave(_ host: String, at now: Timestamp) async throws(LedgerError) {
    try await write(.leased, at: now) { transaction in
      try transaction.layDown(Duty.presence(of: host), by: host)
      try transaction.run("DELETE FROM host WHERE name = ?", [host])
    }
  }

  package func hosts() async throws(LedgerError) -> [HostRecord] {
    let (hosts, files, deliveries) = try await read { db in
      func held(_ sql: String) throws -> [String: Int] {
        let rows = try db.rows(sql).map { ($0["holder"] as String, $0["n"] as Int) }
        return Dictionary(rows) { first, _ in first }
      }
      let hosts = try db.rows("SELECT name, seen, destinations FROM host ORDER BY name").map { row in
        (
          name: row["name"] as String, seen: Timestamp(milliseconds: row["seen"]),
          destinations: (row["destinations"] as String).lines
        )
      }
      return (
        hosts, try held("SELECT holder, count(*) AS n FROM instance WHERE state = 'working' GROUP BY holder"),
        try held("SELECT holder, count(*) AS n FROM delivery WHERE state = 'sending' GROUP BY holder")
      )
    }
    return hosts.map { host in
      HostRecord(
        name: host.name, seen: onThisHost(host.seen), destinations: host.destinations,
        files: files[host.name] ?? 0, deliveries: deliveries[host.name] ?? 0)
    }
  }
}

extension LedgerTransaction {
  /// Notes where a host delivers.
  /// - Returns: for each destination that others deliver to, who they are.
  func agree(on destinations: [String], by host: String) throws -> [String: [String]] {
    // Of two that start at a time one sees what the other said.
    try db.hold(["hosts"])
    let memory = Wait(from: now, lasting: HostRecord.memory)
    try run(
      "DELETE FROM host WHERE name <> ? AND (seen < ? OR seen > ?)",
      [host, memory.earliest.milliseconds, memory.until.milliseconds])
    try run(
      """
      INSERT INTO host (name, seen, destinations) VALUES (?, ?, ?)
      ON CONFLICT (name) DO UPDATE SET seen = excluded.seen, destinations = excluded.destinations
      """, [host, now.milliseconds, destinations.joined(separator: "\n")])
    var hosts: [String: [String]] = [:]
    // Whoever was away for longer counts again with where it delivers as soon as it is heard of.
    let patience = Wait(from: now, lasting: HostRecord.patience)
    let heardOf = try rows(
      "SELECT name, destinations FROM host WHERE name <> ? AND seen >= ? AND seen <= ? ORDER BY name",
      [host, patience.earliest.milliseconds, patience.until.milliseconds])
    for row in heardOf {
      for name in (row["destinations"] as String).lines { hosts[name, default: []].append(row["name"]) }
    }
    return hosts
  }
}

extension String {
  /// Names of destinations hold no line's end.
  fileprivate var lines: [String] { split(separator: "\n").map(String.init) }
}
