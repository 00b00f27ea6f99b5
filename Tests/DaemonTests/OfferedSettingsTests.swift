import Analysis
import Daemon
import Files
import Foundation
import Ledger
import Logging
import Testing

@Suite("Settings that are offered to those who read") struct OfferedSettingsTests {
  @Test("the last that were offered wait, until somebody takes them")
  func offered() {
    let settings = OfferedSettings<Int>()
    #expect(!settings.areThere && settings.take() == nil)
    settings.offer(1)
    settings.offer(2)
    #expect(settings.areThere && settings.take() == 2)
    #expect(!settings.areThere && settings.take() == nil)
  }

  @Test("who is told late of settings that serve by then reads on", .timeLimit(.minutes(10)))
  func late() async throws {
    let fixture = try DeliveryFixture()
    var configuration = DaemonConfiguration.onAnyDisk(fixture.folders)
    configuration.settlingTime = .zero
    configuration.scanInterval = .milliseconds(10)
    configuration.studyQuietTime = .milliseconds(10)
    let ledger = try await LedgerOpening.keeper(configuration, runsOnce: false)
    let work = InboxWork(
      configuration, runsOnce: false, ledger: ledger, logger: Logger(label: "test") { _ in RecordingLog() })
    try await work.start(fileSystemTime: nil)
    let workers = ScriptedWorkers { request, _ in InboxWorkTests.work(request) }
    let handover = OfferedSettings<ServingSettings<ScriptedWorkers>>()
    let settings = ServingSettings(configuration, readers: workers)
    let running = Task { try await work.run(settings, identifiers: workers, handover: handover) }
    // Two reloads, the second of which is taken before it is told of.
    for _ in 1...2 { handover.offer(settings) }
    await work.wakeReaders()
    while handover.areThere { try await Task.sleep(for: .milliseconds(10)) }
    await work.wakeReaders()
    try fixture.root.write("9.1 1.1 ok", "inbox/a")
    while fixture.root.read("done/a") == nil { try await Task.sleep(for: .milliseconds(20)) }
    running.cancel()
    _ = try? await running.value
    try ledger.close()
    #expect(fixture.root.read("outbox/9.1/1.1.png") != nil)
  }
}
