import Analysis
import Daemon
import Files
import Foundation
import Ledger
import SystemPackage
import Testing
import Unpacking

@Suite("A zip archive, a worker's time and the disk") struct ArchiveRoomTests {
  private let fixture: DeliveryFixture
  private var desk: DeliveryDesk { fixture.desk }

  init() throws { fixture = try DeliveryFixture() }

  private func job() async throws -> WorkerJob<ClaimedFile> {
    guard case .taken(let spooled)? = try await desk.spool.takeOnceClosed(try fixture.drop("study.zip"))
    else {
      throw CancellationError()
    }
    let admission = Admission(
      content: ContentDigest(of: "image"), spooled: spooled.name.bytes, sender: FilePath("study.zip").bytes)
    _ = try await desk.ledger.admit([admission], at: .now)
    return try #require(try await desk.reading.nextJobs()?.first)
  }

  @Test("a worker gives one up before its own time is over, and at the mark where nothing more is taken in")
  func limits() async throws {
    let configuration = await desk.reading.configuration
    guard case .analyse(_, _, _, _, let terms) = try await job().request else { throw CancellationError() }
    #expect(terms.archives.seconds > 0)
    #expect(Duration.seconds(terms.archives.seconds) < configuration.workerTimeLimit)
    #expect(terms.archives.fullest == configuration.diskStopPercent)
  }

  @Test("one for which there is no room waits, and is tried again")
  func waits() async throws {
    let job = try await job()
    var row = fixture.row()
    row.refuse(.rejected, code: "archive_no_room", file: "study.zip")
    try await desk.reading.take(.finished(row, detail: ""), of: job)
    let counts = try await desk.ledger.counts()
    #expect(counts.delayed == 1 && counts.rejected == 0)
    #expect(fixture.rows.isEmpty && fixture.root.files.isEmpty)
  }
}
