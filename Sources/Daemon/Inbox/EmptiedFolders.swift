import Files
import Glibc
import Logging
import SystemPackage

/// Folders of the inbox that files were taken from: removed a minute after the last file left, for a sender may be
/// adding to them.
struct EmptiedFolders {
  private var since: [FilePath: ContinuousClock.Instant] = [:]
  /// Empty folders that can't be removed, each told of once.
  private var kept: Set<FilePath> = []

  /// A file left the folder, whose path is relative to the inbox.
  mutating func left(_ folder: FilePath) { since[folder] = .now }

  /// Removes those that are empty for long enough, and those above them that become so.
  mutating func remove(from inbox: FilePath, _ logger: Logger) {
    let old = since.filter { $0.value.duration(to: .now) > .seconds(60) }
    for folder in old.keys.sorted(by: { $0.length > $1.length }) {
      since[folder] = nil
      var path = folder
      // Removes only what is empty; stops at the first that isn't.
      while !path.isEmpty {
        let code = unsafe inbox.pushing(path).withPlatformString { unsafe rmdir($0) == 0 ? 0 : errno }
        if [EACCES, EPERM].contains(code), kept.insert(path).inserted {
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
