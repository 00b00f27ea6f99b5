import Daemon
import Files
import Foundation
import Ledger
import SystemPackage
import Testing

@Suite("Notices, and where they come from")
struct NoticeTests {
  private let fixture: DeliveryFixture
  private var configuration: DaemonConfiguration
  private let ledger: any OpenLedger

  init() async throws {
    fixture = try DeliveryFixture()
    configuration = DaemonConfiguration.onAnyDisk(fixture.folders)
    ledger = try await LedgerOpening.keeper(configuration, runsOnce: true)
  }

  private func file(_ number: Int) -> Admission {
    Admission(
      content: ContentDigest(of: "\(number)"), studyInstanceUID: "1.\(number)",
      seriesInstanceUID: "2.\(number)",
      sopInstanceUID: "3.\(number)", spooled: Array("\(number)".utf8), sender: Array("DOE-\(number).dcm".utf8)
    )
  }

  private static let row =
    "1.1,2.1,3.1,A-17,P-42,20251123,PA,analysed,,0.8346,pneumonia,0.3100,,multimix 5,ab,2026-01-02T03:04:05Z,0.1,,\r\n"

  /// Takes in a file and ends it.
  private func end(_ number: Int, _ verdict: Verdict, reason: String = "") async throws {
    _ = try await ledger.admit([file(number)], at: .now)
    let claim = try #require(
      await ledger.claim(by: "test", limit: 1, order: .arrival, for: .seconds(60), keeping: [], at: .now))
    try await ledger.complete(
      claim.instances[0].id, token: claim.lease.token,
      Completion(verdict, reason: reason, record: Array(Self.row.utf8), home: [0x61]), at: .now)
  }

  private func told(_ target: String = "web") throws -> [[String: Any]] {
    try NoticeQueue(target, fixture.folders).waiting.map { entry in
      let content = try #require(FileManager.default.contents(atPath: entry.path.string))
      return try #require(JSONSerialization.jsonObject(with: content) as? [String: Any])
    }
  }

  @Test("what is committed is told of once, from when somebody is told, and again the same after a crash")
  func follows() async throws {
    try await end(1, .analysed)
    let follower = NoticeFollower("web", configuration, ledger)
    try await follower.begin()
    try await follower.follow(room: 100)
    #expect(try told().isEmpty)
    try await end(2, .analysed)
    try await end(3, .rejected, reason: "truncated")
    try await end(4, .notAnalysed, reason: "lateral")
    try await ledger.note(Notice.Word.stalled, detail: "intake", at: .now)
    let queue = NoticeQueue("web", fixture.folders)
    let cursor = try #require(queue.cursor)
    try await follower.follow(room: 100)
    let first = try told()
    #expect(first.compactMap { $0["event"] as? String } == ["result", "rejection", "result", "stall"])
    #expect(first.compactMap { $0["status"] as? String } == ["analysed", "rejected", "not_analysed"])
    #expect(first[1]["reason"] as? String == "truncated" && first[3]["part"] as? String == "intake")
    #expect(first[3]["is_over"] as? Bool == false)
    // Killed before the place was noted.
    try queue.keep(cursor: cursor)
    try await follower.follow(room: 100)
    #expect(try told().compactMap { $0["notice"] as? Int } == first.compactMap { $0["notice"] as? Int })
    try await follower.follow(room: 100)
    #expect(try told().count == 4)
  }

  @Test("no more are laid down than there is room for, and none is passed over")
  func room() async throws {
    let follower = NoticeFollower("web", configuration, ledger)
    try await follower.begin()
    for number in 1...5 { try await end(number, .analysed) }
    let queue = NoticeQueue("web", fixture.folders)
    var all: [Int64] = []
    for _ in 0..<5 {
      try await follower.follow(room: 2)
      all += queue.waiting.map(\.number)
      for entry in queue.waiting { queue.remove(entry.number) }
    }
    #expect(all.count == 5 && Set(all).count == 5)
  }

  @Test("whose image it is, as much as is wanted", arguments: NotificationSettings.Identity.allCases)
  func identity(_ identity: NotificationSettings.Identity) async throws {
    var configuration = configuration
    configuration.notification.identity = identity
    configuration.notification.events = [.result]
    let follower = NoticeFollower("web", configuration, ledger)
    try await follower.begin()
    try await end(1, .analysed)
    try await end(2, .rejected, reason: "truncated")
    try await follower.follow(room: 100)
    let notice = try #require(told().first)
    #expect(try told().count == 1)
    #expect(
      notice["finding"] as? String == "pneumonia" && notice["pneumonia_probability"] as? Double == 0.8346)
    #expect((notice["file"] as? String)?.count == 8)
    #expect(notice["research_use_only"] as? String == "Research use only, not for diagnosis")
    #expect((notice["sop_instance_uid"] != nil) == (identity != .none))
    for key in ["patient_id", "accession_number", "study_date"] {
      #expect((notice[key] != nil) == (identity == .all), "\(key)")
    }
    // Names of files often tell.
    #expect(
      !String(decoding: try JSONSerialization.data(withJSONObject: notice), as: UTF8.self).contains("DOE"))
  }

  @Test func parkedOnes() throws {
    let queue = NoticeQueue("web", fixture.folders)
    try queue.create()
    for number in [9, 10, 100] {
      try DurableFile.write("{}\n", to: URL(filePath: queue.place.string).appending(path: "\(number).json"))
    }
    #expect(queue.waiting.map(\.number) == [9, 10, 100])
  }

  @Test("stalls and pauses are told of when they begin and when they end")
  func parts() {
    var parts = PartStates()
    func words(_ silent: Set<String>, _ paused: Set<String>) -> [String] {
      parts.change(silent: silent, paused: paused).map { "\($0.part) \($0.word)" }
    }
    #expect(words([], []).isEmpty)
    #expect(words(["intake"], ["reading"]) == ["intake stands still", "reading pauses"])
    #expect(words(["intake"], ["reading"]).isEmpty)
    #expect(words([], ["intake", "reading"]) == ["intake is heard of again", "intake pauses"])
    #expect(words([], []) == ["intake goes on", "reading goes on"])
  }

  @Test(
    "what the configuration says of notices, and what it mustn't",
    arguments: [
      ("web", "takes NAME="), ("a b=https://x/", "the name"), ("web=ftp://x/", "takes https://HOST/PATH"),
      ("web=https://me:secret@x/", "takes https://HOST/PATH"), ("web=command:hook", "whole path"),
      ("web=https://x/\", \"web=command:/hook", "names 'web' twice"),
    ])
  func badTargets(text: String, complaint: String) async throws {
    let file = try fixture.root.write(
      "inbox: \(fixture.root.url.path)/in\noutbox: \(fixture.root.url.path)/out\nnotify: [\"\(text)\"]\n",
      "c.yaml")
    await #expect {
      _ = try await DaemonConfiguration.read(file: file, environment: [:])
    } throws: { "\($0)".contains(complaint) && !"\($0)".contains("secret@") || text.contains("secret") }
  }
}
