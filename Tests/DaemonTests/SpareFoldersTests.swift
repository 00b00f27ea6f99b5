import Daemon
import Foundation
import Testing

@Suite("Staging folders go from row to row, and nothing with them")
struct SpareFoldersTests {
  private let fixture: DeliveryFixture
  private var root: TemporaryFolder { fixture.root }
  private var results: ResultDesk { ResultDesk(fixture.folders) }

  init() throws {
    fixture = try DeliveryFixture()
    try results.clear()
  }

  /// The folders that are there.
  private var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: fixture.folders.staging.path).sorted() }
  }

  @Test("an empty one gets the name of the next row; where there is none, none is made")
  func given() throws {
    var spares = SpareFolders()
    try FileManager.default.createDirectory(
      at: results.staging(1, token: 7), withIntermediateDirectories: true)
    spares.add(results.staging(1, token: 7), results)
    #expect(try names == ["7-1"])
    spares.give(to: results.staging(2, token: 8), results)
    #expect(try names == ["8-2"])
    spares.give(to: results.staging(3, token: 8), results)
    #expect(try names == ["8-2"])
    spares.add(results.staging(2, token: 8), results)
    spares.clear(results)
    #expect(try names == [])
  }

  @Test("what lies in one goes with it, be it the last row's or of this row from before")
  func notEmpty() throws {
    var spares = SpareFolders()
    try root.write("left", "ledger/staging/7-1/1.2.3.png")
    spares.add(results.staging(1, token: 7), results)
    #expect(try names == [])
    try FileManager.default.createDirectory(
      at: results.staging(2, token: 7), withIntermediateDirectories: true)
    spares.add(results.staging(2, token: 7), results)
    try root.write("left", "ledger/staging/8-3/1.2.3.png")
    spares.give(to: results.staging(3, token: 8), results)
    #expect(try names == [])
    // A row whose worker made no folder leaves none.
    spares.add(results.staging(4, token: 8), results)
    spares.clear(results)
    #expect(try names == [])
  }

  @Test("the next reading writes where the one before was, and none is left in the end")
  func rows() async throws {
    let desk = fixture.desk
    for uid in ["1.2.3", "1.2.4"] {
      _ = try await desk.deliver(
        fixture.drop(uid, uid), fixture.row(uid: uid), detail: "", staging: fixture.staged(uid, "result"))
      #expect(try names.count == 1)
    }
    try await desk.reading.release()
    #expect(try names == [])
    #expect(root.files.filter { $0.hasPrefix("outbox/9.9/") }.count == 2)
  }
}
