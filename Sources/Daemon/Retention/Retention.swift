import Files
import FoundationEssentials
package import Ledger
package import Logging
import SystemPackage

/// Deletes what was kept for long enough: files first, then what the ledger knows of them, so that a crash between
/// leaves rows whose files are gone, which the next pass finds.
package struct Retention: Sendable {
  private let folders: InboxFolders
  private let rules: RetentionRules
  private let ledger: any StudyLedger
  private let logger: Logger
  private static let portion = 100

  package init(_ configuration: DaemonConfiguration, ledger: any StudyLedger, logger: Logger) {
    folders = configuration.folders
    rules = configuration.retention
    self.ledger = ledger
    self.logger = logger
  }

  /// What a pass deleted.
  package struct Tally: Sendable, Equatable {
    /// Images that the ledger forgot.
    package var images = 0
    /// Files of images that are still known.
    package var sources = 0
    /// Reports that were put aside.
    package var asides = 0
    /// Images, and reports that were put aside, that stay, since a file of theirs can't be removed.
    package var stuck = 0

    package init() {}
  }

  /// Deletes what may go now, looking at everything.
  package func pass(at now: Timestamp) async throws -> Tally {
    var place = RetentionPlace()
    return try await pass(at: now, from: &place)
  }

  /// The same, going on where the last pass ended.
  package func pass(at now: Timestamp, from place: inout RetentionPlace) async throws -> Tally {
    var tally = Tally()
    if rules.days > 0 {
      let limit = RetentionRules.limit(rules.days, at: now)
      try await forget(before: limit, at: now, &tally) { _ in true }
      removeAsides(before: limit, &tally)
    }
    if rules.bytes > 0 {
      var size = try await size(at: now)
      let limit = rules.bytes
      if size > limit {
        try await forget(before: now, at: now, &tally) { freed in
          size -= freed
          return size > limit
        }
      }
    }
    if rules.doneDays > 0 {
      let limit = RetentionRules.limit(rules.doneDays, at: now)
      let stuck = tally.stuck
      let end = try await removeSources(before: limit, after: place.sources(at: now), &tally)
      // What can't be removed now is tried again.
      if tally.stuck == stuck { place.sourcesAreGone(to: end, at: now) }
    }
    if tally != Tally() {
      logger.notice(
        "deleted what was kept for long enough",
        metadata: [
          "images": "\(tally.images)", "sources": "\(tally.sources)", "asides": "\(tally.asides)",
          "stuck": "\(tally.stuck)",
        ])
    }
    return tally
  }

  /// Bytes of all that may go. What somebody else laid into the folders isn't counted: no image goes for its sake.
  private func size(at now: Timestamp) async throws -> Int {
    let files = KeptFiles(folders)
    var size = 0
    var last: PrunableInstance.Mark?
    while !Task.isCancelled {
      let batch = try await ledger.prunable(before: now, after: last, limit: Self.portion)
      guard let end = batch.last else { break }
      last = end.mark
      for image in batch { size += files.size(of: image) }
    }
    return size
  }

  /// Images from the oldest on, for as long as `goesOn`, which is told how many bytes each has freed.
  private func forget(
    before time: Timestamp, at now: Timestamp, _ tally: inout Tally, goesOn: (Int) -> Bool
  ) async throws {
    _ = try await remove(before: time, after: nil, withResults: true, &tally) { image, freed, tally in
      tally.images += try await ledger.forget([image.instance.id], at: now).count
      return goesOn(freed)
    }
  }

  /// Removes reports that were put aside before `time`: every image in them is older.
  private func removeAsides(before time: Timestamp, _ tally: inout Tally) {
    // What isn't a file somebody else made.
    let files = ReportFiles.putAside(before: time, beside: folders.report).map { FilePath(of: $0) }
      .filter { FolderWalk.entry($0) != nil }
    for file in files {
      do {
        try Move.remove(file, action: "delete")
        try Folder.sync(holding: file)
        tally.asides += 1
      } catch {
        tally.stuck += 1
        logger.warning(
          "a report that was put aside was kept for long enough, but can't be deleted",
          metadata: ["why": "\(error.reason)"])
      }
    }
  }

  /// Returns where it came to an end.
  private func removeSources(
    before time: Timestamp, after mark: PrunableInstance.Mark?, _ tally: inout Tally
  ) async throws -> PrunableInstance.Mark? {
    try await remove(before: time, after: mark, withResults: false, &tally) { _, freed, tally in
      if freed > 0 { tally.sources += 1 }
      return true
    }
  }

  /// Removes files of images that ended before `time`, the oldest first, for as long as `goesOn`.
  /// - Returns: the last of them.
  private func remove(
    before time: Timestamp, after mark: PrunableInstance.Mark?, withResults: Bool, _ tally: inout Tally,
    goesOn: (PrunableInstance, _ freed: Int, inout Tally) async throws -> Bool
  ) async throws -> PrunableInstance.Mark? {
    var files = KeptFiles(folders)
    var last = mark
    while !Task.isCancelled {
      let batch = try await ledger.prunable(before: time, after: last, limit: Self.portion)
      guard let end = batch.last else { break }
      last = end.mark
      for image in batch {
        let freed: Int
        do { freed = try files.remove(image, withResults: withResults) } catch {
          tell(error, image, &tally)
          continue
        }
        guard try await goesOn(image, freed, &tally) else { return last }
      }
    }
    return last
  }

  private func tell(_ failure: WriteFailure, _ image: PrunableInstance, _ tally: inout Tally) {
    tally.stuck += 1
    logger.warning(
      "was kept for long enough, but can't be deleted",
      metadata: ["file": "\(image.instance.tag)", "why": "\(failure.reason)"])
  }
}
