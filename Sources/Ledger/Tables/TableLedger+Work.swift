extension TableLedger {
  package func claim(
    by holder: String, files: Int, limit: Int, order: DrawOrder, for length: Duration,
    keeping tokens: [Int64],
    at now: Timestamp
  ) async throws(LedgerError) -> [Claim] {
    try await write(.leased, at: now) { transaction in
      try transaction.keep(tokens, of: holder, for: length)
      try transaction.settleWaits(order)
      let wait = Wait(from: transaction.now, lasting: length)
      var claims: [Claim] = []
      while claims.reduce(0, { $0 + $1.instances.count }) < files,
        let claim = try transaction.claim(by: holder, limit: limit, order: order, wait: wait)
      {
        claims.append(claim)
      }
      return claims
    }
  }

  package func renew(token: Int64, for length: Duration, at now: Timestamp) async throws(LedgerError) {
    try await write(.leased, at: now) { transaction in
      let wait = Wait(from: transaction.now, lasting: length)
      let (files, deliveries) = try transaction.held(token: token)
      guard !files.isEmpty || !deliveries.isEmpty else { throw LedgerError.leaseLost(token: token) }
      for id in files { _ = try transaction.change(instance: id, by: .renew(token: token, wait), "renewed") }
      for id in deliveries {
        _ = try transaction.change(delivery: id, by: .renew(token: token, wait), "renewed")
      }
    }
  }

  package func complete(
    _ instance: Int64, token: Int64, _ completion: Completion, at now: Timestamp
  ) async throws(LedgerError) {
    try await complete([CompletedInstance(instance, token: token, completion)], at: now)
  }

  package func complete(_ done: [CompletedInstance], at now: Timestamp) async throws(LedgerError) {
    try await write(.promised, at: now) { transaction in
      try transaction.holdImage(of: done.map(\.instance))
      var published: [(Completion, InstanceRecord)] = []
      for one in done {
        let event = InstanceEvent.complete(token: one.token, one.completion.verdict)
        let change = try transaction.change(
          instance: one.instance, by: event, "completed", reason: one.completion.reason,
          detail: one.completion.chain.words)
        // It was completed before.
        guard change != nil else { continue }
        let record = try transaction.instance(one.instance)
        try transaction.publish(one.completion, of: record)
        published.append((one.completion, record))
      }
      // Behind all else: who has the end of the report waits for no row any more.
      for (completion, record) in published { try transaction.report(completion, of: record) }
    }
  }

  package func fail(
    _ instance: Int64, token: Int64, reason: String, at now: Timestamp
  ) async throws(LedgerError) -> InstanceState {
    try await end(instance, { .fail(token: token, $0) }, "failed", reason: reason, at: now)
  }

  package func crash(
    _ instance: Int64, token: Int64, reason: String, at now: Timestamp
  ) async throws(LedgerError) -> InstanceState {
    try await end(instance, { _ in .crash(token: token) }, "worker died", reason: reason, at: now)
  }

  package func park(
    _ instance: Int64, token: Int64, reason: String, at now: Timestamp
  ) async throws(LedgerError) {
    _ = try await end(instance, { _ in .park(token: token) }, "parked", reason: reason, at: now)
  }

  private func end(
    _ instance: Int64, _ event: @escaping @Sendable (Timestamp) -> InstanceEvent, _ word: String,
    reason: String,
    at now: Timestamp
  ) async throws(LedgerError) -> InstanceState {
    try await write(.promised, at: now) { transaction in
      try transaction.change(instance: instance, by: event(transaction.now), word, reason: reason)
        ?? transaction.instance(instance).state
    }
  }

  package func release(token: Int64, at now: Timestamp) async throws(LedgerError) {
    try await write(.leased, at: now) { transaction in
      let (files, deliveries) = try transaction.held(token: token)
      for id in files { _ = try transaction.change(instance: id, by: .release(token: token), "given back") }
      for id in deliveries {
        _ = try transaction.change(
          delivery: id, by: .settle(token: token, .untried, transaction.now), "given back")
      }
    }
  }

  package func recover(holder: String, at now: Timestamp) async throws(LedgerError) {
    try await write(.promised, at: now) { transaction in
      let files = try transaction.rows(
        "SELECT id FROM instance WHERE state = 'working' AND holder = ? \(transaction.db.dialect.locking)",
        [holder])
      for row in files {
        _ = try transaction.change(instance: row["id"], by: .expire(transaction.now), "holder started anew")
      }
      let deliveries = try transaction.rows(
        "SELECT id FROM delivery WHERE state = 'sending' AND holder = ? \(transaction.db.dialect.locking)",
        [holder])
      for row in deliveries { _ = try transaction.change(delivery: row["id"], by: .expire, "") }
    }
  }

  package func file(_ instances: [Int64], at now: Timestamp) async throws(LedgerError) {
    try await write(.promised, at: now) { transaction in
      for id in instances { _ = try transaction.change(instance: id, by: .file, "filed") }
    }
  }

  package func rehome(_ instance: Int64, to home: [UInt8], at now: Timestamp) async throws(LedgerError) {
    try await write(.promised, at: now) { transaction in
      let record = try transaction.instance(instance)
      // It may be read once more by now, and gets its home when that is done.
      guard record.state.isFiled, record.home != home else { return }
      try transaction.run("UPDATE instance SET home = ? WHERE id = ?", [home, instance])
      transaction.audit("found again", instance: instance, "lies where a file with the same bytes came home")
    }
  }
}

