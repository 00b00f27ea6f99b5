import Files
import Logging
import SystemPackage

/// What is said of files that stay in the inbox, each once.
struct InboxNotices {
  private let logger: Logger
  private var unreadable: Set<FilePath> = []
  private var open: Set<FilePath> = []
  private var hasToldOfCopies = false

  init(_ logger: Logger) { self.logger = logger }

  /// Returns those that weren't told of before.
  mutating func unreadable(_ problems: [FolderWalk.Problem]) -> [FilePath] {
    let new = problems.filter { !unreadable.contains($0.path) }
    for item in new {
      var metadata: Logger.Metadata = ["file": "\(LogTag(item.path))", "why": "\(item.message)"]
      if logger.logLevel <= .debug { metadata["name"] = "\(item.path.text)" }
      logger.warning("a \(item.isFolder ? "folder" : "file") in the inbox can't be read", metadata: metadata)
    }
    unreadable = Set(problems.map(\.path))
    return new.map(\.path)
  }

  /// A file that is held open waits without end: a program may have forgotten to close it.
  mutating func heldOpen(_ paths: Set<FilePath>) {
    for path in paths where open.insert(path).inserted {
      logger.notice(
        "a file in the inbox is held open for writing; it is read once it is closed",
        metadata: ["file": "\(LogTag(path))"])
    }
    open.formIntersection(paths)
  }

  mutating func copies() {
    guard !hasToldOfCopies else { return }
    hasToldOfCopies = true
    logger.warning(
      """
      files lie in folders of the inbox that the daemon may not change: they are copied, read, and stay where they \
      are. 'mmdicom status' names the folders; see "inbox" in mmdicom.yaml for how senders make them changeable
      """)
  }
}
