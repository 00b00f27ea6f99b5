extension TableLedger {
  package func nextDeliveries(
    to destination: String, by holder: String, limit: Int, order: DrawOrder, for length: Duration,
    at now: Timestamp
  ) async throws(LedgerError) -> DeliveryClaim? {
    try await write(.leased, at: now) { transaction in
      try transaction.settleDeliveryWaits()
      let newest = order.takesNewest(token: try transaction.upcomingToken())
      let chosen = try transaction.due(to: destination, newest: newest, limit: limit)
      guard !chosen.isEmpty else { return nil }
      let wait = Wait(from: transaction.now, lasting: length)
      let lease = Lease(token: try transaction.nextToken(), holder: holder, wait: wait)
      var deliveries: [DeliveryRecord] = []
      for id in chosen {
        _ = try transaction.change(delivery: id, by: .claim(lease), "")
        deliveries.append(try transaction.delivery(id))
      }
      return DeliveryClaim(lease: lease, deliveries: deliveries)
    }
  }

  package func settle(
    _ delivery: Int64, token: Int64, _ answer: DeliveryEvent.Answer, answer words: String, at now: Timestamp
  ) async throws(LedgerError) {
    try await write(.promised, at: now) { transaction in
      let event = DeliveryEvent.settle(token: token, answer, transaction.now)
      guard
        let state = try transaction.change(
          // The trail has codes; what a peer says behind them may name anybody.
          delivery: delivery, by: event, answer.word, String(words.prefix { $0 != ":" }))
      else { return }
      try transaction.answer(delivery, words)
      switch state {
      case .sent, .stored:
        try transaction.run(
          "UPDATE delivery SET sent_at = ? WHERE id = ?", [transaction.now.milliseconds, delivery])
      default: break
      }
    }
  }

  package func ask(
    _ transactionUID: String, of deliveries: [Int64], at now: Timestamp
  ) async throws(LedgerError) {
    try await write(.promised, at: now) { transaction in
      for id in deliveries {
        try transaction.run(
          "UPDATE delivery SET question = ? WHERE id = ? AND state = 'stored'", [transactionUID, id])
      }
    }
  }

  package func note(_ report: CommitmentReport, at now: Timestamp) async throws(LedgerError) -> Int {
    let failed = Dictionary(report.failed.map { ($0.sopInstanceUID, $0.reason) }) { first, _ in first }
    let committed = Set(report.committed)
    return try await write(.promised, at: now) { transaction in
      let asked = try transaction.rows(
        """
        SELECT delivery.id AS id, result.uid AS uid FROM delivery JOIN result ON result.id = delivery.result
        WHERE delivery.state = 'stored' AND delivery.question = ? AND delivery.question <> ''
        ORDER BY delivery.id \(transaction.db.dialect.locking(of: "delivery"))
        """, [report.transaction])
      var concerned = 0
      for row in asked {
        let (id, uid): (Int64, String) = (row["id"], row["uid"])
        // Who says both doesn't keep it.
        if let reason = failed[uid] {
          let words = "not committed: \(reason.hexadecimal)"
          _ = try transaction.change(
            delivery: id, by: .commitment(.init(reason: reason), transaction.now), "not committed", words)
          try transaction.answer(id, words)
        } else if committed.contains(uid) {
          _ = try transaction.change(delivery: id, by: .commitment(.confirmed, transaction.now), "committed")
          try transaction.answer(id, "committed")
        } else {
          continue
        }
        concerned += 1
      }
      return concerned
    }
  }

  package func serve(
    _ destinations: [String], by host: String?, at now: Timestamp
  ) async throws(LedgerError) -> UnservedDestinations {
    try await write(.promised, at: now) { transaction in
      let hosts = try host.map { try transaction.agree(on: destinations, by: $0) } ?? [:]
      let rows = try transaction.rows(
        """
        SELECT id, destination, state, answer FROM delivery WHERE state NOT IN ('sent', 'withdrawn')
        ORDER BY id \(transaction.db.dialect.locking)
        """)
      var unserved = UnservedDestinations()
      var gone: Set<String> = []
      for row in rows {
        let (id, name): (Int64, String) = (row["id"], row["destination"])
        let isGone = row["state"] == "parked" && row["answer"] == LedgerTransaction.gone
        switch (destinations.contains(name), isGone) {
        case (true, true): _ = try transaction.change(delivery: id, by: .retry, "delivery resumed")
        case (false, false):
          if let others = hosts[name] {
            if row["state"] != "parked" { unserved.left[name] = others }
          } else if try transaction.change(delivery: id, by: .abandon, "destination removed") != nil {
            try transaction.answer(id, LedgerTransaction.gone)
            gone.insert(name)
          }
        default: break
        }
      }
      unserved.parked = gone.sorted()
      return unserved
    }
  }

  package func retryDeliveries(
    to destination: String, givingUp: Bool, at now: Timestamp
  ) async throws(LedgerError) -> Int {
    try await write(.promised, at: now) { transaction in
      let rows = try transaction.rows(
        """
        SELECT id FROM delivery WHERE destination = ? AND state NOT IN ('sent', 'withdrawn')
        ORDER BY id \(transaction.db.dialect.locking)
        """, [destination])
      var concerned = 0
      for row in rows {
        let change = try transaction.change(
          delivery: row["id"], by: givingUp ? .withdraw : .retry,
          givingUp ? "delivery given up" : "delivery retried")
        if change != nil { concerned += 1 }
      }
      return concerned
    }
  }
}

