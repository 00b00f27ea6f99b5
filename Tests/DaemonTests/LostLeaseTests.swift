import Analysis
import Daemon
import Files
import Foundation
import Ledger
import SystemPackage
import Testing

/// What a worker answers for a lease that is over changes nothing and ends nothing.
@Suite struct LostLeaseTests {
  private let fixture: DeliveryFixture
  private var desk: DeliveryDesk { fixture.desk }

  init() throws { fixture = try DeliveryFixture() }

  /// One file in the ledger.
  private func admit() async throws {
    guard case .taken(let spooled)? = try await desk.spool.takeOnceClosed(try fixture.drop("x")) else {
      throw CancellationError()
    }
    let admission = Admission(
      content: ContentDigest(of: "image"), studyInstanceUID: "9.9", sopInstanceUID: "1.2.3",
      spooled: spooled.name.bytes, sender: FilePath("x").bytes)
    _ = try await desk.ledger.admit([admission], at: .now)
  }

  private func output(of job: WorkerJob<ClaimedFile>) throws -> URL {
    guard case .analyse(_, _, let output, _, _) = job.request else { throw CancellationError() }
    return URL(filePath: output)
  }

  enum Answer: CaseIterable {
    case analysed, failed, crashed
  }

  @Test(arguments: Answer.allCases)
  func theNextHolderIsNotDisturbed(answer: Answer) async throws {
    try await admit()
    let late = try #require(try await desk.reading.nextJobs()?.first)
    // It ran out.
    try await desk.ledger.recover(holder: "serve", at: .now)
    let next = try #require(try await desk.reading.nextJobs()?.first)
    #expect(late.id == next.id && late.context.token != next.context.token)
    try FileManager.default.moveItem(at: fixture.staged(), to: output(of: next))
    switch answer {
    case .analysed:
      try FileManager.default.moveItem(at: fixture.staged(), to: output(of: late))
      try await desk.reading.take(.finished(fixture.row(), detail: ""), of: late)
    case .failed:
      var row = fixture.row()
      row.refuse(.rejected, code: "out_of_memory", file: "x")
      try await desk.reading.take(.finished(row, detail: ""), of: late)
    case .crashed: try await desk.reading.take(.workerCrashed, of: late)
    }
    #expect(fixture.rows.isEmpty && fixture.root.files.isEmpty)
    try await desk.reading.take(.finished(fixture.row(), detail: ""), of: next)
    #expect(fixture.root.files == ["done/x", "outbox/9.9/1.2.3.png", "outbox/report.csv"])
  }

  @Test func whatIsInHandIsNotClaimedAgain() async throws {
    try await admit()
    let job = try #require(try await desk.reading.nextJobs()?.first)
    // As after a machine that stood still.
    try await desk.ledger.renew(token: job.context.token, for: .milliseconds(1), at: .now)
    try await Task.sleep(for: .milliseconds(10))
    #expect(try await desk.reading.moreJobs().isEmpty)
    try FileManager.default.moveItem(at: fixture.staged(), to: output(of: job))
    try await desk.reading.take(.finished(fixture.row(), detail: ""), of: job)
    #expect(fixture.rows.count == 1)
  }
}
