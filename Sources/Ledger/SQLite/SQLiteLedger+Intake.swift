internal import Files
internal import GRDB

extension SQLiteLedger {
  package func admit(
    _ files: [Admission], at now: Timestamp
  ) async throws(LedgerError) -> [AdmissionOutcome] {
    try await write(.promised, at: now) { transaction in
      var outcomes: [AdmissionOutcome] = []
      for file in files { outcomes.append(try transaction.admit(file)) }
      let last = files.map(\.arrival).max() ?? 0
      try transaction.run("UPDATE counter SET value = max(value, ?) WHERE name = 'arrival'", [last])
      return outcomes
    }
  }
}

extension LedgerTransaction {
  mutating func admit(_ file: Admission) throws -> AdmissionOutcome {
    let same = try rows("SELECT * FROM instance WHERE content = ?", [file.content.data]).first
      .map(InstanceRecord.init)
    let others = try instances(sop: file.sopInstanceUID)
    let decision = IdentityDecision.decide(
      file.content, pixels: file.pixels, same: same.map(IdentityDecision.Known.init),
      others: others, isWanted: file.isWanted)
    switch decision {
    case .new: return .admitted(try insert(file, .gathering(Tries())))
    case .amends(let earlier):
      let isRead = try instance(earlier).state.isFinished
      let state = isRead ? InstanceState.gathering(Tries()) : .behind(Tries())
      return .amends(try insert(file, state, replaces: earlier), earlier: earlier)
    case .conflict(let other):
      let state = InstanceState.parked(Tries(), isConflict: true)
      return .conflict(try insert(file, state, reason: "uid_conflict", rival: other), with: other)
    case .readAgain(let id):
      try run(
        "UPDATE instance SET spooled = ?, sender = ?, arrival = ?, home = NULL, seen = seen + 1 WHERE id = ?",
        [file.spooled.data, file.sender.data, file.arrival, id])
      _ = try change(instance: id, by: .readAgain, "read again")
      try gather(file)
      return .readAgain(id)
    case .known(let id):
      // The spool names a file once, so this is the copy that the row speaks of.
      if let same, same.spooled == file.spooled, !same.state.isFiled { return .already(id) }
      try run("UPDATE instance SET seen = seen + 1 WHERE id = ?", [id])
      try audit("came again", instance: id)
      return .known(id)
    }
  }

  private mutating func insert(
    _ file: Admission, _ state: InstanceState, reason: String = "", replaces: Int64? = nil,
    rival: Int64? = nil
  ) throws -> Int64 {
    try run(
      """
      INSERT INTO instance (content, pixels, bundle, study, series, sop, sender, spooled,
        state, attempts, crashes, token, holder, since, until, earliest, verdict, conflict,
        reason, replaces, rival, seen, admitted_at, arrival)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)
      """,
      [
        file.content.data, file.pixels?.data, file.bundle, file.studyInstanceUID, file.seriesInstanceUID,
        file.sopInstanceUID, file.sender.data, file.spooled.data,
      ] + state.columns + [reason, replaces, rival, now.milliseconds, file.arrival])
    let id = db.lastInsertedRowID
    let event = state.isParked ? "parked" : replaces == nil ? "admitted" : "admitted as an amendment"
    try audit(event, instance: id, "\(file.content)\(reason.isEmpty ? "" : " " + reason)")
    if case .gathering = state { try gather(file) }
    return id
  }

  /// A file of the study came: it is complete a little later than before.
  private func gather(_ file: Admission) throws {
    let row = try rows("SELECT * FROM gathering WHERE bundle = ?", [file.bundle]).first
    let known = row.map { row in
      Gathering(
        firstArrival: Timestamp(milliseconds: row["first"]),
        wait: Wait(
          since: Timestamp(milliseconds: row["since"]), until: Timestamp(milliseconds: row["until"])))
    }
    let gathering = Gathering.arrival(known, at: now, rules: rules)
    try run(
      """
      INSERT OR REPLACE INTO gathering (bundle, first, since, until, earliest, arrival) VALUES (?, ?, ?, ?, ?, ?)
      """,
      [file.bundle, gathering.firstArrival.milliseconds] + Optional(gathering.wait).columns
        + [max(file.arrival, row?["arrival"] ?? 0)])
  }
}
