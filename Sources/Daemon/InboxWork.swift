import Analysis
package import Files
package import FoundationEssentials
import Glibc
package import Logging
import ServiceLifecycle
import SystemPackage

/// The daemon's work: finds complete files, groups them by study, hands them to the worker and delivers what
/// comes back. All decisions are made by ``FileSettling``, ``StudyAssembly``, ``WorkQueue`` and
/// ``Delivery``; this actor performs them.
package actor InboxWork: WorkSource {
  /// What a job is about.
  package enum Context: Sendable {
    case identify(InboxFile)
    /// `twins` hold the same bytes. `copy` tells files of a study with the same SOP Instance UID apart.
    case analyse(IdentifiedFile, twins: [InboxFile], copy: Int, staging: URL)
  }

  private let configuration: DaemonConfiguration
  private let desk: DeliveryDesk
  private let logger: Logger
  private let runsOnce: Bool
  private var watch: InboxWatch
  private var studies: StudyAssembly<IdentifiedFile>
  private var rejected: RejectedFiles
  private var model = LoadedModel(name: "", sha256: "")
  private var lastJob = 0
  private var reportedUnreadable: Set<FilePath> = []
  private var reportedOpen: Set<FilePath> = []
  /// With `--once`: what lay in the inbox at the start; nil otherwise.
  private var batch: Set<FilePath>?
  private var waitingSince: ContinuousClock.Instant?
  /// Folders of the inbox that files were taken from, and when last.
  private var leftFolders: [FilePath: ContinuousClock.Instant] = [:]
  /// Empty folders that can't be removed, each told of once.
  private var keptFolders: Set<FilePath> = []
  /// What became of the images so far.
  package private(set) var tally = Tally()
  /// What was left in the inbox, each warned of once: files that never became complete, can't be moved or can't
  /// be delivered, and what can't be read.
  private var left: Set<FilePath> = []
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
    rejected = RejectedFiles(
      configuration.folders.rejected, settlingTime: configuration.settlingTime,
      scanInterval: configuration.scanInterval)
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
    takeBackChanged(fileSystemTime: fileSystemTime)
    watch.scan(fileSystemTime: fileSystemTime)
    let walk = FolderWalk(
      FilePath(of: configuration.folders.inbox), .inbox(ignoring: configuration.ignoredNames))
    batch = Set(walk.files.map(\.path))
  }

  // MARK: WorkSource

  package func workerReady(_ model: LoadedModel) {
    self.model = model
    logger.info("worker ready", metadata: ["model": "\(model.name)", "sha256": "\(model.sha256)"])
  }

  package var isStopping: Bool { Task.isShuttingDownGracefully || Task.isCancelled }

  package func nextJobs() async throws -> [WorkerJob<Context>]? {
    while !isStopping {
      if !runsOnce { takeBackChanged(fileSystemTime: nil) }
      let files = watch.takeComplete().filter { batch?.contains($0.path) ?? true }.filter(canBeTaken)
      reportUnreadable()
      reportOpen()
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
    case (.identified(let identity, let digest), .identify(let file)):
      studies.add(
        IdentifiedFile(file: file, identity: identity, digest: digest), toStudy: identity.studyInstanceUID,
        at: .now)
    case (.identified, .analyse): break  // Never the answer to that.
    case (.finished(let row, let detail), .analyse(let source, let twins, let copy, let staging)):
      try deliver(source, twins: twins, row, detail, copy: copy, staging)
    case (.finished(let row, let detail), .identify(let file)):
      try deliver(IdentifiedFile(file: file), row, detail, copy: 1, nil)
    case (.workerCrashed, .identify(let file)):
      try rejectForCrash(IdentifiedFile(file: file), [], nil)
    case (.workerCrashed, .analyse(let source, let twins, _, let staging)):
      try rejectForCrash(source, twins, staging)
    }
  }

  // MARK: Jobs

  private func identification(_ file: InboxFile) -> WorkerJob<Context> {
    lastJob += 1
    return WorkerJob(.identify(id: lastJob, path: place(of: file)), context: .identify(file))
  }

  /// As the worker is told.
  private func place(of file: InboxFile) -> String {
    FilePath(of: configuration.folders.inbox).pushing(file.path).text
  }

  private func analysisJobs(_ ready: [[IdentifiedFile]]) -> [WorkerJob<Context>]? {
    guard !ready.isEmpty else { return nil }
    var jobs: [WorkerJob<Context>] = []
    for study in ready {
      let tag = LogTag(study.first?.identity.studyInstanceUID ?? "")
      logger.info("study complete", metadata: ["study": "\(tag)", "files": "\(study.count)"])
      for image in StudyImages(study).images {
        lastJob += 1
        let staging = desk.stagingFolder(lastJob)
        let request = WorkerRequest.analyse(
          id: lastJob, path: place(of: image.source.file), output: staging.path,
          tensors: configuration.tensors)
        jobs.append(
          WorkerJob(
            request,
            context: .analyse(image.source, twins: image.twins, copy: image.copy, staging: staging)))
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

  private func rejectForCrash(_ source: IdentifiedFile, _ twins: [InboxFile], _ staging: URL?) throws {
    let row = ReportRow.refused(
      .rejected, code: "worker_crashed", file: source.file.path.text, identity: source.identity,
      model: model.name, modelSHA256: model.sha256)
    let detail = "the worker process died or hung on this file, twice"
    try deliver(source, twins: twins, row, detail, copy: 1, staging)
  }

  private func deliver(
    _ source: IdentifiedFile, twins: [InboxFile] = [], _ row: ReportRow, _ detail: String, copy: Int,
    _ staging: URL?
  ) throws {
    let file = source.file
    var row = row
    // Relative to the inbox, for in the inbox it no longer lies.
    if row.status != .analysed { row.refuse(row.status, code: row.reasonCode, file: file.path.text) }
    let outcome = try desk.deliver(
      file, twins: twins, row, detail: detail, copy: copy, digest: source.digest, staging: staging)
    switch outcome {
    case .sourceChanged:
      for file in [file] + twins { watch.release(file) }
      log(.notice, "changed or still written while it was worked on; waits again", file)
    case .stuck(let fault):
      // Not released: it would be analysed again and again.
      for file in [file] + twins { leaveBehind(file, "left in the inbox until the next start: \(fault)") }
    case .delivered(let row):
      taken(file)
      for twin in twins {
        if desk.isThere(twin) {
          watch.release(twin)
          continue
        }
        taken(twin)
        log(
          .info, "the same bytes as another file: one result for both", twin, ["as": "\(LogTag(file.path))"])
      }
      tally.count(row.status)
      let level: Logger.Level = row.status == .analysed ? .info : .warning
      var metadata: Logger.Metadata = ["seconds": "\(row.fields[16])"]
      if !row.reason.isEmpty { metadata["reason"] = "\(row.reasonCode)" }
      log(level, "\(row.status.rawValue)", file, metadata)
    }
  }

  /// The file is where it belongs.
  private func taken(_ file: InboxFile) {
    left.remove(file.path)
    watch.delivered(file)
    leftFolders[file.path.removingLastComponent()] = .now
  }

  /// Rejected files that changed since then are read again.
  private func takeBackChanged(fileSystemTime: Int?) {
    for change in rejected.changed(fileSystemTime: fileSystemTime) {
      let file: Logger.Metadata = ["file": "\(LogTag(change.origin))"]
      do {
        try desk.takeBack(change)
        logger.notice("changed after it was rejected; is read again", metadata: file)
      } catch  where left.insert(change.file).inserted {
        let why = error.concealingNames(in: configuration.folders)
        logger.warning(
          "changed after it was rejected, and can't be moved back into the inbox",
          metadata: file.merging(["why": "\(why)"]) { $1 })
      } catch {}
    }
  }

  private func log(
    _ level: Logger.Level, _ message: Logger.Message, _ file: InboxFile, _ more: Logger.Metadata = [:]
  ) {
    var metadata = more
    metadata["file"] = "\(LogTag(file.path))"
    if logger.logLevel <= .debug {
      metadata["name"] = "\(file.path.lastComponent?.text ?? "")"
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

  /// A file that is held open waits without end: said once, for a program may have forgotten to close it.
  private func reportOpen() {
    for path in watch.heldOpen where reportedOpen.insert(path).inserted {
      logger.notice(
        "a file in the inbox is held open for writing; it is read once it is closed",
        metadata: ["file": "\(LogTag(path))"])
    }
    reportedOpen.formIntersection(watch.heldOpen)
  }

  // MARK: Folders

  /// Removes folders that this run emptied, a minute after the last file left: a sender may be adding to them.
  private func removeLeftFolders() {
    let old = leftFolders.filter { $0.value.duration(to: .now) > .seconds(60) }
    let inbox = FilePath(of: configuration.folders.inbox)
    for folder in old.keys.sorted(by: { $0.length > $1.length }) {
      leftFolders[folder] = nil
      var path = folder
      // Removes only what is empty; stops at the first that isn't.
      while !path.isEmpty {
        let code = unsafe inbox.pushing(path).withPlatformString { unsafe rmdir($0) == 0 ? 0 : errno }
        if [EACCES, EPERM].contains(code), keptFolders.insert(path).inserted {
          logger.notice(
            "an empty folder stays in the inbox: no right to remove it from the folder that holds it",
            metadata: ["folder": "\(LogTag(path))"])
        }
        guard code == 0 else { break }
        path.removeLastComponent()
      }
    }
  }
}
