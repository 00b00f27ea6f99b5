package import Analysis
package import Files
package import FoundationEssentials
import Glibc
import SystemPackage

/// Carries out deliveries, one at a time, so that a crash at any point loses nothing and repeats nothing.
package struct DeliveryDesk: Sendable {
  /// What became of a file.
  package enum Outcome: Sendable, Equatable {
    /// Its results, row and source are where they belong; the row as reported.
    case delivered(ReportRow)
    /// The file in the inbox is no longer the one that was analysed, or is being written; nothing was done.
    case sourceChanged
    /// It can't be delivered, for a reason of its own; it stays in the inbox and nothing is said of it.
    case stuck(DeliveryFault)
  }

  /// What was left by the run before.
  package enum Recovery: Sendable, Equatable {
    case nothing
    /// A delivery that was interrupted is finished.
    case finished
    /// A delivery that can't be finished was taken back; its file is still in the inbox.
    case takenBack(DeliveryFault)
  }

  private let folders: InboxFolders

  /// A desk for these folders, which exist.
  package init(_ folders: InboxFolders) {
    self.folders = folders
  }

  /// Finishes the delivery that a crash interrupted, if any, and clears away what was staged.
  package func recover() throws(WriteFailure) -> Recovery {
    let path = folders.journal.path
    var recovery = Recovery.nothing
    if let data = FileManager.default.contents(atPath: path) {
      // The journal appears by a rename, so one that can't be read isn't from a crash.
      guard let delivery = try? JSONDecoder().decode(Delivery.self, from: data) else {
        throw WriteFailure(path: path, message: "isn't a delivery; remove it after a look at the inbox")
      }
      recovery = try finish(delivery).map(Recovery.takenBack) ?? .finished
    }
    try? FileManager.default.removeItem(at: folders.staging)
    try Folder.create(folders.staging)
    return recovery
  }

  /// The folder for the results of job `id`; the worker makes it.
  package func stagingFolder(_ id: Int) -> URL { folders.staging.appending(path: String(id)) }

  /// Delivers the results of one file: results, row, reason, source, in this order.
  /// - Parameters:
  ///   - twins: files of the same batch that hold the same bytes; they go where the file goes. One that changed is
  ///     left where it is.
  ///   - digest: of the file's content, where it's known already.
  package func deliver(
    _ file: InboxFile, twins: [InboxFile] = [], _ row: ReportRow, detail: String, copy: Int = 1,
    digest: String? = nil, staging: URL?
  ) throws(WriteFailure) -> Outcome {
    defer { if let staging { try? FileManager.default.removeItem(at: staging) } }
    guard isUnchanged(file) else { return .sourceChanged }
    var row = row
    // Opened anew each time, so that the report may be rotated away while the daemon runs.
    let reportLength = try ReportFile(at: folders.report).length
    let staging = staging ?? folders.staging
    let analysed = row
    let mark =
      row.outputs.isEmpty ? nil : SourceMark(digest, of: FilePath(of: folders.inbox).pushing(file.path))
    let copy = mark?.copyNumber(row, from: copy, in: folders) ?? copy
    var delivery = Delivery.plan(
      file, twins: twins.filter(isUnchanged), &row, detail: detail, copy: copy, staging: staging,
      reportOffset: reportLength, folders: folders, look: DestinationPath.look)
    if let mark {
      let staged = staging.appending(path: "source")
      try DurableFile.write(Array(mark.text.utf8), to: staged)
      let final = SourceMark.place(analysed, copy: copy, in: folders)
      delivery.results.append(Delivery.Result(staged: staged.path, final: final.path))
    }
    if let fault = try prepare(delivery) { return .stuck(fault) }
    try begin(delivery)
    if let fault = try finish(delivery) { return .stuck(fault) }
    return .delivered(row)
  }

  /// Whether the file in the inbox is still the one that was found complete, and nobody writes to it again.
  package func isUnchanged(_ file: InboxFile) -> Bool {
    let inbox = FilePath(of: folders.inbox)
    var writers = OpenWriters()
    return FolderWalk.entry(file.path, in: inbox)?.stamp == file.stamp
      && !writers.contain(inbox.pushing(file.path))
  }

  /// Whether anything lies where the file lay.
  package func isThere(_ file: InboxFile) -> Bool {
    FilePath(of: folders.inbox).pushing(file.path).status(followingLink: false) != nil
  }

  /// Puts a rejected file that changed back into the inbox, under its name or, if that is taken, one beside it.
  package func takeBack(_ change: RejectedFiles.Change) throws(WriteFailure) {
    var place = FilePath(of: folders.inbox).pushing(change.origin)
    while try Move.file(from: change.file, to: place) == .destinationTaken {
      place = DestinationPath(look: DestinationPath.look).free(place)
    }
    _ = Move.remove(change.reason)
  }

  /// Makes the folders that the delivery needs: what can fail for this file alone fails before the journal.
  private func prepare(_ delivery: Delivery) throws(WriteFailure) -> DeliveryFault? {
    if let fault = DeliveryFault(delivery, in: folders) { return fault }
    do {
      for path in delivery.results.map({ FilePath($0.final) }) + delivery.sources.map(\.destination) {
        try Folder.create(path.removingLastComponent())
      }
    } catch {
      guard let fault = DeliveryFault(delivery, in: folders) else { throw error }
      return fault
    }
    return nil
  }

  /// Carries out a delivery that has begun, or takes it back where its own paths forbid it: a journal that
  /// fails at every start would keep the daemon from all other files.
  private func finish(_ delivery: Delivery) throws(WriteFailure) -> DeliveryFault? {
    do { try carryOut(delivery) } catch {
      guard let fault = DeliveryFault(delivery, in: folders) else { throw error }
      try ReportFile(at: folders.report).withdraw(delivery.record, at: delivery.reportOffset)
      for source in delivery.sources where source.reasonText != nil { _ = Move.remove(source.reasonFile) }
      try end()
      return fault
    }
    return nil
  }

  /// Writes the journal. From here on the delivery will be finished, if need be after a restart.
  package func begin(_ delivery: Delivery) throws(WriteFailure) {
    guard let bytes = try? JSONEncoder().encode(delivery) else {
      throw WriteFailure(path: folders.journal.path, message: "can't be encoded")
    }
    try DurableFile.write(Array(bytes), to: folders.journal)
  }

  /// Does what the journal says, also for the second time.
  package func carryOut(_ delivery: Delivery) throws(WriteFailure) {
    for result in delivery.results { try publish(result) }
    let report = try ReportFile(at: folders.report)
    try report.place(delivery.record, at: delivery.reportOffset)
    for source in delivery.sources { try move(source) }
    try end()
  }

  private func end() throws(WriteFailure) {
    guard unsafe unlink(folders.journal.path) == 0 || errno == ENOENT else {
      throw WriteFailure(path: folders.journal.path, action: "remove", code: errno)
    }
    Folder.sync(holding: folders.journal)
  }

  private func publish(_ result: Delivery.Result) throws(WriteFailure) {
    let final = URL(filePath: result.final)
    try Folder.create(final.deletingLastPathComponent())
    if unsafe rename(result.staged, result.final) == 0 {
      Folder.sync(holding: final)
      return
    }
    // A replay finds the result renamed already.
    let code = errno
    guard code == ENOENT, DestinationPath.look(FilePath(result.final)) != .nothing else {
      throw WriteFailure(path: result.final, action: "rename into place", code: code)
    }
  }

  private func move(_ source: Delivery.Source) throws(WriteFailure) {
    var source = source
    while true {
      if let text = source.reasonText { try write(reason: text, to: source.reasonFile) }
      switch try Move.file(from: source.path, to: source.destination) {
      case .moved, .sourceMissing: return
      case .destinationTaken where try finishCopy(source): return
      case .destinationTaken:
        source.destination = DestinationPath(look: DestinationPath.look).free(source.destination)
      }
    }
  }

  /// Written under a name of ours first: the reason's own name may be bytes that are no text.
  private func write(reason text: String, to file: FilePath) throws(WriteFailure) {
    try Folder.create(file.removingLastComponent())
    let draft = folders.rejected.appending(path: ".mmdicom.reason")
    try DurableFile.write(Array(text.utf8), to: draft)
    try Move.replacing(FilePath(of: draft), file)
  }

  /// A crash between the two halves of a move across file systems leaves the file in both places.
  private func finishCopy(_ source: Delivery.Source) throws(WriteFailure) -> Bool {
    // A replay finds the file moved already.
    if source.path.status(followingLink: false) == nil, errno == ENOENT { return true }
    guard let here = ContentDigest(ofFileAt: source.path),
      here == ContentDigest(ofFileAt: source.destination)
    else { return false }
    let code = Move.remove(source.path)
    guard code == 0 else {
      throw WriteFailure(path: source.path.text, action: "remove after copying", code: code)
    }
    return true
  }
}
