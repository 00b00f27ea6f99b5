import Analysis
import Daemon
import Files
import Foundation
import Ledger
import Logging
import SystemPackage
import Testing

/// Files that kill workers, and surroundings in which every worker dies.
@Suite(.timeLimit(.minutes(10))) struct PoisonTests {
  private let fixture: DeliveryFixture

  init() throws { fixture = try DeliveryFixture() }

  /// Workers that die of what says "crash", and of everything where nothing can be read.
  private struct Workers: WorkerLauncher {
    let scripted = ScriptedWorkers { request, _ in InboxWorkTests.work(request) }
    let isSound: Bool

    func withWorker<Result: Sendable>(
      _ body: @Sendable (any WorkerSession) async throws -> Result
    ) async throws -> Result { try await scripted.withWorker(body) }

    func canRead() async -> Bool { isSound }
  }

  private func drop(_ verdicts: [String]) throws {
    for (number, verdict) in verdicts.enumerated() {
      try fixture.root.write("9.\(number) 1.\(number) \(verdict)", "inbox/\(number)")
    }
  }

  private func run(
    isSound: Bool, workers: Int = 1, runsOnce: Bool = true, log: RecordingLog = RecordingLog()
  ) async throws -> InboxWork {
    var configuration = DaemonConfiguration.onAnyDisk(fixture.folders)
    configuration.settlingTime = .zero
    configuration.scanInterval = .milliseconds(10)
    configuration.studyQuietTime = .zero
    configuration.workers = workers
    let ledger = try await LedgerOpening.keeper(configuration, runsOnce: runsOnce)
    let logger = Logger(label: "test") { _ in log }
    let work = InboxWork(configuration, runsOnce: runsOnce, ledger: ledger, logger: logger)
    try await work.start(fileSystemTime: nil)
    defer { try? ledger.close() }
    let launcher = Workers(isSound: isSound)
    if runsOnce {
      try await work.run(launcher, identifiers: launcher.scripted)
    } else {
      // Until the first pause.
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await work.run(launcher, identifiers: launcher.scripted) }
        while !log.text.contains("pauses and tries again") { try await Task.sleep(for: .milliseconds(20)) }
        group.cancelAll()
        while (try? await group.next()) != nil {}
      }
    }
    return work
  }

  @Test(
    "poisonous files alone pause nothing: each is quarantined, and what comes with them is read",
    arguments: [2, 3, 7], [1, 3])
  func alone(count: Int, workers: Int) async throws {
    try drop(Array(repeating: "crash", count: count) + ["ok"])
    let log = RecordingLog()
    let tally = try await run(isSound: true, workers: workers, log: log).tally
    #expect(tally.analysed == 1 && tally.rejected == count)
    #expect(!log.text.contains("pauses"))
    #expect(fixture.root.files.filter { $0.hasPrefix("rejected/") && !$0.hasSuffix(".txt") }.count == count)
  }

  @Test("where nothing can be read, work pauses, and no file is blamed", arguments: [1, 3])
  func surroundings(workers: Int) async throws {
    try drop(Array(repeating: "crash", count: 4))
    let log = RecordingLog()
    let tally = try await run(isSound: false, workers: workers, runsOnce: false, log: log).tally
    #expect(tally.total == 0)
    #expect(PauseNote(.reading, fixture.folders).text?.contains("worker processes died") == true)
    #expect(fixture.root.files.allSatisfy { !$0.hasPrefix("rejected/") })
    let counts = try await LedgerOpening.visitor(DaemonConfiguration.onAnyDisk(fixture.folders)).counts()
    #expect(counts.rejected == 0 && counts.parked == 0)
  }

  @Test("nor is one blamed by a single run, which ends and says why")
  func once() async throws {
    try drop(Array(repeating: "crash", count: 4))
    await #expect(throws: WorkPause.self) { try await run(isSound: false) }
    #expect(fixture.root.files.allSatisfy { !$0.hasPrefix("rejected/") })
  }
}