extension LedgerTransaction {
  /// So many studies and files get their turn in one transaction: after a backlog the next claim is answered soon all
  /// the same, and the next call goes on.
  static let portion = 256

  /// What has waited long enough, or longer than a clock that stepped back can tell, gets its turn: a portion of it, by
  /// turns the newest and the oldest, or the oldest.
  mutating func settleWaits(_ order: DrawOrder) throws {
    let time = now.milliseconds
    let newest = order == .fair ? Self.portion / 2 : 0
    let oldest = Self.portion - newest
    let free = db.dialect.lockingFree
    let done = try completeStudies(
      "SELECT bundle FROM gathering WHERE until <= ? ORDER BY until LIMIT ? \(free)", [time, oldest])
    // With fewer nothing else is due, and what isn't needn't be passed over on the way to the newest that is.
    if newest > 0, done == oldest {
      try completeStudies(
        """
        SELECT bundle FROM gathering \(db.dialect.by(index: "gathering_arrival")) WHERE until <= ?
        ORDER BY arrival DESC, until DESC LIMIT ? \(free)
        """, [time, newest])
    }
    try completeStudies(
      "SELECT bundle FROM gathering WHERE earliest > ? LIMIT ? \(free)", [time, Self.portion])
    for row in try rows(
      "SELECT id, state FROM instance WHERE until <= ? OR earliest > ? LIMIT ? \(free)",
      [time, time, Self.portion])
    {
      let isDelayed = row["state"] == "delayed"
      _ = try change(instance: row["id"], by: isDelayed ? .due : .expire(now), "lease ran out")
    }
  }

  /// Returns how many there were.
  @discardableResult
  private func completeStudies(_ query: String, _ arguments: LedgerValues) throws -> Int {
    let found = try rows(query, arguments)
    for row in found {
      let bundle: String = row["bundle"]
      // The transition `studyComplete` of each, in one statement: a study may have thousands.
      try run(
        """
        UPDATE instance \(db.dialect.by(index: "instance_gathering")) SET state = 'ready'
        WHERE state = 'gathering' AND bundle = ?
        """, [bundle])
      try run("DELETE FROM gathering WHERE bundle = ?", [bundle])
    }
    return found.count
  }

  mutating func claim(by holder: String, limit: Int, order: DrawOrder, wait: Wait) throws -> Claim? {
    // Claims that find nothing write nothing, so that an idle daemon leaves the disk alone.
    let newest = order.takesNewest(token: try upcomingToken())
    let first = try rows(
      """
      SELECT bundle FROM instance \(db.dialect.by(index: "instance_ready")) WHERE state = 'ready'
      ORDER BY \(newest ? "arrival DESC, id DESC" : "arrival, id") LIMIT 1 \(db.dialect.lockingFree)
      """
    ).first
    guard let first else { return nil }
    let lease = Lease(token: try nextToken(), holder: holder, wait: wait)
    let chosen = try rows(
      """
      SELECT id FROM instance \(db.dialect.by(index: "instance_ready_bundle")) WHERE state = 'ready' AND bundle = ?
      ORDER BY id LIMIT ? \(db.dialect.lockingFree)
      """,
      [first["bundle"] as String, limit])
    var instances: [InstanceRecord] = []
    for row in chosen {
      let id: Int64 = row["id"]
      _ = try change(instance: id, by: .claim(lease), "claimed")
      try run("UPDATE instance SET claimed_at = ? WHERE id = ?", [now.milliseconds, id])
      instances.append(try instance(id))
    }
    return Claim(lease: lease, instances: instances)
  }

  /// Prolongs what a holder's leases still hold where half of their time is over, or where the clock was set.
  mutating func keep(_ tokens: [Int64], of holder: String, for length: Duration) throws {
    let wait = Wait(from: now, lasting: length)
    let half = Wait(from: now, lasting: length / 2)
    let late = try rows(
      """
      SELECT id, token FROM instance \(db.dialect.by(index: "instance_token"))
      WHERE state = 'working' AND holder = ? AND (until < ? OR since > ?) \(db.dialect.locking)
      """,
      [holder, half.until.milliseconds, now.milliseconds])
    for row in late {
      guard let token: Int64 = row["token"], tokens.contains(token) else { continue }
      _ = try change(instance: row["id"], by: .renew(token: token, wait), "renewed")
    }
  }

  /// Files and deliveries that a lease still holds.
  func held(token: Int64) throws -> (files: [Int64], deliveries: [Int64]) {
    (
      try rows("SELECT id FROM instance WHERE state = 'working' AND token = ? \(db.dialect.locking)", [token])
        .map { $0["id"] },
      try rows("SELECT id FROM delivery WHERE state = 'sending' AND token = ? \(db.dialect.locking)", [token])
        .map { $0["id"] }
    )
  }
}
