import Daemon
import Files
import Foundation
import Ledger
import Logging
import Synchronization
import SystemPackage
import Testing

@Suite("No intake while a disk is too full")
struct DiskGuardTests {
  @Test("shut above one mark, open below the other, and each said once")
  func marks() {
    var disk = DiskGuard(stop: 95, resume: 90)
    #expect(disk.look([(.spool, 95), (.outbox, 10)]) == nil && disk.isOpen)
    guard case .shut(let reason)? = disk.look([(.spool, 80), (.outbox, 95.1)]) else {
      Issue.record("still open")
      return
    }
    #expect(reason.folder == .outbox)
    #expect(reason.description == "the disk of outbox is 95.1 % full; files are taken in again below 90.0 %")
    #expect(disk.look([(.spool, 80), (.outbox, 96)]) == nil && !disk.isOpen)
    #expect(disk.look([(.spool, 80), (.outbox, 90)]) == nil && !disk.isOpen)
    #expect(disk.look([(.spool, 91), (.outbox, 89)]) == nil && !disk.isOpen)
    #expect(disk.look([(.spool, 89.9), (.outbox, 89)]) == .opened && disk.isOpen)
    #expect(disk.look([]) == nil && disk.isOpen)
  }

  @Test("100 never stops")
  func never() {
    var disk = DiskGuard(stop: 100, resume: 100)
    #expect(disk.look([(.ledger, 100)]) == nil && disk.isOpen)
  }

  @Test("files wait in the inbox until there is room again, and status says why")
  func intake() async throws {
    let fixture = try DeliveryFixture()
    var configuration = DaemonConfiguration(folders: fixture.folders)
    configuration.settlingTime = .zero
    configuration.scanInterval = .milliseconds(20)
    _ = try fixture.drop("a")
    let use = Mutex(97.0)
    let (log, desk) = (RecordingLog(), fixture.desk)
    let intake = Intake(
      configuration, runsOnce: false, ledger: desk.ledger, spool: desk.spool, sources: desk.sources,
      logger: Logger(label: "test") { _ in log }, diskUse: { _ in use.withLock { $0 } })
    try await intake.start(fileSystemTime: nil)
    let workers = ScriptedWorkers { request, _ in InboxWorkTests.work(request) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await intake.run(workers) }
      let note = PauseNote(.intake, fixture.folders)
      while note.text == nil { try await Task.sleep(for: .milliseconds(20)) }
      #expect(note.text == "the disk of spool is 97.0 % full; files are taken in again below 90.0 %")
      use.withLock { $0 = 93 }
      try await Task.sleep(for: .milliseconds(500))
      #expect(fixture.root.files == ["inbox/a"])
      use.withLock { $0 = 50 }
      while try await desk.ledger.counts().queued == 0 { try await Task.sleep(for: .milliseconds(20)) }
      #expect(note.text == nil && fixture.root.files == [])
      group.cancelAll()
      do { try await group.waitForAll() } catch is CancellationError {}
    }
    #expect(log.text.components(separatedBy: "nothing is taken in").count == 2)
    #expect(log.text.components(separatedBy: "files are taken in again\u{20}[").count == 2)
  }

  @Test("a single run doesn't wait for it")
  func once() async throws {
    let fixture = try DeliveryFixture()
    _ = try fixture.drop("a")
    let desk = fixture.desk
    let intake = Intake(
      DaemonConfiguration(folders: fixture.folders), runsOnce: true, ledger: desk.ledger, spool: desk.spool,
      sources: desk.sources, logger: Logger(label: "test") { _ in RecordingLog() }, diskUse: { _ in 99 })
    try await intake.start(fileSystemTime: nil)
    let workers = ScriptedWorkers { request, _ in InboxWorkTests.work(request) }
    await #expect(throws: WriteFailure.self) { try await intake.run(workers) }
    #expect(fixture.root.files == ["inbox/a"])
  }

  @Test("the marks are configured, and must make sense")
  func configuration() async throws {
    func read(_ values: [String: String]) async throws -> DaemonConfiguration {
      let folders = ["MMDICOM_INBOX": "/in", "MMDICOM_OUTBOX": "/out"]
      return try await .read(file: nil, environment: folders.merging(values) { $1 })
    }
    let plain = try await read([:])
    #expect(plain.diskStopPercent == 95 && plain.diskResumePercent == 90)
    let low = try await read(["MMDICOM_DISK_STOP_PERCENT": "50"])
    #expect(low.diskStopPercent == 50 && low.diskResumePercent == 50)
    for (key, value) in [("STOP", "0"), ("STOP", "101"), ("RESUME", "x"), ("RESUME", "96")] {
      await #expect(throws: ConfigurationFailure.self) {
        try await read(["MMDICOM_DISK_\(key)_PERCENT": value])
      }
    }
  }

  @Test("a file system tells how full it is")
  func used() throws {
    let used = try #require(FreeSpace.usedPercent(at: FilePath(of: FileManager.default.temporaryDirectory)))
    #expect((0...100).contains(used))
    #expect(FreeSpace.usedPercent(at: "/nothing/here") == nil)
  }
}
