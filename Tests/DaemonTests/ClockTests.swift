import Analysis
import Daemon
import Files
import Foundation
import Ledger
import Logging
import Synchronization
import SystemPackage
import Testing

/// A clock that is set while the daemon runs.
@Suite(.timeLimit(.minutes(10))) struct ClockTests {
  private static func isSeventh(_ path: String) -> Bool {
    (try? String(contentsOfFile: path, encoding: .utf8))?.hasPrefix("9.7 ") == true
  }

  @Test func aStepIsToldFromTimeThatPasses() {
    let start = ContinuousClock.now
    var watch = ClockWatch(at: Timestamp(milliseconds: 0), start)
    func look(_ shown: Int64, _ passed: Int64) -> Int64? {
      watch.look(at: Timestamp(milliseconds: shown * 1000), start + .seconds(passed))?.components.seconds
    }
    #expect(look(20, 20) == nil)
    // Slewed.
    #expect(look(45, 40) == nil)
    #expect(look(3645, 40) == 3600)
    #expect(look(4245, 640) == nil)
    #expect(look(645, 660) == -3620)
    #expect(!watch.isSteady(for: .seconds(1)))
    #expect(look(1245, 1260) == nil)
    #expect(watch.isSteady(for: .seconds(600)) && !watch.isSteady(for: .seconds(601)))
  }

  /// Sets the clock while files are read: each is read once and has one row, dates among the clock's, and what waits for its
  /// next attempt comes to it.
  @Test(arguments: [-86_400 * 365, -3600, 3600, 86_400 * 365] as [Int64], [1, 3])
  func everyFileIsReadOnceWhateverTheClockDoes(step: Int64, workers: Int) async throws {
    let fixture = try DeliveryFixture()
    for number in 1...12 { try fixture.root.write("9.\(number) 1.\(number) ok", "inbox/\(number)") }
    let shift = Atomic<Int64>(0)
    let read = Atomic<Int>(0)
    // After each third answer the clock is set, to and fro; one file can't be read at first for want of memory.
    let failed = Mutex<Set<String>>([])
    let launcher = ScriptedWorkers { request, _ in
      if case .analyse(let id, let path, _, _, _) = request {
        if read.add(1, ordering: .relaxed).newValue % 3 == 0 {
          shift.store(shift.load(ordering: .relaxed) == 0 ? step : 0, ordering: .relaxed)
        }
        if Self.isSeventh(path), failed.withLock({ $0.insert(path).inserted }) {
          var row = ReportRow(identity: ImageIdentity(), status: .analysed, analysedAt: "now")
          row.refuse(.rejected, code: "out_of_memory", file: path)
          return .reply(.finished(id: id, row: row, detail: ""))
        }
      }
      return InboxWorkTests.work(request)
    }
    var configuration = DaemonConfiguration.onAnyDisk(fixture.folders)
    configuration.settlingTime = .zero
    configuration.scanInterval = .milliseconds(10)
    configuration.workers = workers
    let settings = configuration
    let clock = WallClock { shift.load(ordering: .relaxed) * 1000 }
    let tally = try await WallClock.$current.withValue(clock) {
      let ledger = try await LedgerOpening.keeper(settings, runsOnce: true)
      defer { try? ledger.close() }
      let work = InboxWork(
        settings, runsOnce: true, ledger: ledger, logger: Logger(label: "test") { _ in RecordingLog() })
      try await work.start(fileSystemTime: nil)
      try await work.run(launcher, identifiers: launcher)
      return await work.tally
    }
    #expect(failed.withLock { $0.count } == 1)
    #expect(tally.analysed == 12 && tally.total == 12)
    #expect(fixture.rows.count == 12)
    #expect(fixture.root.files.filter { $0.hasPrefix("done/") }.count == 12)
    #expect(fixture.root.files.filter { $0.hasSuffix(".png") }.count == 12)
    let visitor = try LedgerOpening.visitor(DaemonConfiguration.onAnyDisk(fixture.folders))
    guard case .intact = try await visitor.verifyAudit() else {
      throw CancellationError()
    }
  }
}
