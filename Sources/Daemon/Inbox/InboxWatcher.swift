package import Files
import Glibc
import Ledger
package import Logging
import ServiceLifecycle
import Synchronization
import SystemPackage

/// Reads the inbox's events and scans it, all the time, whatever becomes of what it finds. A look may take long; who takes
/// the files never waits for one.
package actor InboxWatcher {
  private nonisolated let executor = QueueExecutor("inbox")
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }

  private let inbox: FilePath
  private let runsOnce: Bool
  private let patience: Duration
  private nonisolated let prefersNewest: Bool
  private let ignored: FolderWalk.Options
  private var watch: InboxWatch
  private nonisolated let copied: Mutex<CopiedFiles>
  private var emptied = EmptiedFolders()
  /// Complete files that aren't taken yet.
  private nonisolated let backlog = Mutex(Backlog())
  /// What became of files that were handed out, and wasn't looked at yet.
  private nonisolated let fates = Mutex<[(outcome: Spool.Outcome, drawn: ArrivedFile)]>([])
  /// Of the last look that found something. Who admits doesn't wait for a look.
  private nonisolated let arrival = Mutex<Int64>(0)
  private nonisolated let isShared: Bool
  /// With `--once`: what lay in the inbox at the start; nil otherwise.
  private var batch: Set<FilePath>?
  private var waitingSince: ContinuousClock.Instant?
  /// What was left in the inbox, each warned of once.
  private var left: Set<FilePath> = []
  package var leftBehind: Int {
    takeNote()
    return left.count
  }
  private var notices: InboxNotices
  private let logger: Logger
  private let heart: Heart
  /// Rung when something is complete.
  package nonisolated let found = WakeUpCall()
  /// At least so long is between looks, for what comes in quick succession costs one.
  private static let interval = Duration.milliseconds(100)
  /// So long the kernel is waited for, beyond that; less where files are expected to settle.
  private static let patienceForEvents = Duration.milliseconds(400)

  package init(
    _ configuration: DaemonConfiguration, runsOnce: Bool, logger: Logger, heart: Heart = Heart()
  ) {
    self.heart = heart
    self.runsOnce = runsOnce
    self.logger = logger
    isShared = configuration.folders.host != nil
    inbox = FilePath(of: configuration.folders.inbox)
    patience = configuration.settlingTime + configuration.studyLongestWait
    prefersNewest = !runsOnce && configuration.order == .fair
    ignored = .inbox(ignoring: configuration.ignoredNames)
    watch = InboxWatch(
      configuration.folders.inbox, ignoring: configuration.ignoredNames,
      settlingTime: configuration.settlingTime, scanInterval: configuration.scanInterval,
      usesEvents: !runsOnce)
    copied = Mutex(CopiedFiles(configuration.folders))
    notices = InboxNotices(logger)
  }

  /// Prepares the first look.
  /// - Parameters:
  ///   - arrival: the highest number that was given to an arrival before.
  ///   - fileSystemTime: the inbox's own clock.
  package func start(after arrival: Int64, fileSystemTime: Int?) {
    self.arrival.withLock { $0 = max($0, arrival) }
    copied.withLock { $0.keepOnly(in: inbox) }
    guard runsOnce else { return }
    watch.scan(fileSystemTime: fileSystemTime)
    batch = Set(FolderWalk(inbox, ignored).files.map(\.path))
  }

  /// The number for files that come now.
  package nonisolated func nextArrival() -> Int64 {
    // Hosts that share a ledger don't count together: there it is the time of the look.
    let time = isShared ? Timestamp.now.milliseconds : 0
    return arrival.withLock { arrival in
      arrival = max(arrival + 1, time)
      return arrival
    }
  }

  /// Looks again and again, until it is cancelled or a stop is asked for.
  package func keepLooking() async {
    defer { heart.rest(.looking) }
    while !Task.isShuttingDownGracefully, !Task.isCancelled {
      heart.beat(.looking, within: Heart.step)
      look()
      emptied.remove(from: inbox, logger)
      if !isEmpty { await found.ring() }
      if watch.hasMore { continue }
      do { try await Task.sleep(for: Self.interval) } catch { return }
      watch.awaitEvents(atMost: watch.isWaiting ? Self.interval : Self.patienceForEvents)
    }
  }

  /// Takes note of what became complete.
  package func look() {
    takeNote()
    let complete = watch.takeComplete()
    let found = copied.withLock { copied in
      complete.filter { (batch?.contains($0.path) ?? true) && !copied.contain($0) }
    }
    if !found.isEmpty {
      let arrival = nextArrival()
      backlog.withLock { $0.add(found.map { ArrivedFile($0, arrival: arrival) }) }
    }
    for path in notices.unreadable(watch.unreadable) { left.insert(path) }
    notices.heldOpen(watch.heldOpen)
  }

  /// Whether something is complete and not taken.
  package nonisolated var isEmpty: Bool { backlog.withLock(\.isEmpty) }

  /// Hands files out to be taken; what becomes of each must be told to ``note(_:)``.
  /// - Parameter room: bytes that there is room for.
  package nonisolated func draw(_ limit: Int, room: Int) -> [ArrivedFile] {
    backlog.withLock { $0.draw(limit, room: room, prefersNewest: prefersNewest) }
  }

  /// Files that were handed out weren't taken after all.
  package nonisolated func putBack(_ files: [ArrivedFile]) { backlog.withLock { $0.add(files) } }

  /// What became of files that were handed out.
  package nonisolated func note(_ outcomes: [Spool.Outcome], _ files: [ArrivedFile]) {
    copied.withLock { copied in
      // It stays, and is still the one that was handed out.
      for case .copied(_, let original) in outcomes { copied.add(original) }
    }
    fates.withLock { $0 += zip(outcomes, files).map { (outcome: $0, drawn: $1) } }
  }

  private func takeNote() {
    let told = fates.withLock { fates in
      defer { fates = [] }
      return fates
    }
    for (outcome, drawn) in told {
      switch outcome {
      case .taken(let file):
        emptied.left(file.sender.removingLastComponent())
        left.remove(file.sender)
        watch.release(drawn.file)
      case .copied(_, let original):
        left.remove(original.path)
        notices.copies()
      case .notNow(let file): watch.release(file)
      case .refused(let file, let failure):
        if left.insert(file.path).inserted {
          let why = failure?.reason ?? "no right to read it or to move it out of its folder"
          logger.warning("left in the inbox: \(why)", metadata: ["file": "\(LogTag(file.path))"])
        }
        watch.release(file)
        batch?.remove(file.path)
      }
    }
  }

  /// Writes down which files were copied: only when they have rows, for others must be copied once more.
  package nonisolated func saveCopies() throws(WriteFailure) {
    try copied.withLock { copied throws(WriteFailure) in try copied.save() }
  }

  /// For a single run: whether nothing is there any more whose writer may go on.
  package func hasNothingToWaitFor() -> Bool {
    takeNote()
    // More is complete than was handed out, though nothing of that may be new.
    guard !watch.hasMore else { return false }
    let unfinished = watch.waiting(among: batch)
    guard !unfinished.isEmpty else {
      waitingSince = nil
      return true
    }
    let since = waitingSince ?? .now
    waitingSince = since
    guard since.duration(to: .now) > patience else { return false }
    left.formUnion(unfinished)
    logger.warning(
      "files in the inbox are still being written; left for the next run",
      metadata: ["files": "\(unfinished.count)"])
    return true
  }
}
