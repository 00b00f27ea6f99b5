package import Files
package import FoundationEssentials
import Glibc
package import SystemPackage

/// Looks whether files change after they were rejected: a writer that nobody knew of may have kept its descriptor and
/// gone on in the rejected folder, or somebody mended the file there. What changed is read again, once it is
/// complete. What each file was like is in its reason file, so that a restart forgets nothing.
package struct RejectedFiles: Sendable {
  /// A file that isn't any more what was rejected.
  package struct Change: Sendable, Equatable {
    package let file: FilePath
    /// The reason file beside it.
    package let reason: FilePath
    /// Where it lay in the inbox.
    package let origin: FilePath

    /// Puts the file back into the inbox, under its name or, if that is taken, one beside it.
    package func takeBack(to inbox: FilePath) throws(WriteFailure) {
      try Move.back(file, to: origin, in: inbox)
      try? Move.remove(reason)
    }
  }

  private struct Known {
    let reasonStamp: FileStamp
    let origin: FilePath?
    /// What the file was like when it was rejected.
    var size: Int
    var modified: Int
    /// Whether the time is the one that this file system keeps: the first look makes it so.
    var isExact = false
  }

  private let root: FilePath
  private let scanInterval: Duration
  private var settling: FileSettling
  private var known: [FilePath: Known] = [:]
  private var nextScan: ContinuousClock.Instant?
  static let ending = Array(".reason.txt".utf8)
  /// Across file systems a copy's time may lose its fraction, or its last bit (FAT counts in twos).
  private static let roundedTime = 2_000_000_000

  package init(_ folder: URL, settlingTime: Duration, scanInterval: Duration) {
    root = FilePath(of: folder)
    self.scanInterval = scanInterval
    settling = FileSettling(settlingTime: settlingTime)
  }

  /// The files that changed and are complete now; looks only from time to time. With the file system's present
  /// time, a change that is old enough counts as complete at once.
  package mutating func changed(
    at now: ContinuousClock.Instant = .now, fileSystemTime: Int? = nil
  ) -> [Change] {
    if let nextScan, now < nextScan { return [] }
    let begun = ContinuousClock.now
    scan(at: now, fileSystemTime: fileSystemTime)
    // Where looking takes long, it is done less often.
    nextScan = now + max(scanInterval, begun.duration(to: .now) * 100)
    var writers = OpenWriters()
    var changes: [Change] = []
    for (path, _) in settling.takeComplete() {
      let reason = Self.reason(of: path)
      guard let origin = known[reason]?.origin, !writers.contain(root.pushing(path)) else {
        settling.postpone(path, at: now)
        continue
      }
      settling.release(path)
      changes.append(Change(file: root.pushing(path), reason: root.pushing(reason), origin: origin))
    }
    return changes
  }

  /// Where the reason of a file lies: beside it.
  static func reason(of path: FilePath) -> FilePath { path.appending(ending: ".reason.txt") }

  /// Removes reasons whose files are gone: somebody took them away, or a crash came between a file that was taken back
  /// and its reason. Texts of others are left alone. Not while reasons are written: each is there before its file.
  /// - Parameter tags: of files that are still to come.
  package static func removeStrayReasons(in folder: URL, except tags: Set<String>) {
    let root = FilePath(of: folder)
    for reason in FolderWalk(root, .inbox()).files where reason.path.bytes.suffix(ending.count) == ending[...]
    {
      let file = root.pushing(FilePath(bytes: reason.path.bytes.dropLast(ending.count)))
      guard file.status(followingLink: false) == nil, errno == ENOENT, let text = text(of: reason, in: root)
      else { continue }
      let described = RejectionReason(text: text)
      guard described.origin != nil, let tag = described.tag, !tags.contains(tag) else { continue }
      try? Move.remove(root.pushing(reason.path))
    }
  }

  private static func text(of reason: FolderWalk.Entry, in root: FilePath) -> String? {
    // A reason is a few lines; what is longer isn't one of ours.
    guard reason.stamp.size < 1 << 16 else { return nil }
    let opened = OpenedFile(root.pushing(reason.path))
    defer { extendLifetime(opened) }
    return try? String(contentsOf: opened.url, encoding: .utf8)
  }

  private mutating func scan(at now: ContinuousClock.Instant, fileSystemTime: Int?) {
    let walk = FolderWalk(root, .inbox())
    let files = Dictionary(walk.files.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    var stillKnown: [FilePath: Known] = [:]
    for reason in walk.files where reason.path.bytes.suffix(Self.ending.count) == Self.ending[...] {
      let path = FilePath(bytes: reason.path.bytes.dropLast(Self.ending.count))
      guard let file = files[path], var entry = entry(of: reason) else { continue }
      if entry.origin != nil {
        if !entry.isExact, file.stamp.size == entry.size,
          abs(file.stamp.modified - entry.modified) < Self.roundedTime
        {
          entry.modified = file.stamp.modified
        }
        entry.isExact = true
        if file.stamp.size == entry.size, file.stamp.modified == entry.modified {
          settling.vanished(path)
        } else {
          let age = fileSystemTime.map { Duration.nanoseconds($0 - file.changed) }
          settling.observe(path, file.stamp, .seen(age: age), at: now)
        }
      }
      stillKnown[reason.path] = entry
    }
    known = stillKnown
    settling.keepOnly(Set(files.keys))
  }

  /// What a reason file says, read once; nil when it can't be read.
  private func entry(of reason: FolderWalk.Entry) -> Known? {
    if let entry = known[reason.path], entry.reasonStamp == reason.stamp { return entry }
    guard let text = Self.text(of: reason, in: root) else { return nil }
    let origin = RejectionReason(text: text).origin
    return Known(
      reasonStamp: reason.stamp, origin: origin?.path, size: origin?.size ?? 0,
      modified: origin?.modified ?? 0)
  }
}
