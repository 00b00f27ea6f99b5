import Analysis
import Daemon
import Files
import Foundation
import Ledger
import Logging
import SystemPackage
import Testing

@Suite("What an attempt that was cut off published is taken back, whatever the next attempt gives")
struct PublicationIntentTests {
  private let fixture: DeliveryFixture
  private let intent: PublicationIntent
  private var root: TemporaryFolder { fixture.root }
  private var results: ResultDesk { ResultDesk(fixture.folders) }

  init() throws {
    fixture = try DeliveryFixture()
    intent = PublicationIntent(of: ContentDigest(of: "image"), fixture.folders)
  }

  private var notes: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: fixture.folders.publishing.path) }
  }

  /// An attempt that ends before the ledger hears of it.
  private func attempt(_ outputs: [String], _ text: String) throws -> [String] {
    var row = fixture.row()
    row.outputs = outputs
    for name in outputs { try root.write("\(name) \(text)", "ledger/made/\(name)") }
    let made = root.url.appending(path: "ledger/made")
    _ = try results.publish(&row, from: made, copy: 1, replacing: [], intent: intent)
    return row.outputs
  }

  @Test("results of another model take the place of those of the attempt before")
  func otherModel() throws {
    let names = ["1.2.3.overlay.dcm", "1.2.3.png"]
    #expect(try attempt(names, "one") == names.map { "9.9/\($0)" })
    // The crash came between the two.
    try FileManager.default.removeItem(at: root.url.appending(path: "outbox/9.9/1.2.3.png"))
    #expect(try attempt(names, "other") == names.map { "9.9/\($0)" })
    #expect(root.files == names.map { "outbox/9.9/\($0)" })
    #expect(root.read("outbox/9.9/1.2.3.png") == "1.2.3.png other")
    // And back again.
    #expect(try attempt(names, "one") == names.map { "9.9/\($0)" })
    #expect(root.files == names.map { "outbox/9.9/\($0)" })
  }

  @Test("what the next attempt doesn't make is removed")
  func fewer() throws {
    _ = try attempt(["1.2.3.overlay.dcm", "1.2.3.png"], "one")
    _ = try attempt(["1.2.3.png"], "other")
    #expect(root.files == ["outbox/9.9/1.2.3.png"])
    _ = try attempt([], "")
    #expect(root.files == [])
  }

  @Test("what others wrote keeps its place")
  func strangers() throws {
    try root.write("of another", "outbox/9.9/1.2.3.png")
    #expect(try attempt(["1.2.3.png"], "one") == ["9.9/1.2.3-2.png"])
    try root.write("changed since", "outbox/9.9/1.2.3-2.png")
    _ = try attempt([], "")
    #expect(root.files == ["outbox/9.9/1.2.3-2.png", "outbox/9.9/1.2.3.png"])
  }

  @Test("an intent is gone when the ledger has the results, also where a crash kept it")
  func settled() async throws {
    let desk = fixture.desk
    _ = try await desk.deliver(fixture.drop("a"), fixture.row(), detail: "", staging: fixture.staged())
    #expect(intent.results.isEmpty)
    #expect(root.files == ["done/a", "outbox/9.9/1.2.3.png", "outbox/report.csv"])

    // A row that is done, its file in the spool yet.
    let kept = PublicationIntent(of: ContentDigest(of: "other"), fixture.folders)
    try await completed("b", "other") {
      try kept.note([.init(path: "9.9/1.2.4.png", content: ContentDigest(of: "x"))])
    }
    #expect(kept.results.count == 1)
    try await desk.reading.start()
    #expect(kept.results.isEmpty)
    #expect(root.files.contains("done/b"))
  }

  @Test("what is published together is noted together, and forgotten one by one")
  func together() throws {
    let all = (1...3).map { number in
      (
        intent: PublicationIntent(of: ContentDigest(of: "\(number)"), fixture.folders),
        results: Set([
          PublicationIntent.Result(
            path: FilePath(text: "9.9/a \(number).png"), content: ContentDigest(of: "x"))
        ])
      )
    }
    try PublicationIntent.note(all)
    #expect(try notes.count == 1)
    #expect(all.allSatisfy { $0.intent.results == $0.results })
    try all[1].intent.forget()
    #expect(try notes.count == 1)
    #expect(all.map(\.intent.results.isEmpty) == [false, true, false])
    // Another attempt, beside another file.
    let more: Set = [PublicationIntent.Result(path: "9.9/b.png", content: ContentDigest(of: "y"))]
    try PublicationIntent.note([(all[0].intent, more), (all[1].intent, more)])
    #expect(try notes.count == 2)
    #expect(all[0].intent.results == all[0].results.union(more) && all[1].intent.results == more)
    try PublicationIntent.forget(all.prefix(2).map(\.intent))
    #expect(all.map(\.intent.results.isEmpty) == [true, true, false])
    try all[2].intent.forget()
    #expect(try notes == [])
  }

  @Test("a note of an earlier version, which is named by the content of its one file, is understood")
  func earlierVersion() throws {
    let x = ContentDigest(of: "x")
    try root.write("\(x) 9.9/1.2.4.png\n", "ledger/publishing/\(ContentDigest(of: "image"))")
    #expect(intent.results == [.init(path: "9.9/1.2.4.png", content: x)])
    #expect(try notes.count == 1)
    try intent.forget()
    #expect(try notes == [])
  }

  @Test("a row isn't filed while its intent can't be removed")
  func stuck() async throws {
    let desk = fixture.desk
    let place = root.url.appending(path: "ledger/publishing/\(ContentDigest(of: "other"))")
    try await completed("b", "other") {
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    }
    let unfiled = try await desk.ledger.instances(.unfiled, after: 0, limit: 10)
    let failures = try await desk.sources.bringHome(unfiled, at: .now)
    #expect(unfiled.count == 1 && failures[unfiled[0].id]?.path == place.path)
    #expect(root.files.contains("done/b"))
    #expect(try await desk.ledger.instances(.unfiled, after: 0, limit: 10).count == 1)
    try FileManager.default.removeItem(at: place)
    #expect(try await desk.sources.bringHome(unfiled, at: .now).isEmpty)
    #expect(try await desk.ledger.instances(.unfiled, after: 0, limit: 10).isEmpty)
  }

  /// Leaves a row that is done with its file in the spool yet.
  private func completed(_ name: String, _ text: String, _ meanwhile: () throws -> Void) async throws {
    let desk = fixture.desk
    let other = try fixture.drop(name, text)
    guard case .taken(let spooled)? = try await desk.spool.takeOnceClosed(other) else {
      throw CancellationError()
    }
    let admission = Admission(
      content: ContentDigest(of: text), studyInstanceUID: "9.9", sopInstanceUID: "1.2.4",
      spooled: spooled.name.bytes, sender: other.path.bytes)
    _ = try await desk.ledger.admit([admission], at: .now)
    let claim = try #require(
      try await desk.ledger.claim(
        by: "serve", limit: 1, order: .arrival, for: .seconds(60), keeping: [], at: .now))
    try meanwhile()
    try await desk.ledger.complete(
      claim.instances[0].id, token: claim.lease.token,
      Completion(.analysed, record: [], home: Array(name.utf8)),
      at: .now)
  }
}
