internal import GRDB

extension SQLiteLedger {
  package func nextDeliveries(
    to destination: String, by holder: String, limit: Int, order: DrawOrder, for length: Duration,
    at now: Timestamp
  ) async throws(LedgerError) -> DeliveryClaim? {
    try await write(.leased, at: now) { transaction in
      try transaction.settleDeliveryWaits()
      let newest = order.takesNewest(token: try transaction.upcomingToken())
      let chosen = try transaction.rows(
        """
        SELECT id FROM delivery INDEXED BY delivery_due WHERE state = 'due' AND destination = ?
        ORDER BY id \(newest ? "DESC" : "ASC") LIMIT ?
        """, [destination, limit])
      guard !chosen.isEmpty else { return nil }
      let wait = Wait(from: now, lasting: length)
      let lease = Lease(token: try transaction.nextToken(), holder: holder, wait: wait)
      var deliveries: [DeliveryRecord] = []
      for row in chosen {
        _ = try transaction.change(delivery: row["id"], by: .claim(lease), "")
        deliveries.append(try transaction.delivery(row["id"]))
      }
      return DeliveryClaim(lease: lease, deliveries: deliveries)
    }
  }

  package func settle(
    _ delivery: Int64, token: Int64, _ answer: DeliveryEvent.Answer, answer words: String, at now: Timestamp
  ) async throws(LedgerError) {
    try await write(.promised, at: now) { transaction in
      let event = DeliveryEvent.settle(token: token, answer, now)
      guard
        let state = try transaction.change(
          delivery: delivery, by: event, answer == .taken ? "sent" : "not sent", words)
      else { return }
      try transaction.run("UPDATE delivery SET answer = ? WHERE id = ?", [words, delivery])
      if case .sent = state {
        try transaction.run("UPDATE delivery SET sent_at = ? WHERE id = ?", [now.milliseconds, delivery])
      }
    }
  }
}

extension LedgerTransaction {
  func delivery(_ id: Int64) throws -> DeliveryRecord {
    guard let row = try rows("SELECT * FROM delivery WHERE id = ?", [id]).first else {
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
      "SELECT id, state FROM delivery WHERE until <= ? OR earliest > ?", [time, time])
    {
      let isDelayed = row["state"] == "delayed"
      _ = try change(delivery: row["id"], by: isDelayed ? .delayIsOver : .expire, "")
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
        try audit(
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
    case .claim, .expire, .delayIsOver, .retry, .resultChanged, .withdraw: nil
    }
  }
}

extension DeliveryRecord {
  init(_ row: Row, result: ResultRecord) throws {
    id = row["id"]
    self.result = result
    destination = row["destination"]
    state = try row.deliveryState()
    answer = row["answer"]
    createdAt = Timestamp(milliseconds: row["created_at"])
    sentAt = row.time("sent_at")
  }
}
