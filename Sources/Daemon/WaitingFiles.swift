package import Analysis
import Synchronization

/// What the worker has read to tell studies apart and will soon be asked to analyse: one read and one parse serve
/// both. Holds as much as fits; what doesn't is read again.
package final class WaitingFiles: Sendable {
  private static let limit = 256 << 20

  private struct Entry {
    let path: String
    let file: ReadFile
  }

  private let entries = Mutex<[Entry]>([])

  package init() {}

  /// Keeps a file for its analysis, in place of the longest waiting ones where they don't fit together.
  package func keep(_ file: ReadFile, at path: String) {
    guard file.isCurrent, file.size <= Self.limit else { return }
    entries.withLock { entries in
      entries.removeAll { $0.path == path }
      entries.append(Entry(path: path, file: file))
      while entries.reduce(0, { $0 + $1.file.size }) > Self.limit { entries.removeFirst() }
    }
  }

  /// Hands out the file at `path`; nil where it isn't held or has changed since.
  package func take(_ path: String) -> ReadFile? {
    let found = entries.withLock { entries in
      entries.firstIndex { $0.path == path }.map { entries.remove(at: $0).file }
    }
    return found.flatMap { $0.isCurrent ? $0 : nil }
  }
}