extension DeliveryEvent.Answer {
  /// For the trail.
  fileprivate var word: String {
    switch self {
    case .taken: "sent"
    case .stored: "sent, not committed yet"
    case .refusedForNow, .refusedForGood, .untried: "not sent"
    }
  }
}

extension UInt16 {
  fileprivate var hexadecimal: String {
    let digits = String(self, radix: 16, uppercase: true)
    return String(repeating: "0", count: 4 - digits.count) + digits
  }
}

extension LedgerTransaction {
  /// The answer of a delivery whose destination isn't configured any more.
  static let gone = "destination_removed"

  /// What is due for a destination: all of one study first, so that it arrives together, then others in order.
  func due(to destination: String, newest: Bool, limit: Int) throws -> [Int64] {
    let order = newest ? "DESC" : "ASC"
    let found = try rows(
      """
      SELECT delivery.id AS id, result.study AS study
      FROM delivery \(db.dialect.by(index: "delivery_due"))
        \(db.dialect.joinInOrder) result ON result.id = delivery.result
      WHERE delivery.state = 'due' AND delivery.destination = ? ORDER BY delivery.id \(order) LIMIT ?
      \(db.dialect.lockingFree(of: "delivery"))
      """, [destination, limit])
    guard let first = found.first else { return [] }
    let study: String = first["study"]
    let others: [Int64] = found.map { $0["id"] }
    guard !study.isEmpty else { return others }
    let same: [Int64] = try rows(
      """
      SELECT delivery.id AS id FROM result \(db.dialect.joinInOrder) delivery ON delivery.result = result.id
      WHERE result.study = ? AND result.study <> '' AND delivery.state = 'due' AND delivery.destination = ?
      ORDER BY delivery.id LIMIT ? \(db.dialect.lockingFree(of: "delivery"))
      """, [study, destination, limit]
    ).map { $0["id"] }
    return Array((same + others.filter { !same.contains($0) }).prefix(limit))
  }

  func answer(_ delivery: Int64, _ words: String) throws {
    try run("UPDATE delivery SET answer = ? WHERE id = ?", [words.storable, delivery])
  }

  func delivery(_ id: Int64) throws -> DeliveryRecord {
    guard let row = try rows("SELECT * FROM delivery WHERE id = ? \(db.dialect.locking)", [id]).first else {
      throw LedgerError.unknown(row: id)
    }
    guard let result = try rows("SELECT * FROM result WHERE id = ?", [row["result"] as Int64]).first else {
      throw LedgerError.unknown(row: id)
    }
    return try DeliveryRecord(row, result: ResultRecord(result))
  }

  mutating func settleDeliveryWaits() throws {
    let time = now.milliseconds
    for row in try rows(
      "SELECT id, state FROM delivery WHERE until <= ? OR earliest > ? \(db.dialect.lockingFree)",
      [time, time])
    {
      switch row["state"] as String {
      case "delayed": _ = try change(delivery: row["id"], by: .delayIsOver, "")
      case "stored":
        _ = try change(delivery: row["id"], by: .expire, "not committed in time")
        try answer(row["id"], "not committed in time")
      default: _ = try change(delivery: row["id"], by: .expire, "")
      }
    }
  }

  /// Lets `event` happen to a delivery, whose state it returns; nil when it had happened before.
  mutating func change(
    delivery id: Int64, by event: DeliveryEvent, _ word: String, _ detail: String = ""
  ) throws -> DeliveryState? {
    let record = try delivery(id)
    switch record.state.transition(event, rules: rules) {
    case .unchanged: return nil
    case .stale: throw LedgerError.leaseLost(token: event.token ?? 0)
    case .impossible: throw LedgerError.impossible(row: id)
    case .change(let state, let actions):
      try run(
        """
        UPDATE delivery SET state = ?, attempts = ?, token = ?, holder = ?, since = ?, until = ?, earliest = ?
        WHERE id = ?
        """, state.columns + [id])
      if actions.contains(.audit) {
        audit(
          word, instance: record.result.instance, "\(record.result.kind) to \(record.destination) \(detail)")
      }
      return state
    }
  }
}

extension DeliveryEvent {
  var token: Int64? {
    switch self {
    case .renew(let token, _), .settle(let token, _, _): token
    case .claim, .commitment, .expire, .delayIsOver, .retry, .resultChanged, .withdraw, .abandon: nil
    }
  }
}

extension DeliveryRecord {
  init(_ row: LedgerRow, result: ResultRecord) throws {
    id = row["id"]
    self.result = result
    destination = row["destination"]
    state = try row.deliveryState()
    answer = row["answer"]
    createdAt = Timestamp(milliseconds: row["created_at"])
    sentAt = row.time("sent_at")
  }
}
