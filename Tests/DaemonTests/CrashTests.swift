import Analysis
import Daemon
import Files
import Foundation
import Ledger
import Logging
import SystemPackage
import Testing

/// The daemon dies at every call of its ledger, before and behind it, and starts again: what it leaves is what an
/// undisturbed run leaves.
@Suite struct CrashTests {
  /// An analysed, a not analysed, two rejected files; two with one UID; two with the same bytes; two that kill workers.
  private static let files = [
    "a/1": "9.1 1.1 ok", "a/2": "9.1 1.2 lateral", "b": "9.2 2.1 bad", "c/1": "9.3 3.1 ok",
    "c/2": "9.3 3.1  ok",
    "d/1": "9.4 4.1 ok", "d/2": "9.4 4.1 ok", "e": "9.5 5.1 crash", "f": "9.6 6.1 crash", "g": "9.7 7.1 bad",
  ]

  private func fixture() throws -> DeliveryFixture {
    let fixture = try DeliveryFixture()
    for (path, text) in Self.files { try fixture.root.write(text, "inbox/" + path) }
    return fixture
  }

  private func run(_ fixture: DeliveryFixture, _ wrap: (any OpenLedger) -> any StudyLedger) async throws {
    var configuration = DaemonConfiguration.onAnyDisk(fixture.folders)
    configuration.settlingTime = .zero
    configuration.scanInterval = .milliseconds(10)
    let ledger = try await LedgerOpening.keeper(configuration, runsOnce: true)
    let logger = Logger(label: "test") { _ in RecordingLog() }
    let workers = ScriptedWorkers { request, _ in InboxWorkTests.work(request) }
    let work = InboxWork(configuration, runsOnce: true, ledger: wrap(ledger), logger: logger)
    do {
      try await work.start(fileSystemTime: nil)
      try await work.run(workers, identifiers: workers)
    } catch {
      try ledger.close()
      throw error
    }
    try ledger.close()
  }

  /// Every file with its content, and the report's rows in no order.
  private func picture(_ fixture: DeliveryFixture) -> [String] {
    let files = fixture.root.files.filter { !$0.hasSuffix("report.csv") }
    // When the file was rejected may differ.
    let texts = files.map { path in
      let text = fixture.root.read(path) ?? ""
      return path + ": "
        + text.split(separator: "\n").filter { !$0.hasPrefix("when:") && !$0.hasPrefix("modified:") }
        .joined(separator: "|")
    }
    let rows = fixture.rows.map { row in
      // The times.
      row.split(separator: ",", omittingEmptySubsequences: false).enumerated().filter {
        ![15, 16].contains($0.offset)
      }
      .map { String($0.element) }.joined(separator: ",")
    }
    return texts + rows.sorted()
  }

  @Test(arguments: [false, true])
  func aCrashAtAnyCallOfTheLedgerLeavesNoTrace(isAnswerLost: Bool) async throws {
    let undisturbed = try fixture()
    try await run(undisturbed) { $0 }
    let expected = picture(undisturbed)
    #expect(expected.count == 27)
    var crashes = 0
    for last in 1... {
      let site = try fixture()
      var crashing: CrashingLedger?
      do {
        try await run(site) {
          let ledger = CrashingLedger($0, last: last, isAnswerLost: isAnswerLost)
          crashing = ledger
          return ledger
        }
      } catch is LedgerError { crashes += 1 }
      let hasCrashed = try #require(crashing).hasCrashed
      try await run(site) { $0 }
      #expect(picture(site) == expected, "after a crash at call \(last)")
      #expect(try await Spool(site.folders).recover() == [])
      if !hasCrashed { break }
    }
    // Several studies are claimed, looked up and committed by one call each: how many depends on which are there in time.
    #expect(crashes > 25)
  }
}
