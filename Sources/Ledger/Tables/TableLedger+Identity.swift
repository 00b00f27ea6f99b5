internal import Files

extension TableLedger {
  package func circumstances(of instances: [Int64]) async throws(LedgerError) -> [Int64: Circumstances] {
    try await read { db in
      var known: [Int64: Circumstances] = [:]
      for id in instances { known[id] = try Circumstances(of: id, db) }
      return known
    }
  }

  package func conflict(
    _ instance: Int64, token: Int64, with other: Int64, _ chain: Completion.Chain, record: [UInt8],
    at now: Timestamp
  ) async throws(LedgerError) {
    try await write(.promised, at: now) { transaction in
      try transaction.holdImage(of: [instance])
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
    try await write(.promised, at: now) { transaction in
      try transaction.holdImage(of: [instance], and: file.uids)
      return try transaction.identifyAnew(instance, token: token, as: file)
    }
  }

  package func adopt(_ found: [FoundInstance], at now: Timestamp) async throws(LedgerError) {
    try await write(.promised, at: now) { transaction in
      try transaction.db.hold(Set(found.flatMap(\.file.uids)))
      for item in found { try transaction.adopt(item) }
    }
  }
}

extension Circumstances {
  /// Nil where the row isn't there.
  fileprivate init?(of id: Int64, _ db: any LedgerSession) throws {
    func results(of instance: Int64) throws -> [ResultRecord] {
      try db.rows("SELECT * FROM result WHERE instance = ? ORDER BY id", [instance]).map(ResultRecord.init)
    }
    guard let row = try db.rows("SELECT * FROM instance WHERE id = ?", [id]).first else { return nil }
    let record = try InstanceRecord(row)
    let others = try db.rows(
      "SELECT * FROM instance WHERE sop = ? AND sop <> '' AND id <> ? ORDER BY id",
      [record.sopInstanceUID, id]
    ).map(InstanceRecord.init)
    let compared = IdentityDecision.compared(
      IdentityDecision.Known(record), among: others.map(IdentityDecision.Known.init))
    let standing = try others.first { $0.id == compared }.map { image in
      StandingImage(
        instance: image, results: try results(of: image.id).filter { !$0.isSuperseded },
        isAccepted: record.replaces != nil)
    }
    let own = try results(of: id)
    let replaced = try own.compactMap(\.replaces).flatMap { earlier in
      try db.rows("SELECT * FROM result WHERE id = ?", [earlier]).map(ResultRecord.init)
    }
    self.init(instance: record, standing: standing, results: own, replaced: replaced, others: others)
  }
}

extension LedgerTransaction {
  fileprivate mutating func identifyAnew(
    _ id: Int64, token: Int64, as file: Admission
  ) throws -> AdmissionOutcome {
    let before = try instance(id)
    let same = try rows("SELECT id FROM instance WHERE content = ? AND id <> ?", [file.content, id])
      .first
    _ = try change(
      instance: id, by: .identifyAnew(token: token), "content changed", reason: "content_changed",
      detail: " \(before.content) \(file.content)")
    try letGo(behind: id)
    if let known: Int64 = same?["id"] {
      // Nothing has the bytes any more that this row told of.
      audit("forgotten", instance: id, "its bytes are those of \(known)")
      try run("DELETE FROM instance WHERE id = ?", [id])
      try run("UPDATE instance SET seen = seen + 1 WHERE id = ?", [known])
      return .known(known)
    }
    try run(
      """
      UPDATE instance SET content = ?, pixels = NULL, tensor = NULL, weights = NULL, replaces = NULL, rival = NULL,
        bundle = ?, study = ?, series = ?, sop = ?, number = ? WHERE id = ?
      """,
      [
        file.content, file.bundle, file.studyInstanceUID, file.seriesInstanceUID, file.sopInstanceUID,
        // Its results, if it ever had any, were of other bytes.
        try nextNumber(in: file.studyInstanceUID, for: id), id,
      ])
    if try !putBehind(try instance(id)) {
      let arrival: Int64? = try rows("SELECT arrival FROM instance WHERE id = ?", [id]).first?["arrival"]
      try gather(file.bundle, arrival: arrival ?? 0)
    }
    return .readAgain(id)
  }

  fileprivate mutating func adopt(_ found: FoundInstance) throws {
    let file = found.file
    guard try rows("SELECT 1 FROM instance WHERE content = ?", [file.content]).isEmpty else { return }
    let state = InstanceState.filed(Tries(), found.verdict, token: 0)
    let id = try insert(file, state, reason: found.reason)
    try run(
      "UPDATE instance SET finished_at = ?, home = ? WHERE id = ?",
      [now.milliseconds, found.home, id])
    audit("adopted", instance: id, "\(file.content)")
    let record = try instance(id)
    for result in found.results
    where try rows(
      "SELECT 1 FROM result WHERE (path = ? AND superseded = 0) OR (uid = ? AND uid <> '')",
      [result.path, result.uid]
    ).isEmpty { try publish(result, of: record) }
    // Its row is that of the report.
    try run(
      "UPDATE report SET instance = ? WHERE instance = 0 AND current = 1 AND image = ?",
      [id, file.sopInstanceUID])
  }
}
