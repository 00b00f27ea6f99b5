import Files
import Glibc
import Logging
import SystemPackage

/// Folders of the inbox that files were taken from: removed a minute after the last file left, for a sender may be
/// adding to them.
struct EmptiedFolders {
  private var since: [FilePath: ContinuousClock.Instant] = [:]
  /// The same in order, with moments that are out of date by now: a look costs what is due.
  private var queue: ArraySlice<(folder: FilePath, since: ContinuousClock.Instant)> = []
  /// Empty folders that can't be removed, each told of once.
  private var kept: Set<FilePath> = []
  private static let delay = Duration.seconds(60)
  /// So many are removed at a time: who looks at the inbox isn't kept from it.
  private static let portion = 512

  /// A file left the folder, whose path is relative to the inbox.
  mutating func left(_ folder: FilePath, at now: ContinuousClock.Instant = .now) {
    if since.updateValue(now, forKey: folder) == nil { queue.append((folder, now)) }
  }

  /// Those that nothing left for long enough.
  private mutating func due(at now: ContinuousClock.Instant) -> [FilePath] {
    var due: [FilePath] = []
    while due.count < Self.portion, let first = queue.first, first.since + Self.delay < now {
      queue.removeFirst()
      guard let last = since[first.folder] else { continue }
      if last + Self.delay < now {
        since[first.folder] = nil
        due.append(first.folder)
      } else {
        queue.append((first.folder, last))
      }
    }
    if queue.isEmpty { queue = [] }
    return due
  }

  /// Removes those that are empty for long enough, and those above them that become so. What holds them is reached
  /// through no link that somebody may have laid there.
  mutating func remove(from inbox: FilePath, _ logger: Logger, at now: ContinuousClock.Instant = .now) {
    let due = due(at: now)
    guard !due.isEmpty, let root = OpenFolder(inbox) else { return }
    for folder in due.sorted(by: { $0.length > $1.length }) {
      var path = folder
      // Removes only what is empty; stops at the first that isn't.
      while let name = path.lastComponent {
        path.removeLastComponent()
        guard let parent = root.folder(path) else { break }
        let code = parent.removeFolder(name)
        if [EACCES, EPERM].contains(code), kept.insert(path.appending(name)).inserted {
          logger.notice(
            "an empty folder stays in the inbox: no right to remove it from the folder that holds it",
            metadata: ["folder": "\(LogTag(path.appending(name)))"])
        }
        guard code == 0 else { break }
      }
    }
  }
}
