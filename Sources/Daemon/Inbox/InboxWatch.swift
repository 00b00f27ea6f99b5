package import Files
package import FoundationEssentials
import Glibc
package import SystemPackage

/// Looks at the inbox: by kernel events where there are any, and by a scan from time to time. Feeds
/// ``FileSettling``. Never waits for anything but the file system; its owner asks again and again.
package struct InboxWatch: ~Copyable {
  private let root: FilePath
  private let options: FolderWalk.Options
  private let scanInterval: Duration
  private let settlingTime: Duration
  private var settling: FileSettling
  private var inotify: InotifyReader?
  private var nextScan: ContinuousClock.Instant?
  /// When files that wait to settle are looked at again.
  private var nextLook: ContinuousClock.Instant?
  /// What couldn't be read in the last scan, relative to the inbox.
  package private(set) var unreadable: [FolderWalk.Problem] = []
  /// Files that looked complete, and that somebody has open for writing.
  package private(set) var heldOpen: Set<FilePath> = []
  /// Folders that can't be watched; only scans see what comes into them.
  package private(set) var unwatched = 0
  /// What settled and wasn't handed out yet, in order.
  private var settled: ArraySlice<(path: FilePath, stamp: FileStamp)> = []
  /// So many files are handed out at a time: the first of a great drop are taken while the others are looked at.
  private static let portion = 1024
  /// Where scans take long (a slow mount, a large backlog), at most a third of the time goes to them, and much less where
  /// the last one showed nothing that events hadn't told: of the processor, which a mount that lets us wait doesn't take, a
  /// hundredth.
  private static let scanShare = (news: 2, noNews: 30, noNewsOfProcessor: 100)

  /// - Parameter usesEvents: false for network mounts' tests and for a single run.
  package init(
    _ root: URL, ignoring names: [String], settlingTime: Duration, scanInterval: Duration,
    usesEvents: Bool = true
  ) {
    self.root = FilePath(of: root)
    options = .inbox(ignoring: names)
    self.scanInterval = scanInterval
    self.settlingTime = settlingTime
    settling = FileSettling(settlingTime: settlingTime)
    inotify = usesEvents ? InotifyReader() : nil
  }

  /// Whether files are known whose writers may not be done.
  package var isWaiting: Bool { settling.isWaiting }

  /// Those of them that are among `paths`; all when it is nil.
  package func waiting(among paths: Set<FilePath>?) -> [FilePath] { settling.waiting(among: paths) }

  /// Whether more files are complete than the last call handed out.
  package var hasMore: Bool { !settled.isEmpty }

  /// Waits until the kernel has something to tell; where it tells nothing, not at all.
  package func awaitEvents(atMost limit: Duration) { inotify?.await(atMost: limit) }

  /// The files that became complete since the last call, a portion of them; each is handed out once, unless released.
  package mutating func takeComplete(at now: ContinuousClock.Instant = .now) -> [InboxFile] {
    // Without the inbox nothing is there to be seen; a scan says so.
    var senders = try? SenderFolders(root)
    takeEvents(&senders, at: now)
    if nextScan.map({ now >= $0 }) ?? true { scan(at: now) } else { lookAgain(&senders, at: now) }
    var writers = OpenWriters()
    var complete: [InboxFile] = []
    if settled.isEmpty { settled = settling.takeComplete()[...] }
    let portion = settled.prefix(Self.portion)
    settled = settled.dropFirst(Self.portion)
    for (path, stamp) in portion {
      if let place = senders?.place(path), writers.contain(place.name, in: place.folder) {
        settling.postpone(path, at: now)
        heldOpen.insert(path)
      } else {
        complete.append(InboxFile(path: path, stamp: stamp))
        heldOpen.remove(path)
      }
    }
    return complete
  }

  /// A file that waits to settle is looked at again as soon as it may have settled; the others aren't.
  private mutating func lookAgain(_ senders: inout SenderFolders?, at now: ContinuousClock.Instant) {
    guard settling.isWaiting else {
      nextLook = nil
      return
    }
    guard let next = nextLook else {
      nextLook = now + max(settlingTime, .milliseconds(50))
      return
    }
    guard now >= next else { return }
    nextLook = now + max(settlingTime, .milliseconds(50))
    guard senders != nil else { return }
    for path in settling.waiting(among: nil) {
      guard let status = senders?.place(path)?.status else {
        if [ENOENT, ELOOP, ENOTDIR].contains(errno) { settling.vanished(path) }
        continue
      }
      if status.st_mode & S_IFMT == S_IFREG {
        settling.observe(path, FileStamp(status), .seen(age: nil), at: now)
      } else {
        settling.vanished(path)
      }
    }
  }

  /// Gives a file back that changed while it was worked on, or forgets one that was moved out of the inbox.
  package mutating func release(_ file: InboxFile) { settling.release(file.path, file.stamp) }

  /// Scans now. With the file system's present time, files that are old enough count as written at once.
  package mutating func scan(at now: ContinuousClock.Instant = .now, fileSystemTime: Int? = nil) {
    let (begun, used) = (ContinuousClock.now, Self.processorTime)
    unwatched = 0
    // Watched before it is listed, so that no file falls between.
    let scan =
      OpenFolder(root).map { inbox in FolderWalk(inbox, options) { watch($0, $1) } }
      ?? FolderWalk(root, options)
    unreadable = scan.problems
    var hasNews = inotify == nil
    for file in scan.files {
      hasNews = hasNews || !settling.knows(file.path)
      let age = fileSystemTime.map { Duration.nanoseconds($0 - file.changed) }
      settling.observe(file.path, file.stamp, .seen(age: age), at: now)
    }
    // What lies in an unreadable folder may still be there.
    if !scan.problems.contains(where: \.isFolder) {
      let paths = Set(scan.files.map(\.path))
      settling.keepOnly(paths)
      heldOpen.formIntersection(paths)
    }
    let pause = Self.pause(
      afterScanOf: begun.duration(to: .now), using: Self.processorTime - used,
      hasNews: hasNews || unwatched > 0)
    nextScan = now + max(scanInterval, pause)
  }

  /// How long nothing is scanned behind a scan. Pure.
  /// - Parameters:
  ///   - processor: what it took of the processor.
  ///   - hasNews: whether it showed what events hadn't told, or couldn't tell.
  package static func pause(afterScanOf time: Duration, using processor: Duration, hasNews: Bool) -> Duration
  {
    hasNews
      ? time * scanShare.news : max(time * scanShare.noNews, processor * scanShare.noNewsOfProcessor)
  }

  private mutating func watch(_ folder: FilePath, _ opened: OpenFolder) {
    if inotify?.watch(folder, at: opened) == false { unwatched += 1 }
  }

  private mutating func takeEvents(_ senders: inout SenderFolders?, at now: ContinuousClock.Instant) {
    for event in inotify?.events() ?? [] {
      switch event {
      case .closed(let folder, let name): observe(folder, name, .closed, &senders, at: now)
      case .renamedIn(let folder, let name, isFolder: false):
        observe(folder, name, .renamedIn, &senders, at: now)
      case .created(let folder, let name, isFolder: false):
        observe(folder, name, .seen(age: nil), &senders, at: now)
      case .renamedIn(let folder, let name, isFolder: true), .created(let folder, let name, isFolder: true):
        adopt(folder, name, senders?.inbox, at: now)
      case .movedAway(let folder, let name, let isFolder):
        let path = folder.appending(name)
        if isFolder { inotify?.unwatch(path) } else { settling.vanished(path) }
      case .deleted(let folder, let name): settling.vanished(folder.appending(name))
      case .overflow: nextScan = now
      }
    }
  }

  private mutating func observe(
    _ folder: FilePath, _ name: FilePath.Component, _ sign: FileSettling.Sign,
    _ senders: inout SenderFolders?, at now: ContinuousClock.Instant
  ) {
    guard !options.leavesOut(name) else { return }
    let path = folder.appending(name)
    // Gone again, or not a regular file: then there is nothing to wait for.
    guard let status = senders?.folder(folder)?.status(name), status.st_mode & S_IFMT == S_IFREG else {
      return settling.vanished(path)
    }
    settling.observe(path, FileStamp(status), sign, at: now)
  }

  /// A new folder: watches it and those in it first, then looks into each, so that no file falls between. A file in a
  /// folder that was renamed in may still be open, so only those that are old enough count as written. Their
  /// times are this machine's: another machine's rename sends no event.
  private mutating func adopt(
    _ folder: FilePath, _ name: FilePath.Component, _ inbox: OpenFolder?, at now: ContinuousClock.Instant
  ) {
    let path = folder.appending(name)
    guard !options.leavesOut(name), let inbox, let adopted = inbox.folder(path) else { return }
    let walk = FolderWalk(adopted, options) { watch(path.pushing($0), $1) }
    let time = Self.systemTime
    for file in walk.files {
      let age = Duration.nanoseconds(time - file.changed)
      settling.observe(path.pushing(file.path), file.stamp, .seen(age: age), at: now)
    }
  }

  /// What this thread has had of the processor.
  private static var processorTime: Duration {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .nanoseconds(time.nanoseconds)
  }

  /// Nanoseconds since 1970.
  private static var systemTime: Int {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return time.nanoseconds
  }
}
