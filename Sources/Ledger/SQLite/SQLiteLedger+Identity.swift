internal import Files
internal import GRDB

extension SQLiteLedger {
  package func standingImage(for instance: Int64) async throws(LedgerError) -> StandingImage? {
    try await read { db in
      guard let row = try Row.fetchOne(db, sql: "SELECT * FROM instance WHERE id = ?", arguments: [instance])
      else { throw LedgerError.unknown(row: instance) }
      let record = try InstanceRecord(row)
      let statement = try db.cachedStatement(
        sql: "SELECT * FROM instance WHERE sop = ? AND sop <> '' AND id <> ? ORDER BY id")
      let others = try Row.fetchAll(statement, arguments: [record.sopInstanceUID, instance])
        .map(InstanceRecord.init)
      let id = IdentityDecision.compared(
        IdentityDecision.Known(record), among: others.map(IdentityDecision.Known.init))
      guard let standing = others.first(where: { $0.id == id }) else { return nil }
      let results = try Row.fetchAll(
        db, sql: "SELECT * FROM result WHERE instance = ? AND superseded = 0 ORDER BY id",
        arguments: [standing.id])
      return StandingImage(
        instance: standing, results: try results.map(ResultRecord.init),
        isAccepted: record.replaces != nil)
    }
  }

  package func conflict(
    _ instance: Int64, token: Int64, with other: Int64, _ chain: Completion.Chain, record: [UInt8],
    at now: Timestamp
  ) async throws(LedgerError) {
    try await write(.promised, at: now) { transaction in
      let state = try transaction.change(
        instance: instance, by: .conflict(token: token), "parked", reason: "uid_conflict",
        detail: " with \(other)" + chain.words)
      guard state != nil else { return }
      try transaction.run("UPDATE instance SET rival = ? WHERE id = ?", [other, instance])
      try transaction.note(chain, of: instance, standing: other)
      let known = try transaction.instance(instance)
      try transaction.report(
        record, .notAnalysed, of: known, as: "\(known.sopInstanceUID)=\(known.content)")
    }
  }

  package func identifyAnew(
    _ instance: Int64, token: Int64, as file: Admission, at now: Timestamp
  ) async throws(LedgerError) -> AdmissionOutcome {
    try await write(.promised, at: now) { try $0.identifyAnew(instance, token: token, as: file) }
  }

  package func adopt(_ found: [FoundInstance], at now: Timestamp) async throws(LedgerError) {
    try await write(.promised, at: now) { transaction in
      for item in found { try transaction.adopt(item) }
    }
  }
}

extension LedgerTransaction {
  fileprivate mutating func identifyAnew(
    _ id: Int64, token: Int64, as file: Admission
  ) throws -> AdmissionOutcome {
    let before = try instance(id)
    let same = try rows("SELECT id FROM instance WHERE content = ? AND id <> ?", [file.content.data, id])
      .first
    _ = try change(
      instance: id, by: .identifyAnew(token: token), "content changed", reason: "content_changed",
      detail: " \(before.content) \(file.content)")
    try letGo(behind: id)
    if let known: Int64 = same?["id"] {
      // Nothing has the bytes any more that this row told of.
      try audit("forgotten", instance: id, "its bytes are those of \(known)")
      try run("DELETE FROM instance WHERE id = ?", [id])
      try run("UPDATE instance SET seen = seen + 1 WHERE id = ?", [known])
      return .known(known)
    }
    try run(
      """
      UPDATE instance SET content = ?, pixels = NULL, tensor = NULL, weights = NULL, replaces = NULL, rival = NULL,
        bundle = ?, study = ?, series = ?, sop = ? WHERE id = ?
      """,
      [
        file.content.data, file.bundle, file.studyInstanceUID, file.seriesInstanceUID, file.sopInstanceUID,
        id,
      ])
    if try !putBehind(try instance(id)) {
      let arrival: Int64? = try rows("SELECT arrival FROM instance WHERE id = ?", [id]).first?["arrival"]
      try gather(file.bundle, arrival: arrival ?? 0)
    }
    return .readAgain(id)
  }

  fileprivate mutating func adopt(_ found: FoundInstance) throws {
    let file = found.file
    guard try rows("SELECT 1 FROM instance WHERE content = ?", [file.content.data]).isEmpty else { return }
    let state = InstanceState.filed(Tries(), found.verdict, token: 0)
    try run(
      """
      INSERT INTO instance (content, pixels, bundle, study, series, sop, sender, spooled,
        state, attempts, crashes, token, holder, since, until, earliest, verdict, conflict,
        reason, seen, admitted_at, finished_at, home)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?)
      """,
      [
        file.content.data, file.pixels?.data, file.bundle, file.studyInstanceUID, file.seriesInstanceUID,
        file.sopInstanceUID, file.sender.data, file.spooled.data,
      ] + state.columns + [found.reason, now.milliseconds, now.milliseconds, found.home.data])
    let id = db.lastInsertedRowID
    try audit("adopted", instance: id, "\(file.content)")
    let record = try instance(id)
    for result in found.results
    where try rows(
      "SELECT 1 FROM result WHERE (path = ? AND superseded = 0) OR (uid = ? AND uid <> '')",
      [result.path.data, result.uid]
    ).isEmpty { try publish(result, of: record) }
    // Its row is that of the report.
    try run(
      "UPDATE report SET instance = ? WHERE instance = 0 AND current = 1 AND image = ?",
      [id, file.sopInstanceUID])
  }
}
