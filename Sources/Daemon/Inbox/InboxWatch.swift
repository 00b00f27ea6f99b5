package import Files
package import FoundationEssentials
import Glibc
package import SystemPackage

/// Looks at the inbox: by kernel events where there are any, and by a scan from time to time. Feeds
/// ``FileSettling``. Never blocks; its owner asks again and again.
package struct InboxWatch: ~Copyable {
  private let root: FilePath
  private let options: FolderWalk.Options
  private let scanInterval: Duration
  private let settlingTime: Duration
  private var settling: FileSettling
  private var inotify: InotifyReader?
  private var nextScan: ContinuousClock.Instant?
  /// What couldn't be read in the last scan, relative to the inbox.
  package private(set) var unreadable: [FolderWalk.Problem] = []
  /// Files that looked complete, and that somebody has open for writing.
  package private(set) var heldOpen: Set<FilePath> = []
  /// Folders that can't be watched; only scans see what comes into them.
  package private(set) var unwatched = 0

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

  /// The files that became complete since the last call; each is handed out once, unless released.
  package mutating func takeComplete(at now: ContinuousClock.Instant = .now) -> [InboxFile] {
    takeEvents(at: now)
    if nextScan.map({ now >= $0 }) ?? true { scan(at: now) }
    var writers = OpenWriters()
    var complete: [InboxFile] = []
    for (path, stamp) in settling.takeComplete() {
      if writers.contain(root.pushing(path)) {
        settling.postpone(path, at: now)
        heldOpen.insert(path)
      } else {
        complete.append(InboxFile(path: path, stamp: stamp))
        heldOpen.remove(path)
      }
    }
    lookAgainSoon(at: now)
    return complete
  }

  /// A file that waits to settle is looked at again as soon as it may have settled.
  private mutating func lookAgainSoon(at now: ContinuousClock.Instant) {
    guard settling.isWaiting, let next = nextScan else { return }
    nextScan = min(next, now + max(settlingTime, .milliseconds(50)))
  }

  /// Gives a file back that changed while it was worked on.
  package mutating func release(_ file: InboxFile) { settling.release(file.path) }

  /// Forgets a file that was moved out of the inbox.
  package mutating func forget(_ path: FilePath) { settling.vanished(path) }

  /// Scans now. With the file system's present time, files that are old enough count as written at once.
  package mutating func scan(at now: ContinuousClock.Instant = .now, fileSystemTime: Int? = nil) {
    nextScan = now + scanInterval
    let scan = FolderWalk(root, options)
    unreadable = scan.problems
    unwatched = 0
    for folder in scan.folders { watch(folder) }
    for file in scan.files {
      let age = fileSystemTime.map { Duration.nanoseconds($0 - file.changed) }
      settling.observe(file.path, file.stamp, .seen(age: age), at: now)
    }
    // What lies in an unreadable folder may still be there.
    if !scan.problems.contains(where: \.isFolder) {
      let paths = Set(scan.files.map(\.path))
      settling.keepOnly(paths)
      heldOpen.formIntersection(paths)
    }
  }

  private mutating func watch(_ folder: FilePath) {
    guard inotify != nil else { return }
    if inotify?.watch(folder, at: root.pushing(folder)) == false { unwatched += 1 }
  }

  private mutating func takeEvents(at now: ContinuousClock.Instant) {
    for event in inotify?.events() ?? [] {
      switch event {
      case .closed(let folder, let name): observe(folder, name, .closed, at: now)
      case .renamedIn(let folder, let name, isFolder: false): observe(folder, name, .renamedIn, at: now)
      case .created(let folder, let name, isFolder: false): observe(folder, name, .seen(age: nil), at: now)
      case .renamedIn(let folder, let name, isFolder: true), .created(let folder, let name, isFolder: true):
        adopt(folder, name, at: now)
      case .left(let folder, let name, let isFolder):
        let path = folder.appending(name)
        if isFolder { inotify?.unwatch(path) } else { settling.vanished(path) }
      case .overflow: nextScan = now
      }
    }
  }

  private mutating func observe(
    _ folder: FilePath, _ name: FilePath.Component, _ sign: FileSettling.Sign, at now: ContinuousClock.Instant
  ) {
    guard !options.leavesOut(name) else { return }
    let path = folder.appending(name)
    // Gone again, or not a regular file: then there is nothing to wait for.
    guard let file = FolderWalk.entry(path, in: root) else { return settling.vanished(path) }
    settling.observe(path, file.stamp, sign, at: now)
  }

  /// A new folder: watches it first, then looks into it, so that no file falls between. A file in a
  /// folder that was renamed in may still be open, so only those that are old enough count as written. Their
  /// times are this machine's: another machine's rename sends no event.
  private mutating func adopt(_ folder: FilePath, _ name: FilePath.Component, at now: ContinuousClock.Instant)
  {
    guard !options.leavesOut(name) else { return }
    let path = folder.appending(name)
    watch(path)
    let scan = FolderWalk(root.pushing(path), options)
    for inner in scan.folders where !inner.isEmpty { watch(path.pushing(inner)) }
    // Between the watch of an inner folder and its listing a file may have come: look once more.
    let again = FolderWalk(root.pushing(path), options)
    let time = Self.systemTime
    for file in again.files {
      let age = Duration.nanoseconds(time - file.changed)
      settling.observe(path.pushing(file.path), file.stamp, .seen(age: age), at: now)
    }
  }

  /// Nanoseconds since 1970.
  private static var systemTime: Int {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return time.nanoseconds
  }
}
