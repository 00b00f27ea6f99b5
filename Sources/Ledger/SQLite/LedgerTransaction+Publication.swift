internal import Files
internal import GRDB

extension LedgerTransaction {
  /// Writes what came of an instance: its results, their deliveries, its row of the report.
  mutating func publish(_ completion: Completion, of instance: InstanceRecord) throws {
    try run(
      "UPDATE instance SET finished_at = ?, home = ? WHERE id = ?",
      [now.milliseconds, completion.home.data, instance.id])
    for result in completion.results { try publish(result, of: instance) }
    try report(completion, of: instance)
  }

  /// A result may be there already, from an earlier reading of the same file or of another version of the
  /// image; what lay under its path before is gone.
  private mutating func publish(_ result: Completion.Result, of instance: InstanceRecord) throws {
    let displaced = try rows(
      "SELECT * FROM result WHERE path = ? AND superseded = 0", [result.path.data]
    ).first.map(ResultRecord.init)
    let known = try sameResult(result, displaced, of: instance)
    if let displaced, displaced.id != known?.id { try supersede(displaced) }
    let id: Int64
    if let known {
      id = known.id
      try run(
        "UPDATE result SET path = ?, content = ?, superseded = 0 WHERE id = ?",
        [result.path.data, result.content.data, id])
      if known.content != result.content || displaced?.id != known.id { try sendAgain(id) }
    } else {
      let replaces = try displaced?.id ?? predecessor(of: result, instance)
      try run(
        """
        INSERT INTO result (instance, kind, path, uid, content, replaces, superseded)
        VALUES (?, ?, ?, ?, ?, ?, 0)
        """,
        [instance.id, result.kind, result.path.data, result.uid, result.content.data, replaces])
      id = db.lastInsertedRowID
    }
    for destination in result.destinations {
      try run(
        """
        INSERT INTO delivery (result, destination, state, attempts, answer, created_at)
        VALUES (?, ?, 'due', 0, '', ?) ON CONFLICT DO NOTHING
        """, [id, destination, now.milliseconds])
    }
  }

  /// The row of an earlier writing of the same object.
  private func sameResult(
    _ result: Completion.Result, _ displaced: ResultRecord?, of instance: InstanceRecord
  ) throws -> ResultRecord? {
    guard !result.uid.isEmpty else {
      return displaced?.instance == instance.id && displaced?.uid == "" ? displaced : nil
    }
    let known = try rows("SELECT * FROM result WHERE uid = ? AND uid <> ''", [result.uid]).first
      .map(ResultRecord.init)
    if let known, known.instance != instance.id { throw LedgerError.duplicateUID(result.uid) }
    return known
  }

  private func predecessor(of result: Completion.Result, _ instance: InstanceRecord) throws -> Int64? {
    guard let earlier = instance.replaces else { return nil }
    return try rows(
      "SELECT id FROM result WHERE instance = ? AND kind = ? ORDER BY id DESC LIMIT 1",
      [earlier, result.kind]
    ).first?["id"]
  }

  private mutating func supersede(_ result: ResultRecord) throws {
    try run("UPDATE result SET superseded = 1 WHERE id = ?", [result.id])
    for row in try rows("SELECT id FROM delivery WHERE result = ?", [result.id]) {
      _ = try change(delivery: row["id"], by: .withdraw, "delivery withdrawn")
    }
  }

  private mutating func sendAgain(_ result: Int64) throws {
    for row in try rows("SELECT id FROM delivery WHERE result = ?", [result]) {
      _ = try change(delivery: row["id"], by: .resultChanged, "delivery begun anew")
    }
  }

  private func report(_ completion: Completion, of instance: InstanceRecord) throws {
    let image = instance.image(completion.verdict)
    let row = try rows("SELECT * FROM report WHERE image = ? AND current = 1", [image]).first
    let standing = row.flatMap { row in
      Verdict(rawValue: row["verdict"]).map { ReportOrder($0, instance: row["instance"]) }
    }
    // What amends the standing one takes its place, also when it arrived before and was accepted later.
    let mayBeCurrent =
      standing.map { standing in
        let order = ReportOrder(completion.verdict, instance: instance.id)
        return standing <= order || order.isUsable && standing.instance == instance.replaces
      } ?? true
    let isCurrent = try mayBeCurrent && !isOfNoUse(completion.verdict, beside: instance.sopInstanceUID)
    if isCurrent, let row {
      try run("UPDATE report SET current = 0 WHERE cursor = ?", [row["cursor"] as Int64])
    }
    try run(
      "INSERT INTO report (instance, image, verdict, record, at, current) VALUES (?, ?, ?, ?, ?, ?)",
      [
        instance.id, image, completion.verdict.rawValue, completion.record.data, now.milliseconds, isCurrent,
      ])
    let cursor = db.lastInsertedRowID
    if isCurrent, let row {
      try run("UPDATE report SET displaced_by = ? WHERE cursor = ?", [cursor, row["cursor"] as Int64])
    }
    guard completion.verdict != .rejected, image != instance.sopInstanceUID else { return }
    // The file that was no use before, and what an earlier program said of the image.
    try run(
      """
      UPDATE report SET current = 0, displaced_by = ?
      WHERE image = ? AND current = 1 AND (verdict = 'rejected' OR instance = 0)
      """, [cursor, instance.sopInstanceUID])
  }
}

extension LedgerTransaction {
  /// Whether a file can't be used, and another with its UID can: whichever came first, that one tells of the image.
  fileprivate func isOfNoUse(_ verdict: Verdict, beside sop: String) throws -> Bool {
    guard verdict == .rejected, !sop.isEmpty else { return false }
    return try !rows(
      "SELECT 1 FROM report WHERE current = 1 AND image >= ? AND image < ? LIMIT 1", [sop + "=", sop + ">"]
    ).isEmpty
  }
}

extension InstanceRecord {
  /// What has one current row in the report. Files with one UID are one image; where nobody knows whether they show
  /// the same picture, each that can be used stands for itself.
  fileprivate func image(_ verdict: Verdict) -> String {
    if sopInstanceUID.isEmpty { return "=\(content)" }
    return pixels != nil || verdict == .rejected ? sopInstanceUID : "\(sopInstanceUID)=\(content)"
  }
}
