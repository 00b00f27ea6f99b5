import Analysis
import Daemon
import Files
import Foundation
import Ledger
import Logging
import SystemPackage
import Testing

/// The daemon's folders in a place of their own, and what deliveries there begin with.
struct DeliveryFixture {
  let root: TemporaryFolder
  let folders: InboxFolders
  let desk: DeliveryDesk

  init() throws {
    root = try TemporaryFolder()
    folders = InboxFolders(
      inbox: root.url.appending(path: "inbox"), outbox: root.url.appending(path: "outbox"),
      done: root.url.appending(path: "done"), rejected: root.url.appending(path: "rejected"))
    try folders.create()
    desk = try DeliveryDesk(folders)
  }

  func row(_ status: ReportRow.Status = .analysed, study: String = "9.9", uid: String = "1.2.3") -> ReportRow
  {
    var identity = ImageIdentity()
    identity.studyInstanceUID = study
    identity.sopInstanceUID = uid
    var row = ReportRow(identity: identity, status: status, analysedAt: "now")
    if status == .analysed { row.outputs = ["\(uid).png"] }
    return row
  }

  func drop(_ path: String, _ text: String = "image") throws -> InboxFile {
    try root.write(text, "inbox/" + path)
    return try seen(FilePath(path))
  }

  /// A file in the inbox as it is now.
  func seen(_ path: FilePath) throws -> InboxFile {
    InboxFile(path: path, stamp: try #require(FolderWalk.entry(path, in: FilePath(of: folders.inbox))).stamp)
  }

  /// What a worker made: each with pixels of its own.
  func staged(_ uid: String = "1.2.3", _ text: String = UUID().uuidString) throws -> URL {
    try root.write(text, "ledger/made/\(uid).png")
    return root.url.appending(path: "ledger/made")
  }

  /// The report's rows, without its header.
  var rows: [String] {
    (root.read("outbox/report.csv") ?? "").components(separatedBy: "\r\n").dropFirst().filter { !$0.isEmpty }
  }
}

extension DaemonConfiguration {
  /// Of a daemon that takes files in however full the machine's disk is.
  static func onAnyDisk(_ folders: InboxFolders) -> Self {
    var configuration = Self(folders: folders)
    configuration.diskStopPercent = 100
    return configuration
  }
}

/// Takes one file of the inbox through spool, ledger and publication, with an answer that a worker might have given.
actor DeliveryDesk {
  /// What became of a file.
  enum Outcome: Sendable, Equatable {
    /// Its results, row and source are where they belong; the row's outputs as reported.
    case delivered(ReportRow)
    /// The file in the inbox is no longer the one that was seen; nothing was done.
    case sourceChanged
    /// It waits for a person.
    case stuck(String)
  }

  let folders: InboxFolders
  let ledger: SQLiteLedger
  let spool: Spool
  let sources: SourceDesk
  let reading: StudyReading

  init(_ folders: InboxFolders) throws {
    self.folders = folders
    var rules = LedgerRules()
    rules.quietTime = .zero
    ledger = try SQLiteLedger(at: folders.ledgerFile.path, as: .keeper, rules: rules)
    spool = Spool(folders)
    sources = SourceDesk(folders, spool: spool, ledger: ledger)
    reading = StudyReading(
      DaemonConfiguration.onAnyDisk(folders), runsOnce: false, ledger: ledger, sources: sources,
      logger: Logger(label: "test") { _ in RecordingLog() })
  }

  /// What a start does, whatever was left.
  func recover() async throws {
    try ResultDesk(folders).clear()
    try await ledger.recover(holder: "serve", at: .now)
    try await reading.takeUp()
  }

  func deliver(
    _ file: InboxFile, _ row: ReportRow, detail: String, staging: URL?
  ) async throws -> Outcome {
    guard case .taken(let spooled)? = try await spool.takeOnceClosed(file) else { return .sourceChanged }
    let content = try #require(ContentDigest(ofFileAt: spool.place(of: spooled)))
    let admission = Admission(
      content: content, studyInstanceUID: row.identity.studyInstanceUID,
      sopInstanceUID: row.identity.sopInstanceUID, spooled: spooled.name.bytes, sender: file.path.bytes)
    var id: Int64
    switch try await ledger.admit([admission], at: .now)[0] {
    case .known(let known):
      #expect(try await sources.add(spooled, of: known))
      id = known
    case .admitted(let new), .readAgain(let new):
      id = new
      let job = try #require(try await reading.nextJobs()?.first)
      guard case .analyse(_, _, let output, _, _) = job.request else { return .sourceChanged }
      if let staging {
        // An empty one may be there already.
        try? FileManager.default.removeItem(at: URL(filePath: output))
        try FileManager.default.moveItem(at: staging, to: URL(filePath: output))
      }
      try await reading.take(.finished(row, detail: detail), of: job)
    default: return .sourceChanged
    }
    let record = try #require(try await ledger.instances(.instance(id), after: 0, limit: 1).first)
    if case .parked = record.state { return .stuck(record.reason) }
    var row = row
    row.outputs = try await ledger.results(of: id).map { FilePath(bytes: $0.path).text }
    return .delivered(row)
  }
}

extension Spool {
  /// Takes one file. A program that a test beside this one starts has the descriptors of this process for a moment, and the
  /// file counts as being written; that is waited for.
  nonisolated func takeOnceClosed(_ file: InboxFile) async throws -> Outcome? {
    for _ in 0..<20 {
      let outcome = try await take([file]).first
      guard case .notNow? = outcome else { return outcome }
      try await Task.sleep(for: .milliseconds(50))
    }
    return try await take([file]).first
  }
}
