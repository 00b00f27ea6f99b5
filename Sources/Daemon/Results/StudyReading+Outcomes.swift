import Analysis
import Files
import FoundationEssentials
import Glibc
import Ledger
import Logging
import SystemPackage
import Unpacking

/// What becomes of a file that a worker answered for, or died on.
extension StudyReading {
  /// Publishes what workers answered.
  func publishAnswers() async throws {
    while case let batch = answers.draw(at: .now), !batch.isEmpty {
      defer { for answer in batch { spares.add(answer.job.staging, ResultDesk(configuration.folders)) } }
      try await finish(batch)
      try await settle()
    }
  }

  func finish(_ answers: [Answers.Answer]) async throws {
    let begun = ContinuousClock.now
    var found: [Found] = []
    for answer in answers {
      try await unlessLost(answer.job) {
        if let one = try await toPublish(answer) { found.append(one) }
      }
    }
    let items = try await stillOurs(found)
    let outcomes = try publication.publish(items, to: configuration.delivery, besides: &unsettled.homes)
    var done: [(item: Publication.Item, completion: Completion, row: ReportRow)] = []
    for (item, outcome) in zip(items, outcomes) {
      switch outcome {
      case .published(let completion, let row): done.append((item, completion, row))
      case .misplaced(let why):
        try await unlessLost(item.job) { try await park(item.job, "results_misplaced", why) }
      case .lost: forgetLost(item.job)
      }
    }
    guard !done.isEmpty else { return }
    let committed = try await complete(done.map { ($0.item.job, $0.completion) })
    done.removeAll { !committed.contains($0.item.job.instance.id) }
    publication.settled(done.map(\.item.job.instance))
    for one in done { await note(one.item.job, one.row, publication: begun.duration(to: .now)) }
    if !done.isEmpty { pauseNote.clear() }
    await published.ring()
  }

  /// Commits what was published: together, or where one of them can't be, each by itself.
  /// - Returns: the rows that were committed.
  private func complete(_ done: [(job: ClaimedFile, completion: Completion)]) async throws -> Set<Int64> {
    func committed(_ part: [(job: ClaimedFile, completion: Completion)]) async throws {
      let all = part.map { CompletedInstance($0.job.instance.id, token: $0.job.token, $0.completion) }
      try await ledger.complete(all, at: .now)
    }
    do {
      try await committed(done)
      return Set(done.map(\.job.instance.id))
    } catch {
      switch error {
      case LedgerError.leaseLost, LedgerError.duplicateUID: break
      default: throw error
      }
    }
    var ids: Set<Int64> = []
    for one in done {
      try await unlessLost(one.job) {
        do {
          try await committed([one])
          ids.insert(one.job.instance.id)
        } catch LedgerError.duplicateUID {
          try await park(
            one.job, "duplicate_result_uid", "another image's result has the UID of this one's")
        }
      }
    }
    return ids
  }

  /// Whoever holds its lease now may have published: nothing of ours counts.
  func unlessLost(_ job: ClaimedFile, _ body: () async throws -> Void) async throws {
    do { try await body() } catch LedgerError.leaseLost { forgetLost(job) }
  }

  private func forgetLost(_ job: ClaimedFile) {
    log(.warning, "its lease was over; nothing was noted", job.instance)
    held.remove(job)
  }

  /// What is to be published, and the image whose results it replaces.
  private typealias Found = (answer: Answers.Answer, amended: StandingImage?)

  /// What is to be published of an answer; nil where something else became of it.
  private func toPublish(_ answer: Answers.Answer) async throws -> Found? {
    let (job, trace) = (answer.job, answer.trace)
    let record = job.instance
    if let content = trace.content, content != record.content {
      try await identifyAnew(job, answer.row.identity, content)
      return nil
    }
    var amended: StandingImage?
    if let standing = job.standing, answer.row.status != .rejected {
      switch standing.compare(trace) {
      case .conflict:
        try await conflict(job, answer.row.identity, trace)
        return nil
      case .amends: amended = standing
      case .unrelated: break
      }
    }
    let file = SpooledFile(record)
    var answer = answer
    // Relative to the inbox, for in the inbox it no longer lies.
    if answer.row.status != .analysed {
      answer.row.refuse(answer.row.status, code: answer.row.reasonCode, file: file.sender.text)
    }
    if answer.row.status == .rejected, try await isPassing(answer.row, job, file) { return nil }
    // Before the archive's own row is committed: a crash between the two opens it once more, and its files are known.
    if !trace.members.isEmpty {
      // Of its files alone, whatever else was answered for: what concerns all is met by those that are published.
      do { try await takeIn(trace.members, of: job) } catch let failure as WriteFailure {
        try await holdUp(job, failure.reason)
        return nil
      }
    }
    return (answer, amended)
  }

