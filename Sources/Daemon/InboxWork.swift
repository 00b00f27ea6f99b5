package import Analysis
package import Files
package import FoundationEssentials
package import Logging
import ServiceLifecycle

/// The daemon's work: finds complete files, groups them by study, hands them to the worker and delivers what
/// comes back. All decisions are made by ``FileSettling``, ``StudyAssembly``, ``WorkQueue`` and
/// ``Delivery``; this actor performs them.
package actor InboxWork: WorkSource {
  /// What a job is about.
  package enum Context: Sendable {
    case identify(InboxFile)
    /// `copy` tells files of a study with the same SOP Instance UID apart.
    case analyse(InboxFile, ImageIdentity, copy: Int, staging: URL)

    var file: InboxFile {
      switch self {
      case .identify(let file), .analyse(let file, _, _, _): file
      }
    }
  }

  private let configuration: DaemonConfiguration
  private let desk: DeliveryDesk
  private let logger: Logger
  private let runsOnce: Bool
  private var watch: InboxWatch
  private var studies: StudyAssembly<(InboxFile, ImageIdentity)>
  private var model = LoadedModel(name: "", sha256: "")
  private var lastJob = 0
  private var reportedUnreadable: Set<String> = []
  /// With `--once`: what lay in the inbox at the start; nil otherwise.
  private var batch: Set<String>?
  private var waitingSince: ContinuousClock.Instant?
  /// Folders of the inbox that files were taken from, and when last.
  private var leftFolders: [String: ContinuousClock.Instant] = [:]
  /// What became of the images so far.
  package private(set) var tally = Tally()
  /// What was left in the inbox, each warned of once: files that never became complete, can't be moved or can't
  /// be delivered, and what can't be read.
  private var left: Set<String> = []
  /// How much is left behind.
  package var leftBehind: Int { left.count }

  /// - Parameter runsOnce: end when all that lies in the inbox now is done.
  package init(_ configuration: DaemonConfiguration, runsOnce: Bool, logger: Logger) {
    self.configuration = configuration
    self.runsOnce = runsOnce
    self.logger = logger
    desk = DeliveryDesk(configuration.folders)
    watch = InboxWatch(
      configuration.folders.inbox, ignoring: configuration.ignoredNames,
      settlingTime: configuration.settlingTime, scanInterval: configuration.scanInterval,
      usesEvents: !runsOnce)
    studies = StudyAssembly(
      quietTime: configuration.studyQuietTime, longestWait: configuration.studyLongestWait)
  }

  /// Finishes what a crash interrupted. `fileSystemTime` is the inbox's own clock.
  package func start(fileSystemTime: Int?) throws(WriteFailure) {
    switch try desk.recover() {
    case .nothing: break
    case .finished: logger.notice("finished a delivery that was interrupted")
    case .takenBack(let fault):
      logger.warning("took back a delivery that can't be finished", metadata: ["why": "\(fault)"])
    }
    guard runsOnce else { return }
    watch.scan(fileSystemTime: fileSystemTime)
    batch = Set(
      FolderScan(configuration.folders.inbox, ignoring: configuration.ignoredNames).files.map(\.path))
  }

  // MARK: WorkSource

  package func workerReady(_ model: LoadedModel) {
    self.model = model
    logger.info("worker ready", metadata: ["model": "\(model.name)", "sha256": "\(model.sha256)"])
  }

  package var isStopping: Bool { Task.isShuttingDownGracefully || Task.isCancelled }

  package func nextJobs() async throws -> [WorkerJob<Context>]? {
    while !isStopping {
      let files = watch.takeComplete().filter { batch?.contains($0.path) ?? true }.filter(canBeTaken)
      reportUnreadable()
      if !files.isEmpty { return files.map(identification) }
      let isWaiting = !watch.waiting(among: batch).isEmpty
      if !isWaiting { waitingSince = nil }
      let ready = runsOnce && !isWaiting ? studies.takeAll() : studies.takeReady(at: .now)
      if let jobs = analysisJobs(ready) { return jobs }
      if runsOnce, studies.isEmpty, hasNothingToWaitFor { return nil }
      removeLeftFolders()
      do { try await Task.sleep(for: .milliseconds(200)) } catch { return nil }
    }
    return nil
  }

  package func take(_ outcome: WorkerOutcome, of job: WorkerJob<Context>) throws {
    switch (outcome, job.context) {
    case (.identified(let identity), let context):
      studies.add((context.file, identity), toStudy: identity.studyInstanceUID, at: .now)
    case (.finished(let row, let detail), .analyse(let file, _, let copy, let staging)):
      try deliver(file, row, detail, copy: copy, staging)
    case (.finished(let row, let detail), .identify(let file)):
      try deliver(file, row, detail, copy: 1, nil)
    case (.workerCrashed, .identify(let file)):
      try rejectForCrash(file, ImageIdentity(), nil)
    case (.workerCrashed, .analyse(let file, let identity, _, let staging)):
      try rejectForCrash(file, identity, staging)
    }
  }

  // MARK: Jobs

  private func identification(_ file: InboxFile) -> WorkerJob<Context> {
    lastJob += 1
    let path = configuration.folders.inbox.appending(path: file.path).path
    return WorkerJob(.identify(id: lastJob, path: path), context: .identify(file))
  }

  private func analysisJobs(
    _ ready: [[(InboxFile, ImageIdentity)]]
  ) -> [WorkerJob<Context>]? {
    guard !ready.isEmpty else { return nil }
    var jobs: [WorkerJob<Context>] = []
    for study in ready {
      let tag = LogTag(study.first?.1.studyInstanceUID ?? "")
      logger.info("study complete", metadata: ["study": "\(tag)", "files": "\(study.count)"])
      var copies: [String: Int] = [:]
      for (file, identity) in study {
        lastJob += 1
        copies[identity.sopInstanceUID, default: 0] += 1
        let staging = desk.stagingFolder(lastJob)
        let request = WorkerRequest.analyse(
          id: lastJob, path: configuration.folders.inbox.appending(path: file.path).path,
          output: staging.path, tensors: configuration.tensors)
        jobs.append(
          WorkerJob(
            request,
            context: .analyse(file, identity, copy: copies[identity.sopInstanceUID] ?? 1, staging: staging)))
      }
    }
    return jobs
  }

  private var hasNothingToWaitFor: Bool {
    let unfinished = watch.waiting(among: batch)
    guard !unfinished.isEmpty else { return true }
    let since = waitingSince ?? .now
    waitingSince = since
    guard since.duration(to: .now) > configuration.settlingTime + configuration.studyLongestWait else {
      return false
    }
    left.formUnion(unfinished)
    logger.warning(
      "files in the inbox are still being written; left for the next run",
      metadata: ["files": "\(unfinished.count)"])
    return true
  }

  // MARK: Outcomes

  private func rejectForCrash(_ file: InboxFile, _ identity: ImageIdentity, _ staging: URL?) throws {
    let row = ReportRow.refused(
      .rejected, code: "worker_crashed", file: file.path, identity: identity, model: model.name,
      modelSHA256: model.sha256)
    try deliver(file, row, "the worker process died or hung on this file, twice", copy: 1, staging)
  }

  private func deliver(
    _ file: InboxFile, _ row: ReportRow, _ detail: String, copy: Int, _ staging: URL?
  ) throws {
    var row = row
    // Relative to the inbox, for in the inbox it no longer lies.
    if row.status != .analysed { row.refuse(row.status, code: row.reasonCode, file: file.path) }
    switch try desk.deliver(file, row, detail: detail, copy: copy, staging: staging) {
    case .sourceChanged:
      watch.release(file)
      log(.notice, "changed while it was worked on; waits again", file)
    case .stuck(let fault):
      // Not released: it would be analysed again and again.
      leaveBehind(file, "left in the inbox until the next start: \(fault)")
    case .delivered(let row):
      left.remove(file.path)
      watch.delivered(file)
      leftFolders[Self.folder(of: file.path)] = .now
      tally.count(row.status)
      let level: Logger.Level = row.status == .analysed ? .info : .warning
      var metadata: Logger.Metadata = ["seconds": "\(row.fields[16])"]
      if !row.reason.isEmpty { metadata["reason"] = "\(row.reasonCode)" }
      log(level, "\(row.status.rawValue)", file, metadata)
    }
  }

  private func log(
    _ level: Logger.Level, _ message: Logger.Message, _ file: InboxFile, _ more: Logger.Metadata = [:]
  ) {
    var metadata = more
    metadata["file"] = "\(LogTag(file.path))"
    if logger.logLevel <= .debug {
      metadata["name"] = "\(file.path.split(separator: "/").last ?? "")"
    }
    logger.log(level: level, message, metadata: metadata)
  }

  /// A file in a folder that isn't ours to change stays where it is. The scans go on asking, for its owner may
  /// give the right later; a single run asks once.
  private func canBeTaken(_ file: InboxFile) -> Bool {
    if watch.canMove(file) { return true }
    leaveBehind(file, "left in the inbox: no right to move it out of its folder")
    watch.release(file)
    batch?.remove(file.path)
    return false
  }

  private func leaveBehind(_ file: InboxFile, _ why: Logger.Message) {
    if left.insert(file.path).inserted { log(.warning, why, file) }
  }

  private func reportUnreadable() {
    let paths = Set(watch.unreadable.map(\.path))
    for item in watch.unreadable where !reportedUnreadable.contains(item.path) {
      left.insert(item.path)
      logger.warning(
        "a \(item.isFolder ? "folder" : "file") in the inbox can't be read",
        metadata: ["file": "\(LogTag(item.path))", "why": "\(item.message)"])
    }
    reportedUnreadable = paths
  }

  // MARK: Folders

  private static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
  }

  /// Removes folders that this run emptied, a minute after the last file left: a sender may be adding to them.
  private func removeLeftFolders() {
    let old = leftFolders.filter { $0.value.duration(to: .now) > .seconds(60) }
    for folder in old.keys.sorted(by: >) {
      leftFolders[folder] = nil
      var path = folder
      // Removes only what is empty; stops at the first that isn't.
      while !path.isEmpty, FolderScan.removeIfEmpty(configuration.folders.inbox.appending(path: path)) {
        path = Self.folder(of: path)
      }
    }
  }
}
