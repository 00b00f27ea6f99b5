import Daemon
import Files
import Foundation
import Glibc
import Logging
import Synchronization
import SystemPackage
import Testing

@Suite struct IntakeRoomTests {
  private let fixture: DeliveryFixture

  init() throws { fixture = try DeliveryFixture() }

  private func intake(_ free: @escaping @Sendable () -> Int?) async throws -> Intake {
    for name in ["a", "b", "c"] { _ = try fixture.drop(name, String(repeating: name, count: 1000)) }
    var configuration = DaemonConfiguration(folders: fixture.folders)
    configuration.settlingTime = .zero
    let desk = fixture.desk
    let intake = Intake(
      configuration, runsOnce: true, ledger: desk.ledger, spool: desk.spool, sources: desk.sources,
      logger: Logger(label: "test") { _ in RecordingLog() }, freeSpace: { _ in free() },
      diskUse: { _ in nil })
    try await intake.start(fileSystemTime: nil)
    return intake
  }

  @Test func nothingIsTakenWhenOnlyTheReserveIsLeft() async throws {
    let free = Mutex(Intake.reserve)
    let intake = try await intake { free.withLock { $0 } }
    let failure = await #expect(throws: WriteFailure.self) { try await intake.takeBatch() }
    #expect(failure?.code == ENOSPC && failure?.path == fixture.folders.ledger.path)
    #expect(fixture.root.files == ["inbox/a", "inbox/b", "inbox/c"])
    // Somebody made room.
    free.withLock { $0 = 1 << 40 }
    #expect(try await intake.takeBatch() == 3)
    #expect(fixture.root.files == [])
  }

  @Test(arguments: [(1, 1), (2500, 2), (1 << 40, 3)])
  func aBatchIsNoLargerThanTheRoom(bytes: Int, files: Int) async throws {
    let intake = try await intake { Intake.reserve + bytes }
    #expect(try await intake.takeBatch() == files)
  }

  @Test func theFileSystemTellsItsRoom() throws {
    #expect(try #require(FreeSpace.bytes(at: FilePath(of: fixture.folders.spool))) > 0)
    #expect(FreeSpace.bytes(at: "/nothing/here") == nil)
  }
}
