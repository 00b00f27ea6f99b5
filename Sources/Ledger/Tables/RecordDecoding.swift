internal import Files

extension InstanceRecord {
  init(_ row: LedgerRow) throws {
    id = row["id"]
    content = try row.digest("content")
    pixels = try row.optionalDigest("pixels")
    tensor = try row.optionalDigest("tensor")
    weights = try row.optionalDigest("weights")
    studyInstanceUID = row["study"]
    seriesInstanceUID = row["series"]
    sopInstanceUID = row["sop"]
    sender = row.bytes("sender")
    spooled = row.bytes("spooled")
    home = row.blob("home")
    state = try row.instanceState()
    reason = row["reason"]
    replaces = row["replaces"]
    rival = row["rival"]
    timesSeen = row["seen"]
    number = row["number"]
    admittedAt = Timestamp(milliseconds: row["admitted_at"])
    claimedAt = row.time("claimed_at")
    finishedAt = row.time("finished_at")
  }
}

extension IdentityDecision.Known {
  init(_ record: InstanceRecord) {
    self.init(
      id: record.id, content: record.content, pixels: record.pixels, replaces: record.replaces)
    switch record.state {
    case .parked(_, let isConflict): (self.isConflict, isOnItsWay) = (isConflict, !isConflict)
    case .finished(_, let verdict, _): isUsable = verdict != .rejected
    case .filed(_, let verdict, _):
      (isFiled, isUsable) = (true, verdict != .rejected)
      // What somebody refused for good isn't read again because it comes again.
      isRejected = verdict == .rejected && record.reason != InstanceRecord.dismissalCode
    case .gathering, .behind, .ready, .working, .delayed: isOnItsWay = true
    }
  }
}

extension ResultRecord {
  init(_ row: LedgerRow) throws {
    id = row["id"]
    instance = row["instance"]
    kind = row["kind"]
    path = row.bytes("path")
    uid = row["uid"]
    content = try row.digest("content")
    replaces = row["replaces"]
    isSuperseded = row["superseded"]
    sopClassUID = row["class"]
    studyInstanceUID = row["study"]
    seriesInstanceUID = row["series"]
  }
}

extension ReportEntry {
  init(_ row: LedgerRow) {
    cursor = row["cursor"]
    instance = row["instance"]
    record = row.bytes("record")
    at = Timestamp(milliseconds: row["at"])
    isCurrent = row["current"]
  }
}

extension AuditEntry {
  init(_ row: LedgerRow) throws {
    self.init(
      number: row["number"], at: Timestamp(milliseconds: row["at"]), event: row["event"],
      instance: row["instance"], detail: row["detail"], hash: try row.digest("hash"))
  }
}
