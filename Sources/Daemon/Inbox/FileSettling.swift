package import Files
package import SystemPackage

/// Decides when a file in the inbox is completely written. Pure: it is told what was seen and when.
///
/// A file is complete when it was renamed into place (a rename shows the whole file at once), when its
/// writer closed it, or when it kept its size, time and inode for the settling time. The last is the only
/// sign on network mounts, which send no events. An empty file is never complete by its close: many
/// programs create first and write later. Whatever the signs say, a file that somebody is known to have open for
/// writing isn't complete: ``postpone(_:at:)``.
package struct FileSettling: Sendable {
  /// How a file came to notice.
  package enum Sign: Sendable {
    /// It was renamed into the inbox.
    case renamedIn
    /// A writer closed it.
    case closed
    /// A scan or an event found it; nobody knows whether its writer is done. `age` is how long it has kept
    /// its times by the file system's own clock, where that clock may be trusted.
    case seen(age: Duration?)
  }

  private struct Candidate {
    var stamp: FileStamp
    var unchangedSince: ContinuousClock.Instant
    var lastSeen: ContinuousClock.Instant
    var isComplete: Bool
    var isTaken = false
  }

  private let settlingTime: Duration
  private var candidates: [FilePath: Candidate] = [:]
  /// Those that aren't taken: complete ones, and those that are waited for. A look costs what changed, however many
  /// files there are.
  private var complete: Set<FilePath> = []
  private var unfinished: Set<FilePath> = []

  /// Files count as written when unchanged for `settlingTime`.
  package init(settlingTime: Duration) {
    self.settlingTime = settlingTime
  }

  /// Notes what was seen of the file at `path`.
  package mutating func observe(
    _ path: FilePath, _ stamp: FileStamp, _ sign: Sign, at now: ContinuousClock.Instant
  ) {
    var candidate =
      candidates[path]
      ?? Candidate(stamp: stamp, unchangedSince: now, lastSeen: now, isComplete: false)
    if candidate.stamp != stamp {
      candidate.stamp = stamp
      candidate.unchangedSince = now
      candidate.isComplete = false
      // Whoever took it took what it was before.
      candidate.isTaken = false
    }
    candidate.lastSeen = now
    switch sign {
    case .renamedIn: candidate.isComplete = true
    case .closed: candidate.isComplete = candidate.isComplete || stamp.size > 0
    case .seen(let age):
      if let age, age >= settlingTime { candidate.isComplete = true }
    }
    set(path, candidate)
  }

  private mutating func set(_ path: FilePath, _ candidate: Candidate?) {
    candidates[path] = candidate
    complete.remove(path)
    unfinished.remove(path)
    guard let candidate, !candidate.isTaken else { return }
    if isComplete(candidate) { complete.insert(path) } else { unfinished.insert(path) }
  }

  /// Whether anything was ever told of a file there.
  package func knows(_ path: FilePath) -> Bool { candidates[path] != nil }

  /// Forgets a file that is gone.
  package mutating func vanished(_ path: FilePath) { set(path, nil) }

  /// Forgets every file that isn't among `paths`, after a complete scan. Files that were taken stay until
  /// they are released: they are being moved away just now.
  package mutating func keepOnly(_ paths: Set<FilePath>) {
    for path in complete.union(unfinished) where !paths.contains(path) { set(path, nil) }
  }

  /// The files that became complete, sorted by path; each is handed out once, until it is given back or gone.
  package mutating func takeComplete() -> [(path: FilePath, stamp: FileStamp)] {
    var taken: [(text: String, path: FilePath, stamp: FileStamp)] = []
    for path in complete {
      candidates[path]?.isTaken = true
      if let candidate = candidates[path] { taken.append((path.text, path, candidate.stamp)) }
    }
    complete = []
    return taken.sorted { $0.text < $1.text }.map { (path: $0.path, stamp: $0.stamp) }
  }

  /// Gives a taken file back: it wasn't moved away (it changed meanwhile) and has to settle anew.
  package mutating func release(_ path: FilePath) { set(path, nil) }

  /// Whoever took a file is done with it. Another that has come under its name since is none of his.
  package mutating func release(_ path: FilePath, _ stamp: FileStamp) {
    guard let candidate = candidates[path], candidate.isTaken, candidate.stamp == stamp else { return }
    set(path, nil)
  }

  /// Gives a taken file back that a writer has open: it is complete when the writer closes it, or, where nobody
  /// tells of that, when it has been unchanged for the settling time from now on.
  package mutating func postpone(_ path: FilePath, at now: ContinuousClock.Instant) {
    guard var candidate = candidates[path] else { return }
    candidate.isTaken = false
    candidate.isComplete = false
    candidate.unchangedSince = now
    candidate.lastSeen = now
    set(path, candidate)
  }

  /// Whether files are known that aren't complete yet.
  package var isWaiting: Bool { !unfinished.isEmpty }

  /// Those of them that are among `paths`; all when it is nil.
  package func waiting(among paths: Set<FilePath>?) -> [FilePath] {
    unfinished.filter { paths?.contains($0) ?? true }
  }

  private func isComplete(_ candidate: Candidate) -> Bool {
    candidate.isComplete || candidate.lastSeen - candidate.unchangedSince >= settlingTime
  }
}
