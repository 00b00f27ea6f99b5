package import Analysis
internal import Files

/// A file for the worker, with what the one who asked needs to know again when the answer comes.
package struct WorkerJob<Context: Sendable>: Identifiable, Sendable {
  package let id: Int
  package let request: WorkerRequest
  package let context: Context

  package init(_ request: WorkerRequest, context: Context) {
    self.id = request.id
    self.request = request
    self.context = context
  }
}

/// What became of a job.
package enum WorkerOutcome: Sendable, Equatable {
  /// With the content's SHA-256, where it could be read.
  case identified(ImageIdentity, digest: String? = nil)
  case finished(ReportRow, detail: String, trace: ReadingTrace = ReadingTrace())
  /// Nothing was written; see ``WorkerReply``.
  case heldBack(ImageIdentity, HeldBack)
  /// The worker died or hung on this file, twice, the second time alone.
  case workerCrashed
}

/// The model that the workers loaded.
package struct LoadedModel: Sendable, Equatable {
  /// Name and version.
  package let name: String
  /// SHA-256 of its file, hexadecimal.
  package let sha256: String
  /// What the system doesn't offer of the worker's sandbox.
  package let sandboxLacks: [String]

  package init(name: String, sha256: String, sandboxLacks: [String] = []) {
    self.name = name
    self.sha256 = sha256
    self.sandboxLacks = sandboxLacks
  }
}

/// Where the loop gets its jobs and brings its outcomes. The shell of ``WorkerLoop``.
package protocol WorkSource: Sendable {
  associatedtype Context: Sendable
  /// A worker is ready; called before its first job.
  func workerReady(_ model: LoadedModel) async throws
  /// The next jobs, waited for; nil when there will be no more.
  func nextJobs() async throws -> [WorkerJob<Context>]?
  /// More jobs that wait already, while the worker has room; not waited for.
  func moreJobs() async throws -> [WorkerJob<Context>]
  /// Takes the outcome of a job. An error ends the loop.
  func take(_ outcome: WorkerOutcome, of job: WorkerJob<Context>) async throws
  /// Whether to drop what hasn't been sent to the worker yet.
  var isStopping: Bool { get async }
  /// Where the loop runs, so that it wakes no other thread for each call of its source; nil for where all tasks do.
  nonisolated var preferredExecutor: QueueExecutor? { get }
}

extension WorkSource {
  package nonisolated var preferredExecutor: QueueExecutor? { nil }
  package func moreJobs() -> [WorkerJob<Context>] { [] }
}

/// Keeps one worker busy, and replaces it when it dies. No file can take this process down.
package struct WorkerLoop<Launcher: WorkerLauncher, Source: WorkSource>: Sendable {
  private enum End: Sendable { case finished, workerLost, neverReady }
  private typealias Queue = WorkQueue<WorkerJob<Source.Context>>

  private let launcher: Launcher
  private let source: Source
  private let depth: Int
  /// Workers in a row that ended before they were ready.
  private static var startAttempts: Int { 3 }

  /// - Parameter depth: files in the worker at a time.
  package init(launcher: Launcher, source: Source, depth: Int = 3) {
    self.launcher = launcher
    self.source = source
    self.depth = depth
  }

  /// Runs until the source has no more jobs. The model is loaded, or refused, before the first job is asked
  /// for.
  /// - Throws: ``WorkerFailure`` when no worker can be had, ``WriteFailure`` when results can't be written,
  ///   and what the source throws.
  package func run() async throws {
    try await withTaskExecutorPreference(source.preferredExecutor) { try await runThere() }
  }

  private func runThere() async throws {
    var queue = Queue(depth: depth)
    var failedStarts = 0
    while true {
      try Task.checkCancellation()
      let (end, state) = try await launcher.withWorker { [queue] session in
        var queue = queue
        let end = try await work(with: session, &queue)
        return (end, queue)
      }
      queue = state
      switch end {
      case .finished: return
      case .workerLost:
        failedStarts = 0
        if let culprit = queue.workerLost() { try await source.take(.workerCrashed, of: culprit) }
      case .neverReady:
        failedStarts += 1
        if failedStarts == Self.startAttempts {
          throw WorkerFailure.cannotStart("it ended before it was ready, \(failedStarts) times")
        }
      }
    }
  }

  private func work(with session: any WorkerSession, _ queue: inout Queue) async throws -> End {
    guard let model = try await session.ready() else { return .neverReady }
    try await source.workerReady(model)
    while true {
      if await source.isStopping {
        queue.stop()
      } else if queue.hasRoom {
        queue.add(try await source.moreJobs())
      }
      switch queue.next() {
      case .send(let job):
        do { try await session.send(job.request) } catch { return .workerLost }
      case .awaitAnswer:
        guard let reply = try await session.reply() else {
          try Task.checkCancellation()
          return .workerLost
        }
        guard try await take(reply, &queue) else { return .workerLost }
      case .idle:
        guard let jobs = try await source.nextJobs() else { return .finished }
        queue.add(jobs)
      }
    }
  }

  /// False when the reply makes no sense.
  private func take(_ reply: WorkerReply, _ queue: inout Queue) async throws -> Bool {
    switch reply {
    case .identified(let id, let identity, let digest):
      guard let job = queue.answered(id) else { return false }
      try await source.take(.identified(identity, digest: digest), of: job)
    case .finished(let id, let row, let detail, let trace):
      guard let job = queue.answered(id) else { return false }
      try await source.take(.finished(row, detail: detail, trace: trace), of: job)
    case .heldBack(let id, let identity, let why):
      guard let job = queue.answered(id) else { return false }
      try await source.take(.heldBack(identity, why), of: job)
    case .cannotWrite(_, let path, let message): throw WriteFailure(path: path, message: message)
    case .ready, .modelRefused: return false
    }
    return true
  }
}
