import Analysis
import Daemon
import Files
import Foundation
import Ledger
import Logging
import Synchronization
import SystemPackage
import Testing

/// What workers answer is published together, and nothing waits for what may never come.
@Suite struct AnswersTests {
  private let fixture: DeliveryFixture
  private var root: TemporaryFolder { fixture.root }

  init() throws { fixture = try DeliveryFixture() }

  private func run(_ workers: some WorkerLauncher, log: RecordingLog = RecordingLog()) async throws -> Tally {
    var configuration = DaemonConfiguration.onAnyDisk(fixture.folders)
    configuration.settlingTime = .zero
    configuration.scanInterval = .milliseconds(10)
    let ledger = try await LedgerOpening.keeper(configuration, runsOnce: true)
    let work = InboxWork(
      configuration, runsOnce: true, ledger: ledger, logger: Logger(label: "test") { _ in log })
    try await work.start(fileSystemTime: nil)
    try await work.run(workers, identifiers: workers)
    try ledger.close()
    return await work.tally
  }

  private static func scripted() -> ScriptedWorkers {
    ScriptedWorkers { request, _ in InboxWorkTests.work(request) }
  }

  @Test func oneThatCantBePutIntoPlaceTakesNoOtherWithIt() async throws {
    try root.write("", "outbox/9.1/1.7.png/in the way")
    for number in 1...40 { try root.write("9.1 1.\(number) ok", "inbox/\(number)") }
    #expect(try await run(Self.scripted()).analysed == 39)
    #expect(fixture.rows.count == 39)
    #expect(root.files.filter { $0.hasPrefix("done/") }.count == 39)
    let notes = try FileManager.default.contentsOfDirectory(atPath: fixture.folders.publishing.path)
    #expect(notes == [])
  }

  @Test(.timeLimit(.minutes(5)))
  func anImageIsPublishedWhileTheNextIsBeingRead() async throws {
    for number in 1...2 { try root.write("9.1 1.\(number) ok", "inbox/\(number)") }
    let root = root
    let workers = SlowWorkers(base: Self.scripted()) {
      root.files.contains { $0.hasPrefix("outbox/9.1/") }
    }
    #expect(try await run(workers).analysed == 2)
    #expect(fixture.rows.count == 2)
  }

  @Test func filesOfOneNameLieWhereTheLedgerSays() async throws {
    // Senders use a name again while the one before is on its way.
    for number in 1...9 { try root.write("9.\(number) \(number).1 ok", "inbox/a.dcm.\(number)") }
    let files = FolderWalk(FilePath(of: fixture.folders.inbox), .inbox()).files
    let spool = Spool(fixture.folders)
    let found = files.map { InboxFile(path: $0.path, stamp: $0.stamp) }
    _ = try await spool.take(found, as: found.map { _ in "a.dcm" })
    #expect(try await run(Self.scripted()).analysed == 9)
    let ledger = try SQLiteLedger(at: fixture.folders.ledgerFile.path, as: .visitor)
    var homes: Set<FilePath> = []
    for id in Int64(1)...9 {
      let record = try #require(try await ledger.instances(.instance(id), after: 0, limit: 1).first)
      let place = record.place(in: fixture.folders)
      #expect(ContentDigest(ofFileAt: place) == record.content)
      homes.insert(place)
    }
    #expect(homes.count == 9)
    try ledger.close()
  }
}

/// Workers whose second answer comes only when something has happened.
private struct SlowWorkers: WorkerLauncher {
  let base: ScriptedWorkers
  let hasHappened: @Sendable () -> Bool

  func withWorker<Result: Sendable>(
    _ body: @Sendable (any WorkerSession) async throws -> Result
  ) async throws -> Result {
    try await base.withWorker { session in try await body(Session(session, hasHappened)) }
  }

  private actor Session: WorkerSession {
    private let base: any WorkerSession
    private let hasHappened: @Sendable () -> Bool
    private var answers = 0

    init(_ base: any WorkerSession, _ hasHappened: @escaping @Sendable () -> Bool) {
      (self.base, self.hasHappened) = (base, hasHappened)
    }

    func send(_ request: WorkerRequest) async throws { try await base.send(request) }

    func reply() async throws -> WorkerReply? {
      let reply = try await base.reply()
      guard case .finished = reply else { return reply }
      answers += 1
      while answers == 2, !hasHappened() { try await Task.sleep(for: .milliseconds(20)) }
      return reply
    }
  }
}
