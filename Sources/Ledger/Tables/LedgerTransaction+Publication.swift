internal import Files

extension LedgerTransaction {
  /// Writes what came of an instance: its results and their deliveries.
  mutating func publish(_ completion: Completion, of instance: InstanceRecord) throws {
    try run(
      "UPDATE instance SET finished_at = ?, home = ?, rival = NULL, replaces = coalesce(?, replaces) WHERE id = ?",
      [now.milliseconds, completion.home, completion.amends, instance.id])
    if instance.rival != nil {
      // Refused for good: it speaks for its UID no more, and is compared anew where somebody wants it read again.
      try run("UPDATE instance SET pixels = NULL WHERE id = ?", [instance.id])
    } else if completion.verdict == .rejected, instance.replaces != nil {
      try letStand(insteadOf: instance.id)
    }
    try note(completion.chain, of: instance.id, standing: completion.amends)
    let known = try self.instance(instance.id)
    for result in completion.results { try publish(result, of: known) }
    if let earlier = completion.amends {
      // Also what has no successor under its name: another study, or nothing to show any more.
      for row in try rows("SELECT * FROM result WHERE instance = ? AND superseded = 0", [earlier]) {
        try supersede(ResultRecord(row))
      }
    }
  }

  /// Adds the row of the report about an instance that was published.
  /// - Parameter instance: as it was before.
  func report(_ completion: Completion, of instance: InstanceRecord) throws {
    let known = try self.instance(instance.id)
    try report(
      completion.record, completion.verdict, of: known, as: known.image(completion.verdict),
      instead: completion.amends)
  }

  /// What was to amend another and turned out to be of no use took nothing away: the other stands as before.
  private func letStand(insteadOf id: Int64) throws {
    guard try rows("SELECT 1 FROM result WHERE instance = ? LIMIT 1", [id]).isEmpty else { return }
    try run("UPDATE instance SET pixels = NULL, replaces = NULL WHERE id = ?", [id])
  }

  /// Writes what a reading found out.
  /// - Parameter other: the row whose picture it was compared with.
  func note(_ chain: Completion.Chain, of id: Int64, standing other: Int64?) throws {
    try run(
      "UPDATE instance SET pixels = coalesce(?, pixels), tensor = ?, weights = ? WHERE id = ?",
      [chain.pixels, chain.tensor, chain.weights, id])
    guard let other, let pixels = chain.standingPixels else { return }
    try run("UPDATE instance SET pixels = ? WHERE id = ? AND pixels IS NULL", [pixels, other])
  }

  /// A result may be there already, from an earlier reading of the same file or of another version of the
  /// image; what lay under its path before is gone.
  mutating func publish(_ result: Completion.Result, of instance: InstanceRecord) throws {
    let displaced = try rows(
      "SELECT * FROM result WHERE path = ? AND superseded = 0", [result.path]
    ).first.map(ResultRecord.init)
    let known = try sameResult(result, displaced, of: instance)
    if let displaced, displaced.id != known?.id { try supersede(displaced) }
    let id: Int64
    if let known {
      id = known.id
      try run(
        "UPDATE result SET path = ?, content = ?, superseded = 0 WHERE id = ?",
        [result.path, result.content, id])
      if known.content != result.content || displaced?.id != known.id { try sendAgain(id) }
    } else {
      let replaces = try displaced?.id ?? predecessor(of: result, instance)
      id = try rows(
        """
        INSERT INTO result (instance, kind, path, uid, content, replaces, superseded, class, study, series)
        VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?) RETURNING id
        """,
        [
          instance.id, result.kind, result.path, result.uid, result.content, replaces,
          result.sopClassUID, result.studyInstanceUID, result.seriesInstanceUID,
        ])[0]["id"]
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

  /// Adds a row to the report.
  /// - Parameters:
  ///   - image: what has one current row.
  ///   - earlier: the row that this one amends.
  func report(
    _ record: [UInt8], _ verdict: Verdict, of instance: InstanceRecord, as image: String,
    instead earlier: Int64? = nil
  ) throws {
    try db.holdTrail()
    let order = ReportOrder(verdict, instance: instance.id)
    // Each part finds its rows by an index; with OR, all that are current would be gone through.
    let found = try rows(
      """
      SELECT * FROM report WHERE current = 1 AND image = ?
      UNION SELECT * FROM report WHERE instance IN (?, ?) AND current = 1
      """, [image, instance.id, earlier ?? instance.id])
    // What was said of the file before results came of it, such as that it waits for a person, is over, whatever comes of
    // it now and however it was decided.
    func isOver(_ row: LedgerRow) -> Bool {
      row["instance"] as Int64 == instance.id && row["verdict"] as String != Verdict.analysed.rawValue
    }
    let over = found.filter(isOver)
    let standing = found.filter { !isOver($0) }
    let mayBeCurrent = standing.allSatisfy { row in
      guard let verdict = Verdict(rawValue: row["verdict"]) else { return true }
      let standing = ReportOrder(verdict, instance: row["instance"])
      // What amends the standing one takes its place, also when it arrived before and was accepted later.
      let isAmended = order.isUsable && standing.instance == (earlier ?? instance.replaces)
      return standing <= order || isAmended
    }
    let isCurrent = try mayBeCurrent && !isOfNoUse(verdict, beside: instance.sopInstanceUID)
    let displaced = over + (isCurrent ? standing : [])
    for row in displaced {
      try run("UPDATE report SET current = 0 WHERE cursor = ?", [row["cursor"] as Int64])
    }
    let cursor: Int64 = try rows(
      """
      INSERT INTO report (instance, image, verdict, record, at, current) VALUES (?, ?, ?, ?, ?, ?) RETURNING cursor
      """, [instance.id, image, verdict.rawValue, record, now.milliseconds, isCurrent])[0]["cursor"]
    for row in displaced {
      try run("UPDATE report SET displaced_by = ? WHERE cursor = ?", [cursor, row["cursor"] as Int64])
    }
    guard verdict != .rejected, image != instance.sopInstanceUID else { return }
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
