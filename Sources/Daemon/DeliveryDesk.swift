package import Analysis
package import Files
package import FoundationEssentials
import Glibc

/// Carries out deliveries, one at a time, so that a crash at any point loses nothing and repeats nothing.
package struct DeliveryDesk: Sendable {
  /// What became of a file.
  package enum Outcome: Sendable, Equatable {
    /// Its results, row and source are where they belong; the row as reported.
    case delivered(ReportRow)
    /// The file in the inbox is no longer the one that was analysed; nothing was done.
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
  package func deliver(
    _ file: InboxFile, _ row: ReportRow, detail: String, copy: Int = 1, staging: URL?
  ) throws(WriteFailure) -> Outcome {
    defer { if let staging { try? FileManager.default.removeItem(at: staging) } }
    guard FolderScan.entry(file.path, in: folders.inbox)?.stamp == file.stamp else { return .sourceChanged }
    var row = row
    // Opened anew each time, so that the report may be rotated away while the daemon runs.
    let reportLength = try ReportFile(at: folders.report).length
    let staging = staging ?? folders.staging
    let analysed = row
    let mark = row.outputs.isEmpty ? nil : SourceMark(of: folders.inbox.appending(path: file.path).path)
    let copy = mark?.copyNumber(row, from: copy, in: folders) ?? copy
    var delivery = Delivery.plan(
      file, &row, detail: detail, copy: copy, staging: staging, reportOffset: reportLength,
      folders: folders, look: DestinationPath.look)
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

  /// Makes the folders that the delivery needs: what can fail for this file alone fails before the journal.
  private func prepare(_ delivery: Delivery) throws(WriteFailure) -> DeliveryFault? {
    if let fault = DeliveryFault(delivery, in: folders) { return fault }
    do {
      for path in delivery.results.map(\.final) + [delivery.destination] {
        try Folder.create(URL(filePath: path).deletingLastPathComponent())
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
      if delivery.reasonText != nil { unsafe unlink(delivery.reasonFile) }
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
    try moveSource(delivery)
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
    guard code == ENOENT, DestinationPath.look(result.final) != .nothing else {
      throw WriteFailure(path: result.final, action: "rename into place", code: code)
    }
  }

  private func moveSource(_ delivery: Delivery) throws(WriteFailure) {
    let source = URL(filePath: delivery.source)
    var destination = delivery.destination
    while true {
      if let text = delivery.reasonText {
        try Folder.create(URL(filePath: destination).deletingLastPathComponent())
        try DurableFile.write(Array(text.utf8), to: URL(filePath: destination + ".reason.txt"))
      }
      switch try Move.file(from: source, to: URL(filePath: destination)) {
      case .moved, .sourceMissing: return
      case .destinationTaken where try finishCopy(delivery, at: destination): return
      case .destinationTaken:
        destination = DestinationPath(look: DestinationPath.look).free(destination)
      }
    }
  }

  /// A crash between the two halves of a move across file systems leaves the file in both places.
  private func finishCopy(_ delivery: Delivery, at destination: String) throws(WriteFailure) -> Bool {
    guard
      FileManager.default.contentsEqual(atPath: delivery.source, andPath: destination)
    else { return false }
    guard unsafe unlink(delivery.source) == 0 || errno == ENOENT else {
      throw WriteFailure(path: delivery.source, action: "remove after copying", code: errno)
    }
    return true
  }
}
