import Analysis
import Daemon
import Files
import Foundation
import Ledger
import Logging
import StatusPage
import Testing

@Suite("What is gathered for page and metrics")
struct StatusGatheringTests {
  private let fixture: DeliveryFixture
  private let configuration: DaemonConfiguration
  private let ledger: any OpenLedger

  init() async throws {
    fixture = try DeliveryFixture()
    configuration = DaemonConfiguration.onAnyDisk(fixture.folders)
    ledger = try await LedgerOpening.keeper(configuration, runsOnce: true)
  }

  private func published(_ health: ServiceHealth) throws -> (text: String, status: PublishedStatus) {
    let status = try #require(health.board.latest()).status
    return (status.metrics.text, status)
  }

  @Test("a ledger that doesn't answer isn't an empty one")
  func ledgerDown() async throws {
    let health = ServiceHealth()
    let gathering = StatusGathering(configuration, ledger, health)
    await gathering.gather()
    var (text, status) = try published(health)
    #expect(text.contains("mmdicom_ledger_up 1\n") && text.contains("mmdicom_files{state=\"queued\"} 0\n"))
    #expect(!status.view.isUnknown && status.view.tiles.contains { $0.label == "Queued" })
    try ledger.close()
    await gathering.gather()
    (text, status) = try published(health)
    #expect(text.contains("mmdicom_ledger_up 0\n") && text.contains("mmdicom_ready 0\n"))
    for name in ["mmdicom_files", "mmdicom_oldest_waiting", "mmdicom_attention", "mmdicom_deliver"] {
      #expect(!text.contains(name), "\(name)")
    }
    // What the ledger has no part in is told all the same.
    #expect(text.contains("mmdicom_disk_used_ratio{folder=\"outbox\"}"))
    #expect(text.contains("mmdicom_part_paused{part=\"intake\"} 0\n"))
    #expect(status.view.isUnknown && !status.view.tiles.contains { $0.label == "Queued" })
    #expect(status.problems.contains { $0.hasPrefix("the ledger doesn't answer") })
  }

  @Test("times count from the moment at which a file was wanted, not from its first coming")
  func beginnings() async throws {
    let file = Admission(
      content: ContentDigest(of: "a"), studyInstanceUID: "1.2", seriesInstanceUID: "1.3",
      sopInstanceUID: "1.4", spooled: Array("a".utf8), sender: Array("a".utf8))
    func time(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }
    _ = try await ledger.admit([file], at: time(10))
    func claimed(at now: Timestamp) async throws -> (InstanceRecord, token: Int64) {
      let claim = try #require(
        await ledger.claim(by: "test", limit: 1, order: .arrival, for: .seconds(60), keeping: [], at: now))
      return (claim.instances[0], claim.lease.token)
    }
    func beginning(_ record: InstanceRecord) async throws -> Timestamp {
      record.beginning(in: try await ledger.audit(of: record.id, after: 0, limit: 100))
    }
    var (record, token) = try await claimed(at: time(20))
    #expect(try await beginning(record) == time(10))
    try await ledger.park(record.id, token: token, reason: "results_misplaced", at: time(30))
    _ = try await ledger.retry(.instance(record.id), accepting: false, at: time(90_000))
    (record, token) = try await claimed(at: time(90_005))
    #expect(try await beginning(record) == time(90_000))
    #expect(record.admittedAt == time(10))
  }

  @Test("many that wait for one reason are retried and dismissed from the page one after the other")
  func many() async throws {
    let files = (0..<250).map { number in
      Admission(
        content: ContentDigest(of: "\(number)"), studyInstanceUID: "1.\(number + 1)", seriesInstanceUID: "",
        sopInstanceUID: "", spooled: Array("\(number)".utf8), sender: Array("\(number)".utf8))
    }
    _ = try await ledger.admit(files, at: .now)
    while let claim = try await ledger.claim(
      by: "test", limit: 100, order: .arrival, for: .seconds(600), keeping: [], at: .now)
    {
      for record in claim.instances {
        try await ledger.park(
          record.id, token: claim.lease.token, reason: "results_misplaced", at: .now)
      }
    }
    #expect(try await ledger.counts().parked == 250)
    let desk = LedgerDesk(LedgerVisit(configuration, ledger))
    #expect(try await desk.dismiss(.reason("results_misplaced")) == 250)
    #expect(try await ledger.troubles(limit: 1) == [])
    #expect(try await desk.retry(.reason("results_misplaced")) == 250)
    #expect(try await ledger.counts().parked == 0)
    #expect(try await desk.retry(.reason("results_misplaced")) == 0)
  }
}
