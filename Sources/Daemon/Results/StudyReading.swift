import Analysis
import Files
import FoundationEssentials
import Glibc
package import Ledger
package import Logging
import ServiceLifecycle
import SystemPackage

/// Reads studies: claims them from the ledger, hands them to the worker, publishes what comes back and commits it.
///
/// The order that loses nothing: results under their final names and synced, then one commit of the ledger, then the
/// source is moved. Whatever a crash interrupts is read again, with the same bytes, or found unfiled and finished.
package actor StudyReading: WorkSource {
  /// A file that was claimed.
  package struct Context: Sendable {
    let instance: InstanceRecord
    /// Of the lease.
    package let token: Int64
    let staging: URL
  }

  /// The daemon's name in the ledger. The folders are locked, so there is one.
  package static let holder = "serve"
  private static let lease = Duration.seconds(60)
  /// A single run waits so long for the next attempt of what failed.
  private static let patience = Duration.seconds(60)
  /// Files claimed ahead: enough to keep the worker busy, few enough that the newest study is soon drawn.
  private static let ahead = 6

  private let configuration: DaemonConfiguration
  private let runsOnce: Bool
  private let ledger: any StudyLedger
  private let sources: SourceDesk
  private let results: ResultDesk
  private let report: ReportProjection
  private let logger: Logger
  private let pauseNote: PauseNote
  private var model = LoadedModel(name: "", sha256: "")
  /// Rows in hand by their lease.
  private var held: [Int64: Set<Int64>] = [:]
  private var isIntakeOver = false
  package private(set) var breaker = Breaker()
  /// What became of the images so far.
  package private(set) var tally = Tally()
  /// Rows that wait for a person or for a later start.
  private var left: Set<Int64> = []
  package var leftBehind: Int { left.count }
  private let filingInterval: Duration
  /// When those that stayed in the spool are tried again.
  private var nextFiling: ContinuousClock.Instant

  /// - Parameter filingInterval: how often sources that stayed in the spool are tried again: somebody may have made room.
  package init(
    _ configuration: DaemonConfiguration, runsOnce: Bool, ledger: any StudyLedger, sources: SourceDesk,
    logger: Logger, filingInterval: Duration = .seconds(60)
  ) {
    self.filingInterval = filingInterval
    nextFiling = .now + filingInterval
    self.configuration = configuration
    self.runsOnce = runsOnce
    self.ledger = ledger
    self.sources = sources
    self.logger = logger
    results = ResultDesk(configuration.folders)
    report = ReportProjection(configuration.folders)
    pauseNote = PauseNote(.reading, configuration.folders)
  }

  /// Takes up, at the start and after a pause, what was left: sources that aren't home, rows that the report hasn't.
  package func takeUp() async throws {
    try await release()
    try await bringLeftHome()
    try await report.update(from: ledger)
  }

  private func bringLeftHome() async throws {
    var last: Int64 = 0
    while true {
      let unfiled = try await ledger.instances(.unfiled, after: last, limit: 100)
      guard let end = unfiled.last else { break }
      for record in unfiled { try await bringHome(record) }
      last = end.id
    }
    nextFiling = .now + filingInterval
  }

  /// Gives back what is in hand.
  package func release() async throws {
    for (token, ids) in held {
      try await ledger.release(token: token, at: .now)
      for id in ids { try? FileManager.default.removeItem(at: results.staging(id, token: token)) }
    }
    held = [:]
  }

  /// No more files will come: the end of a single run.
  package func intakeIsOver() { isIntakeOver = true }

  /// Prolongs the leases in hand.
  package func renewLeases() async throws {
    for token in held.keys { try? await ledger.renew(token: token, for: Self.lease, at: .now) }
  }

  /// How often ``renewLeases()`` is needed.
  package static var renewalInterval: Duration { lease / 3 }

  // MARK: WorkSource

  package func workerReady(_ model: LoadedModel) {
    self.model = model
    logger.info("worker ready", metadata: ["model": "\(model.name)", "sha256": "\(model.sha256)"])
  }

  package var isStopping: Bool { Task.isShuttingDownGracefully || Task.isCancelled }

  package func nextJobs() async throws -> [WorkerJob<Context>]? {
    while !isStopping {
      if .now >= nextFiling { try await bringLeftHome() }
      let jobs = try await claim()
      if !jobs.isEmpty { return jobs }
      if runsOnce, isIntakeOver {
        let counts = try await ledger.counts()
        let soon = Timestamp.now + Self.patience
        if counts.queued == counts.delayed, counts.nextRetry.map({ $0 > soon }) ?? true {
          for _ in 0..<counts.delayed { left.insert(-Int64(left.count) - 1) }
          return nil
        }
      }
      do { try await Task.sleep(for: .milliseconds(200)) } catch { return nil }
    }
    return nil
  }

  package func moreJobs() async throws -> [WorkerJob<Context>] {
    guard !isStopping else { return [] }
    if .now >= nextFiling { try await bringLeftHome() }
    return try await claim()
  }

  package func take(_ outcome: WorkerOutcome, of job: WorkerJob<Context>) async throws {
    defer { try? FileManager.default.removeItem(at: job.context.staging) }
    do {
      switch outcome {
      case .identified: break  // Never asked for here.
      case .finished(let row, let detail):
        breaker.workerAnswered()
        try await finish(job.context, row, detail)
      case .workerCrashed: try await workerDied(on: job.context)
      }
    } catch LedgerError.leaseLost {
      // Whoever has it now may have published; nothing of ours counts.
      log(.warning, "its lease was over; nothing was noted", job.context.instance)
      end(job.context)
    }
  }

  private func claim() async throws -> [WorkerJob<Context>] {
    // A claim takes back what has run out; what is in the worker here is still ours after a machine stood still.
    try await renewLeases()
    var jobs: [WorkerJob<Context>] = []
    while jobs.count < Self.ahead,
      let claim = try await ledger.claim(
        by: Self.holder, limit: 16, order: runsOnce ? .arrival : configuration.order, for: Self.lease,
        at: .now)
    {
      let token = claim.lease.token
      held[token] = Set(claim.instances.map(\.id))
      logger.info("study complete", metadata: ["files": "\(claim.instances.count)", "lease": "\(token)"])
      for instance in claim.instances {
        let staging = results.staging(instance.id, token: token)
        try? FileManager.default.removeItem(at: staging)
        let place = FilePath(of: configuration.folders.spool).pushing(FilePath(bytes: instance.spooled))
        let date = Date(timeIntervalSince1970: Double(instance.admittedAt.milliseconds) / 1000)
        let terms = ResultTerms(
          options: configuration.results, createdAt: date, number: try await number(of: instance))
        let request = WorkerRequest.analyse(
          id: Int(instance.id), path: place.text, output: staging.path, tensors: configuration.tensors,
          terms: terms)
        jobs.append(
          WorkerJob(request, context: Context(instance: instance, token: token, staging: staging)))
      }
    }
    return jobs
  }

  /// Its number among the images of its study in order of arrival: that of its result objects in their series.
  private func number(of record: InstanceRecord) async throws -> Int {
    guard !record.studyInstanceUID.isEmpty else { return 1 }
    let rows = try await ledger.instances(.uid(record.studyInstanceUID), after: 0, limit: 10_000)
    return 1 + rows.count { $0.id < record.id && $0.studyInstanceUID == record.studyInstanceUID }
  }

  // MARK: Outcomes

  private func finish(_ job: Context, _ answer: ReportRow, _ detail: String) async throws {
    let record = job.instance
    let file = SpooledFile(name: FilePath(bytes: record.spooled), sender: FilePath(bytes: record.sender))
    var row = answer
    // Relative to the inbox, for in the inbox it no longer lies.
    if row.status != .analysed { row.refuse(row.status, code: row.reasonCode, file: file.sender.text) }
    if row.status == .rejected, try await isPassing(row, job, file) { return }
    do {
      // A lease that was lost meanwhile: another may have published.
      try await ledger.renew(token: job.token, for: Self.lease, at: .now)
      let completion = try await publish(&row, detail, of: job, file)
      try await ledger.complete(record.id, token: job.token, completion, at: .now)
    } catch let fault as DeliveryFault {
      return try await park(job, "results_misplaced", "\(fault)")
    } catch let error as WriteFailure where error.isOfThePath(in: configuration.folders) {
      return try await park(job, "results_misplaced", error.reason)
    } catch LedgerError.duplicateUID {
      return try await park(job, "duplicate_result_uid", "another image's result has the UID of this one's")
    }
    end(job)
    try await bringHome(record)
    try await report.update(from: ledger)
    breaker.succeeded()
    pauseNote.clear()
    tally.count(row.status)
    var metadata: Logger.Metadata = ["seconds": "\(row.fields[16])"]
    if !row.reason.isEmpty { metadata["reason"] = "\(row.reasonCode)" }
    log(row.status == .analysed ? .info : .warning, "\(row.status.rawValue)", record, metadata)
  }

  private func park(_ job: Context, _ reason: String, _ why: String) async throws {
    try await ledger.park(job.instance.id, token: job.token, reason: reason, at: .now)
    left.insert(job.instance.id)
    log(.warning, "parked until 'mmdicom retry': \(why)", job.instance, ["reason": "\(reason)"])
    end(job)
  }

  private func publish(
    _ row: inout ReportRow, _ detail: String, of job: Context, _ file: SpooledFile
  ) async throws -> Completion {
    let record = job.instance
    let own = Set(try await ledger.results(of: record.id).map { FilePath(bytes: $0.path) })
    let published = try results.publish(&row, from: job.staging, copy: try await copy(of: record), own: own)
    let verdict = Verdict(row.status)
    if verdict == .rejected { try sources.announce(row, detail: detail, of: file, tag: record.tag) }
    let root = FilePath(
      of: verdict == .rejected ? configuration.folders.rejected : configuration.folders.done)
    let home = try sources.home(of: file, verdict, tag: record.tag)
    let below = FilePath(root: nil, home.components.dropFirst(root.components.count))
    return Completion(
      verdict, reason: verdict == .analysed ? "" : row.reasonCode,
      record: Array(ReportCSV.record(row).utf8), results: published, home: below.bytes)
  }

  /// Its number among the images of the study that state the same SOP Instance UID and hold other bytes, in order of
  /// arrival. No two instances may share a UID (PS3.5 section 9) and nobody here can tell which is right.
  private func copy(of record: InstanceRecord) async throws -> Int {
    guard !record.sopInstanceUID.isEmpty else { return 1 }
    let rows = try await ledger.instances(.uid(record.sopInstanceUID), after: 0, limit: 10_000)
    return 1 + rows.count { $0.id < record.id && $0.hasResultsLike(record) }
  }

  /// A file that couldn't be read for a cause that may pass is tried again later.
  private func isPassing(_ row: ReportRow, _ job: Context, _ file: SpooledFile) async throws -> Bool {
    let place = FilePath(of: configuration.folders.spool).pushing(file.name)
    guard case .working(let tries, _) = job.instance.state else { return false }
    let isShortOfMemory = row.reasonCode == "out_of_memory" && tries.attempts < 3
    let cannotBeRead = FolderRights.may(R_OK, place) && ContentDigest(ofFileAt: place) == nil
    guard isShortOfMemory || cannotBeRead else { return false }
    _ = try await ledger.fail(job.instance.id, token: job.token, reason: row.reasonCode, at: .now)
    end(job)
    log(.warning, "can't be read now; is tried again later", job.instance, ["reason": "\(row.reasonCode)"])
    return true
  }

  private func workerDied(on job: Context) async throws {
    let record = job.instance
    guard case .working(let tries, _) = record.state else { return }
    let isRepeated = tries.crashes > 0
    // A single run ends, so that nothing would ever come of waiting.
    // A file that names no study is one by itself, as in the ledger.
    let study = record.studyInstanceUID.isEmpty ? "=\(record.content)" : record.studyInstanceUID
    if breaker.workerLost(on: record.id, of: study, isRepeated: isRepeated), !runsOnce {
      throw WorkPause(cause: .workersLost(files: breaker.filesLost))
    }
    guard isRepeated else {
      _ = try await ledger.crash(record.id, token: job.token, reason: "worker_crashed", at: .now)
      log(.warning, "a worker died on it; it is tried once more", record)
      return end(job)
    }
    breaker.blamed(record.id)
    var identity = ImageIdentity()
    identity.studyInstanceUID = record.studyInstanceUID
    identity.seriesInstanceUID = record.seriesInstanceUID
    identity.sopInstanceUID = record.sopInstanceUID
    let row = ReportRow.refused(
      .rejected, code: "worker_crashed", file: FilePath(bytes: record.sender).text, identity: identity,
      model: model.name, modelSHA256: model.sha256)
    try await finish(job, row, "the worker process died or hung on this file alone, twice")
  }

  private func bringHome(_ record: InstanceRecord) async throws {
    do {
      try await sources.bringHome(record.id, at: .now)
      left.remove(record.id)
    } catch let error as WriteFailure {
      guard error.isOfThePath(in: configuration.folders) else { throw error }
      // Its results are out and its row is written; only its place isn't there.
      if left.insert(record.id).inserted {
        log(.warning, "stays in the spool: \(error.reason)", record)
      }
    }
  }

  private func end(_ job: Context) {
    held[job.token]?.remove(job.instance.id)
    if held[job.token]?.isEmpty == true { held[job.token] = nil }
  }

  /// What failed and may pass: how long to wait.
  package func pause() -> Duration { breaker.failed() }

  private func log(
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

extension InstanceRecord {
  /// Whether its results have, or will have, the names that those of `other` would have.
  fileprivate func hasResultsLike(_ other: InstanceRecord) -> Bool {
    guard sopInstanceUID == other.sopInstanceUID, studyInstanceUID == other.studyInstanceUID else {
      return false
    }
    switch state {
    case .finished(_, let verdict, _), .filed(_, let verdict, _): return verdict == .analysed
    default: return true
    }
  }
}

extension Verdict {
  init(_ status: ReportRow.Status) {
    self =
      switch status {
      case .analysed: .analysed
      case .notAnalysed: .notAnalysed
      case .rejected: .rejected
      }
  }
}

extension WriteFailure {
  /// Whether names and rights of this one path are at fault, so that waiting won't help. Where a home itself can't be
  /// written, the next image would fare no better.
  func isOfThePath(in folders: InboxFolders) -> Bool {
    guard [ENOTDIR, ENAMETOOLONG, ELOOP, EISDIR, EACCES, EPERM].contains(code) else { return false }
    return [folders.outbox, folders.done, folders.rejected, folders.staging].allSatisfy {
      FolderRights.may(W_OK | X_OK, FilePath(of: $0).appending("."))
    }
  }
}

extension Timestamp {
  /// The present.
  package static var now: Timestamp {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}
