internal import Files

extension TableLedger {
  package func admit(
    _ files: [Admission], at now: Timestamp
  ) async throws(LedgerError) -> [AdmissionOutcome] {
    try await write(.promised, at: now) { transaction in
      try transaction.db.hold(Set(files.flatMap(\.uids)))
      var outcomes: [AdmissionOutcome] = []
      for file in files { outcomes.append(try transaction.admit(file)) }
      let last = files.map(\.arrival).max() ?? 0
      try transaction.run("UPDATE counter SET value = ? WHERE name = 'arrival' AND value < ?", [last, last])
      return outcomes
    }
  }
}

extension LedgerTransaction {
  mutating func admit(_ file: Admission) throws -> AdmissionOutcome {
    let same = try rows("SELECT * FROM instance WHERE content = ? \(db.dialect.locking)", [file.content])
      .first
      .map(InstanceRecord.init)
    let others = try instances(sop: file.sopInstanceUID)
    let decision = IdentityDecision.decide(
      file.content, pixels: file.pixels, same: same.map(IdentityDecision.Known.init),
      others: others, isWanted: file.isWanted)
    switch decision {
    case .new:
      // What can be told at once needn't wait.
      let awaited = file.pixels == nil ? IdentityDecision.awaited(among: others) : nil
      return .admitted(try insert(file, awaits: awaited))
    case .amends(let earlier):
      let awaited = IdentityDecision.awaited(among: others)
      return .amends(try insert(file, awaits: awaited, replaces: earlier), earlier: earlier)
    case .conflict(let other):
      return .conflict(try insert(file, reason: "uid_conflict", rival: other), with: other)
    case .readAgain(let id):
      try run(
        "UPDATE instance SET spooled = ?, sender = ?, arrival = ?, home = NULL, seen = seen + 1 WHERE id = ?",
        [file.spooled, file.sender, file.arrival, id])
      _ = try change(instance: id, by: .readAgain, "read again")
      if try !putAhead(try instance(id)) { try gather(file.bundle, arrival: file.arrival) }
      return .readAgain(id)
    case .known(let id):
      // The spool names a file once, so this is the copy that the row speaks of.
      if let same, same.spooled == file.spooled, !same.state.isFiled { return .already(id) }
      try run("UPDATE instance SET seen = seen + 1 WHERE id = ?", [id])
      audit("came again", instance: id)
      return .known(id)
    }
  }

  /// - Parameters:
  ///   - awaits: the row that it waits for.
  ///   - rival: the row that it conflicts with.
  private mutating func insert(
    _ file: Admission, awaits: Int64? = nil, reason: String = "", replaces: Int64? = nil,
    rival: Int64? = nil
  ) throws -> Int64 {
    var state = InstanceState.gathering(Tries())
    if awaits != nil { state = .behind(Tries()) }
    if rival != nil { state = .parked(Tries(), isConflict: true) }
    let id = try insert(file, state, reason: reason)
    if replaces ?? rival ?? awaits != nil {
      try run(
        "UPDATE instance SET replaces = ?, rival = ?, awaits = ? WHERE id = ?", [replaces, rival, awaits, id])
    }
    let event = state.isParked ? "parked" : replaces == nil ? "admitted" : "admitted as an amendment"
    audit(event, instance: id, "\(file.content)\(reason.isEmpty ? "" : " " + reason)")
    if case .gathering = state { try gather(file.bundle, arrival: file.arrival) }
    return id
  }

  /// A file of the study came: it is complete a little later than before.
  func gather(_ bundle: String, arrival: Int64) throws {
    let row = try rows("SELECT * FROM gathering WHERE bundle = ? \(db.dialect.locking)", [bundle]).first
    let known = row.map { row in
      Gathering(
        firstArrival: Timestamp(milliseconds: row["first"]),
        wait: Wait(
          since: Timestamp(milliseconds: row["since"]), until: Timestamp(milliseconds: row["until"])))
    }
    let gathering = Gathering.arrival(known, at: now, rules: rules)
    try run(
      """
      INSERT INTO gathering (bundle, first, since, until, earliest, arrival) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (bundle) DO UPDATE SET first = excluded.first, since = excluded.since, until = excluded.until,
        earliest = excluded.earliest, arrival = excluded.arrival
      """,
      [bundle, gathering.firstArrival.milliseconds] + Optional(gathering.wait).columns
        + [max(arrival, row?["arrival"] ?? 0)])
  }
}
