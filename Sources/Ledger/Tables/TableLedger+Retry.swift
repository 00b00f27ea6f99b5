extension TableLedger {
  package func retry(
    _ selection: Selection, accepting: Bool, at now: Timestamp
  ) async throws(LedgerError) -> [Int64] {
    try await write(.promised, at: now) { transaction in
      var ids = try selection.instances(transaction.db, after: 0, limit: Int.max)
      if let state = selection.deliveryState {
        let delivered = try transaction.rows(
          """
          SELECT DISTINCT result.instance AS id FROM delivery JOIN result ON result.id = delivery.result
          WHERE delivery.state = ?
          """, [state])
        ids = Set(ids + delivered.map { $0["id"] }).sorted()
      }
      try transaction.holdImage(of: ids)
      var concerned: [Int64] = []
      for id in ids where try transaction.retry(id, accepting: accepting) { concerned.append(id) }
      return concerned
    }
  }
}

extension TableLedger {
  package func dismiss(_ selection: Selection, at now: Timestamp) async throws(LedgerError) -> [Int64] {
    try await write(.promised, at: now) { transaction in
      var concerned: [Int64] = []
      let ids = try selection.instances(transaction.db, after: 0, limit: Int.max)
      try transaction.holdImage(of: ids)
      for id in ids {
        guard case .parked(_, isConflict: true) = try transaction.instance(id).state else { continue }
        _ = try transaction.change(
          instance: id, by: .retry(accepts: true), "dismissed", reason: InstanceRecord.dismissalCode)
        concerned.append(id)
      }
      return concerned
    }
  }
}

extension LedgerTransaction {
  /// Whether something of the instance waited and goes on now.
  fileprivate mutating func retry(_ id: Int64, accepting: Bool) throws -> Bool {
    var isConcerned = false
    let record = try instance(id)
    let event = InstanceEvent.retry(accepts: accepting)
    if case .change = record.state.transition(event, rules: rules) {
      // A conflict that isn't parked as one was refused, and held up on its way to `rejected`: there it goes on.
      let isRefused = record.rival != nil && !accepting
      _ = try change(
        instance: id, by: event, accepting ? "accepted" : "retried",
        reason: isRefused ? InstanceRecord.dismissalCode : "")
      if accepting, record.rival != nil { try accept(record) } else { try waitForOther(record) }
      isConcerned = true
    }
    let deliveries = try rows(
      "SELECT delivery.id FROM result JOIN delivery ON delivery.result = result.id WHERE instance = ?", [id])
    for row in deliveries {
      let hasChanged = try change(delivery: row["id"], by: .retry, "delivery retried") != nil
      isConcerned = isConcerned || hasChanged
    }
    return isConcerned
  }

  /// Whoever accepts says that this picture is the image now: it amends whatever stood for it.
  private func accept(_ record: InstanceRecord) throws {
    let others = try instances(sop: record.sopInstanceUID).filter { $0.id != record.id }
    guard let standing = IdentityDecision.standing(among: others) else { return }
    try run("UPDATE instance SET replaces = ?, rival = NULL WHERE id = ?", [standing.id, record.id])
    _ = try putBehind(record)
  }
}

extension Selection {
  /// The state of deliveries that are meant as well.
  fileprivate var deliveryState: String? {
    switch self {
    case .parked: "parked"
    case .delayed: "delayed"
    default: nil
    }
  }
}