  private func note(_ job: ClaimedFile, _ row: ReportRow, publication: Duration) async {
    let record = job.instance
    held.remove(job)
    left.remove(record.id)
    unsettled.add(at: .now)
    breaker.succeeded()
    // An archive that was opened is no input that failed; its files count.
    let isOpened = row.reasonCode == UnpackedArchive.openedCode
    if !isOpened { tally.count(row.status) }
    await measure(record, row, publication: publication)
    var metadata: Logger.Metadata = ["seconds": "\(row.fields[16])"]
    if !row.reason.isEmpty { metadata["reason"] = "\(row.reasonCode)" }
    log(row.status == .rejected && !isOpened ? .warning : .info, "\(row.status.rawValue)", record, metadata)
  }

  /// Those whose leases hold for as long as it takes to publish, with what is known of them, and what sees to that where
  /// others could take them over. Of those that are lost another may have published.
  private func stillOurs(_ found: [Found]) async throws -> [Publication.Item] {
    guard !found.isEmpty else { return [] }
    let isAlone = configuration.folders.host == nil
    let fences = isAlone ? [:] : try await fences(around: found.map(\.answer.job))
    let known = try await ledger.circumstances(of: found.map(\.answer.job.instance.id))
    var items: [Publication.Item] = []
    var renewed: Set<Int64> = []
    for (answer, amended) in found {
      let job = answer.job
      try await unlessLost(job) {
        let fence = fences[job.instance.id]
        guard isAlone || fence != nil, let circumstances = known[job.instance.id],
          case .working(_, let lease) = circumstances.instance.state, lease.token == job.token
        else { throw LedgerError.leaseLost(token: job.token) }
        if isAlone, !renewed.contains(job.token), lease.wait.isOver(at: .now + Self.lease / 2) {
          try await ledger.renew(token: job.token, for: Self.lease, at: .now)
          renewed.insert(job.token)
        }
        items.append(
          Publication.Item(
            job: job, row: answer.row, detail: answer.detail, trace: answer.trace, amended: amended,
            circumstances: circumstances, fence: fence))
      }
    }
    return items
  }

  /// Prolongs the leases of what others could take over, by the ledger's clock, which isn't this host's: only the ledger
  /// can tell how much is left of one. Those that are lost have no fence.
  private func fences(around jobs: [ClaimedFile]) async throws -> [Int64: PublicationFence] {
    var ends: [Int64: ContinuousClock.Instant] = [:]
    for token in Set(jobs.map(\.token)) {
      let end = ContinuousClock.now + Self.lease - Self.margin
      do throws(LedgerError) {
        try await ledger.renew(token: token, for: Self.lease, at: .now)
        ends[token] = end
      } catch {
        guard case .leaseLost = error else { throw error }
      }
    }
    return jobs.reduce(into: [:]) { fences, job in
      fences[job.instance.id] = ends[job.token].map {
        PublicationFence(token: job.token, staging: job.staging, until: $0)
      }
    }
  }

  private func measure(_ record: InstanceRecord, _ row: ReportRow, publication: Duration) async {
    let (came, now) = (await beginning(of: record), Timestamp.now)
    var times: [ServiceMeter.Stage: Double] = [
      .analysis: row.seconds, .publication: publication / .seconds(1), .total: came.seconds(to: now),
    ]
    if let claimed = record.claimedAt { times[.waiting] = came.seconds(to: claimed) }
    health.meter.ended(row.status, reason: row.status == .analysed ? "" : row.reasonCode, times: times)
  }

  /// Since when the file has waited this time. Of what waited for no longer than a moment nobody need ask the trail.
  private func beginning(of record: InstanceRecord) async -> Timestamp {
    let waited = record.admittedAt.seconds(to: record.claimedAt ?? .now)
    guard record.finishedAt != nil || waited > 60 else { return record.admittedAt }
    let trail = (try? await ledger.audit(of: record.id, after: 0, limit: 10_000)) ?? []
    return record.beginning(in: trail)
  }

  /// What a worker read and didn't write.
  func holdBack(_ job: ClaimedFile, _ identity: ImageIdentity, _ why: HeldBack) async throws {
    switch why {
    case .changed(let content): try await identifyAnew(job, identity, content)
    case .conflict(let trace): try await conflict(job, identity, trace)
    }
  }

  /// Its bytes aren't those that were identified: nothing is published, and they are read for what they are.
  private func identifyAnew(
    _ job: ClaimedFile, _ identity: ImageIdentity, _ content: ContentDigest
  ) async throws {
    let record = job.instance
    let file = Admission(
      content: content, studyInstanceUID: identity.studyInstanceUID,
      seriesInstanceUID: identity.seriesInstanceUID, sopInstanceUID: identity.sopInstanceUID,
      spooled: record.spooled, sender: record.sender)
    let outcome = try await ledger.identifyAnew(record.id, token: job.token, as: file, at: .now)
    held.remove(job)
    log(.warning, "holds other bytes than when it came: it is read again", record)
    if case .known(let id) = outcome { _ = try await sources.add(SpooledFile(record), of: id) }
  }

