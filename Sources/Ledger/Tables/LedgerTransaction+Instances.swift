extension LedgerTransaction {
  /// The row, which nobody else changes until the transaction ends.
  func instance(_ id: Int64) throws -> InstanceRecord {
    guard let row = try rows("SELECT * FROM instance WHERE id = ? \(db.dialect.locking)", [id]).first else {
      throw LedgerError.unknown(row: id)
    }
    return try InstanceRecord(row)
  }

  /// The state of a row, which nobody else changes until the transaction ends.
  func state(of id: Int64) throws -> InstanceState {
    let row = try rows(
      """
      SELECT id, state, attempts, crashes, token, holder, since, until, verdict, conflict FROM instance
      WHERE id = ? \(db.dialect.locking)
      """, [id]
    ).first
    guard let row else { throw LedgerError.unknown(row: id) }
    return try row.instanceState()
  }

  /// Writes a row; returns its number.
  func insert(_ file: Admission, _ state: InstanceState, reason: String) throws -> Int64 {
    let rows = try rows(
      """
      INSERT INTO instance (content, pixels, bundle, study, series, sop, sender, spooled,
        state, attempts, crashes, token, holder, since, until, earliest, verdict, conflict,
        reason, seen, admitted_at, arrival, number)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?) RETURNING id
      """,
      [
        file.content, file.pixels, file.bundle, file.studyInstanceUID, file.seriesInstanceUID,
        file.sopInstanceUID, file.sender, file.spooled,
      ] + state.columns + [
        reason, now.milliseconds, file.arrival, try nextNumber(in: file.studyInstanceUID, for: nil),
      ])
    return rows[0]["id"]
  }

  /// The number of the next image of a study, beside `instance` if that is one of them.
  func nextNumber(in study: String, for instance: Int64?) throws -> Int {
    let last: Int? = try rows(
      """
      SELECT number FROM instance WHERE study = ? AND study <> '' AND id IS DISTINCT FROM ? ORDER BY number DESC LIMIT 1
      """, [study, instance]
    ).first?["number"]
    return 1 + (last ?? 0)
  }

  /// The rows that state a SOP Instance UID, in order of arrival; none for the empty one.
  func instances(sop: String) throws -> [IdentityDecision.Known] {
    try rows("SELECT * FROM instance WHERE sop = ? AND sop <> '' ORDER BY id", [sop])
      .map { IdentityDecision.Known(try InstanceRecord($0)) }
  }

  /// Lets `event` happen to a row, whose state it returns; nil when it had happened before.
  /// - Parameters:
  ///   - word: what the trail calls it.
  ///   - reason: the row's new reason; nil leaves it.
  ///   - detail: more for the trail.
  mutating func change(
    instance id: Int64, by event: InstanceEvent, _ word: String, reason: String? = nil, detail: String = ""
  ) throws -> InstanceState? {
    let before = try state(of: id)
    switch before.transition(event, rules: rules) {
    case .unchanged: return nil
    case .stale: throw LedgerError.leaseLost(token: event.token ?? 0)
    case .impossible: throw LedgerError.impossible(row: id)
    case .change(let state, let actions):
      try store(state, reason: reason, instance: id)
      // Nothing is put behind what is decided.
      if state.isDecided, !before.isDecided { try letGo(behind: id) }
      if actions.contains(.audit) {
        let token = event.token.map { " by \($0)" } ?? ""
        audit(
          word, instance: id,
          "\(state.name)\(token)\(reason.map { $0.isEmpty ? "" : " " + $0 } ?? "")\(detail)")
      }
      return state
    }
  }

  /// `predecessorDone` for the first that waits behind a row; the rest waits for that one, so that no two with a UID are
  /// read at once.
  func letGo(behind id: Int64) throws {
    let waiting = try rows(
      "SELECT id FROM instance WHERE state = 'behind' AND awaits = ? ORDER BY id LIMIT 1", [id])
    guard let next: Int64 = waiting.first?["id"] else { return }
    try run("UPDATE instance SET state = 'ready', awaits = NULL WHERE id = ?", [next])
    try run("UPDATE instance SET awaits = ? WHERE state = 'behind' AND awaits = ?", [next, id])
  }

  /// Lets a row wait for the last with its UID that is on its way; false when there is none.
  func putBehind(_ record: InstanceRecord) throws -> Bool {
    let others = try instances(sop: record.sopInstanceUID).filter { $0.id != record.id }
    guard let awaited = IdentityDecision.awaited(among: others) else { return false }
    try put(record.id, Tries(), behind: awaited)
    return true
  }

  /// Lets a row that is read again go ahead of all with its UID that nobody reads yet: they are compared with it. Where one
  /// is being read, it waits; false when it needn't.
  func putAhead(_ record: InstanceRecord) throws -> Bool {
    let others = try others(beside: record)
    for other in others { if case .working = other.state { return try putBehind(record) } }
    for other in others {
      switch other.state {
      case .gathering(let tries), .ready(let tries), .delayed(let tries, _):
        try put(other.id, tries, behind: record.id)
      case .behind, .working, .parked, .finished, .filed: break
      }
    }
    return false
  }

  /// Lets a row that goes on wait for one with its UID that waits for none itself.
  func waitForOther(_ record: InstanceRecord) throws {
    let ahead = try others(beside: record).last { other in
      switch other.state {
      case .gathering, .ready, .delayed, .working: true
      case .behind, .parked, .finished, .filed: false
      }
    }
    if let ahead { try put(record.id, Tries(), behind: ahead.id) }
  }

  private func put(_ id: Int64, _ tries: Tries, behind awaited: Int64) throws {
    try store(.behind(tries), instance: id)
    try run("UPDATE instance SET awaits = ? WHERE id = ?", [awaited, id])
  }

  /// The other rows with the UID of one, in order of arrival, which nobody else changes until the transaction ends.
  private func others(beside record: InstanceRecord) throws -> [InstanceRecord] {
    try rows(
      "SELECT * FROM instance WHERE sop = ? AND sop <> '' AND id <> ? ORDER BY id \(db.dialect.locking)",
      [record.sopInstanceUID, record.id]
    ).map(InstanceRecord.init)
  }

  /// - Parameter reason: nil leaves it.
  func store(_ state: InstanceState, reason: String? = nil, instance id: Int64) throws {
    try run(
      """
      UPDATE instance SET state = ?, attempts = ?, crashes = ?, token = ?, holder = ?, since = ?, until = ?,
        earliest = ?, verdict = ?, conflict = ?, reason = coalesce(?, reason) WHERE id = ?
      """, state.columns + [reason, id])
  }
}