  private func conflict(
    _ job: ClaimedFile, _ identity: ImageIdentity, _ trace: ReadingTrace
  ) async throws {
    guard let standing = job.standing else { return }
    let row = ReportRow.refused(
      .notAnalysed, code: "uid_conflict", file: FilePath(bytes: job.instance.sender).text,
      identity: identity, model: model.name, modelSHA256: model.sha256)
    try await ledger.conflict(
      job.instance.id, token: job.token, with: standing.instance.id, Completion.Chain(trace, of: row),
      record: Array(ReportCSV.record(row).utf8), at: .now)
    held.remove(job)
    left.insert(job.instance.id)
    if try await settling.alone({ try await updateReport() }) != true { unsettled.add(at: .now) }
    log(
      .warning,
      "another picture than the one that stands under its UID: parked until 'mmdicom retry --accept'",
      job.instance, ["reason": "uid_conflict", "other": "\(standing.instance.tag)"])
  }

  private func park(_ job: ClaimedFile, _ reason: String, _ why: String) async throws {
    try await ledger.park(job.instance.id, token: job.token, reason: reason, at: .now)
    left.insert(job.instance.id)
    log(.warning, "parked until 'mmdicom retry': \(why)", job.instance, ["reason": "\(reason)"])
    held.remove(job)
  }

  /// A file that couldn't be read for a cause that may pass is tried again later.
  private func isPassing(_ row: ReportRow, _ job: ClaimedFile, _ file: SpooledFile) async throws -> Bool {
    let place = job.instance.place(in: configuration.folders)
    guard case .working(let tries, _) = job.instance.state else { return false }
    if row.reasonCode == UnpackingFailure.Reason.noRoom.rawValue {
      try await holdUp(job, "there is no room for what is in it")
      return true
    }
    // Beside another picture there may be less room than it needs; not every library says that it is that.
    let mayLackMemory = ["out_of_memory", "overlay_failed", "cannot_encode"].contains(row.reasonCode)
    let isShortOfMemory = mayLackMemory && tries.attempts < 3
    let cannotBeRead = FolderRights.may(R_OK, place) && ContentDigest(ofFileAt: place) == nil
    guard isShortOfMemory || cannotBeRead else { return false }
    _ = try await ledger.fail(job.instance.id, token: job.token, reason: row.reasonCode, at: .now)
    held.remove(job)
    log(.warning, "can't be read now; is tried again later", job.instance, ["reason": "\(row.reasonCode)"])
    return true
  }

  /// An archive that nothing is wrong with.
  private func holdUp(_ job: ClaimedFile, _ why: String) async throws {
    _ = try await ledger.fail(job.instance.id, token: job.token, reason: "archive_held_up", at: .now)
    held.remove(job)
    log(
      .warning, "what was in it can't be taken in now; is tried again later", job.instance,
      ["reason": "archive_held_up", "why": "\(why)"])
  }

  func workerDied(on job: ClaimedFile) async throws {
    let record = job.instance
    guard case .working(let tries, _) = record.state else { return }
    health.meter.workerLost()
    let isRepeated = tries.crashes > 0
    // A file that names no study is one by itself, as in the ledger.
    let study = record.studyInstanceUID.isEmpty ? "=\(record.content)" : record.studyInstanceUID
    if breaker.workerLost(on: record.id, of: study, isRepeated: isRepeated) {
      // Whose fault is it? A picture that is known to be sound tells.
      guard await canRead() else { throw WorkPause(cause: .workersLost(files: breaker.filesLost)) }
      breaker.workerAnswered()
    }
    guard isRepeated else {
      _ = try await ledger.crash(record.id, token: job.token, reason: "worker_crashed", at: .now)
      log(.warning, "a worker died on it; it is tried once more", record)
      return held.remove(job)
    }
    breaker.blamed(record.id)
    try await reject(
      job, "worker_crashed", "the worker process died or hung on this file alone, twice")
  }

  /// Rejects a file that no worker tells of.
  func reject(_ job: ClaimedFile, _ code: String, _ detail: String) async throws {
    let record = job.instance
    var identity = ImageIdentity()
    identity.studyInstanceUID = record.studyInstanceUID
    identity.seriesInstanceUID = record.seriesInstanceUID
    identity.sopInstanceUID = record.sopInstanceUID
    let row = ReportRow.refused(
      .rejected, code: code, file: FilePath(bytes: record.sender).text, identity: identity,
      model: model.name, modelSHA256: model.sha256)
    try await finish([Answers.Answer(job: job, row: row, detail: detail, trace: ReadingTrace())])
  }

  func log(
    _ level: Logger.Level, _ message: Logger.Message, _ record: InstanceRecord, _ more: Logger.Metadata = [:]
  ) {
    var metadata = more
    metadata["file"] = "\(record.tag)"
    if logger.logLevel <= .debug {
      metadata["name"] = "\(FilePath(bytes: record.sender).lastComponent?.text ?? "")"
    }
    logger.log(level: level, message, metadata: metadata)
  }
}

extension StandingImage {
  /// What a reading is to it.
  func compare(_ trace: ReadingTrace) -> IdentityDecision.Comparison {
    .of(trace.pixels, standing: instance.pixels ?? trace.standingPixels, isAccepted: isAccepted)
  }
}
