import Analysis
import Daemon
import Files
import Foundation
import Ledger
import Logging
import SystemPackage
import Testing

/// Daemons of several hosts on the same folders. What they share a ledger in doesn't matter here: it is a file.
@Suite struct SeveralHostsTests {
  private let fixture: DeliveryFixture
  private let ledger: SQLiteLedger

  init() throws {
    fixture = try DeliveryFixture()
    ledger = fixture.desk.ledger
  }

  private func folders(_ host: String) throws -> InboxFolders {
    var folders = fixture.folders
    folders.host = host
    try folders.create()
    return folders
  }

  private struct Host {
    let folders: InboxFolders
    let spool: Spool
    let sources: SourceDesk
    let reading: StudyReading
  }

  private func host(_ name: String) throws -> Host {
    let folders = try folders(name)
    let spool = Spool(folders)
    let sources = SourceDesk(folders, spool: spool, ledger: ledger)
    let reading = StudyReading(
      DaemonConfiguration.onAnyDisk(folders), runsOnce: false, ledger: ledger, sources: sources,
      logger: Logger(label: "test") { _ in RecordingLog() })
    return Host(folders: folders, spool: spool, sources: sources, reading: reading)
  }

  private func admit(
    _ path: String, _ text: String = "image", study: String = "9.9", by host: Host
  ) async throws -> SpooledFile {
    guard case .taken(let spooled)? = try await host.spool.takeOnceClosed(try fixture.drop(path, text)) else {
      throw CancellationError()
    }
    let admission = Admission(
      content: ContentDigest(of: text), studyInstanceUID: study,
      sopInstanceUID: study == "9.9" ? "1.2.3" : "1.2." + study.dropFirst(2), spooled: spooled.name.bytes,
      sender: FilePath(path).bytes)
    let outcome = try await ledger.admit([admission], at: .now)
    if case .known(let id) = outcome[0] { _ = try await host.sources.add(spooled, of: id) }
    return spooled
  }

  private func output(of job: WorkerJob<ClaimedFile>) throws -> URL {
    guard case .analyse(_, _, let output, _, _) = job.request else { throw CancellationError() }
    return URL(filePath: output)
  }

  // MARK: Leases

  @Test func whoTakesOverReadsFromTheOthersSpoolAndTheOtherPublishesNothing() async throws {
    let (a, b) = (try host("a"), try host("b"))
    let spooled = try await admit("x", by: a)
    #expect(spooled.name.components.first == "a")
    let late = try #require(try await a.reading.nextJobs()?.first)
    try FileManager.default.moveItem(at: fixture.staged(), to: output(of: late))
    // Its lease runs out.
    try await ledger.recover(holder: "a", at: .now)
    let next = try #require(try await b.reading.nextJobs()?.first)
    #expect(late.id == next.id)
    // What it staged is gone, and nothing that comes later is taken.
    #expect(try !FileManager.default.fileExists(atPath: output(of: late).path))
    try FileManager.default.moveItem(at: fixture.staged(), to: output(of: late))
    try await a.reading.take(.finished(fixture.row(), detail: ""), of: late)
    #expect(fixture.rows.isEmpty && fixture.root.files.isEmpty)
    try FileManager.default.moveItem(at: fixture.staged(), to: output(of: next))
    try await b.reading.take(.finished(fixture.row(), detail: ""), of: next)
    #expect(fixture.root.files == ["done/x", "outbox/9.9/1.2.3.png", "outbox/report.csv"])
    #expect(try await a.spool.recover() == [])
  }

  @Test func ofSeveralThatArePublishedTogetherOnlyWhatIsLostIsDropped() async throws {
    let (a, b) = (try host("a"), try host("b"))
    for number in 1...3 { _ = try await admit("x\(number)", "image \(number)", study: "9.\(number)", by: a) }
    await a.reading.beginPublishing()
    var jobs: [WorkerJob<ClaimedFile>] = []
    while jobs.count < 3 { jobs += try #require(try await a.reading.nextJobs()) }
    for job in jobs {
      try FileManager.default.moveItem(at: fixture.staged("1.2.\(job.id)"), to: output(of: job))
    }
    // As whoever takes it over does, before the ledger is asked.
    try ResultDesk(a.folders).revoke(2, except: 0, in: a.folders)
    for job in jobs {
      let row = fixture.row(study: "9.\(job.id)", uid: "1.2.\(job.id)")
      try await a.reading.take(.finished(row, detail: ""), of: job)
    }
    await a.reading.endPublishing()
    try await a.reading.release()
    #expect(
      fixture.root.files == [
        "done/x1", "done/x3", "outbox/9.1/1.2.1.png", "outbox/9.3/1.2.3.png", "outbox/report.csv",
      ])
    #expect(await a.reading.tally.analysed == 2)
    // Its lease runs out.
    try await ledger.recover(holder: "a", at: .now)
    let next = try #require(try await b.reading.nextJobs()?.first)
    #expect(next.id == 2)
    try FileManager.default.moveItem(at: fixture.staged("1.2.2"), to: output(of: next))
    let row = fixture.row(study: "9.2", uid: "1.2.2")
    try await b.reading.take(.finished(row, detail: ""), of: next)
    #expect(fixture.rows.count == 3 && fixture.root.read("outbox/9.2/1.2.2.png") != nil)
  }

  /// Woken between its look at the ledger and any step of the publication.
  @Test(arguments: [true, false])
  func whatWasStagedCannotBePutIntoPlaceAnyMore(isRevoked: Bool) throws {
    let folders = try folders("a")
    let desk = ResultDesk(folders)
    let staging = desk.staging(1, token: 7)
    try FileManager.default.createDirectory(
      at: staging.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.moveItem(at: fixture.staged(), to: staging)
    try fixture.root.write("of the next", "outbox/9.9/1.2.3.png")
    let end: ContinuousClock.Instant = isRevoked ? .now + .seconds(60) : .now - .seconds(1)
    let fence = PublicationFence(token: 7, staging: staging, until: end)
    if isRevoked { try ResultDesk(try self.folders("b")).revoke(1, except: 8, in: folders) }
    var row = fixture.row()
    #expect(throws: (any Error).self) {
      try desk.publish(
        &row, from: staging, copy: 1, replacing: ["9.9/1.2.3.png"],
        intent: PublicationIntent(of: ContentDigest(of: "image"), folders), fence: fence)
    }
    #expect(fixture.root.read("outbox/9.9/1.2.3.png") == "of the next")
    #expect(PublicationIntent(of: ContentDigest(of: "image"), folders).results.isEmpty)
  }

  @Test func itsOwnAndOtherRowsStayStaged() throws {
    let folders = try folders("a")
    let desk = ResultDesk(folders)
    let kept = [desk.staging(1, token: 8), desk.staging(11, token: 7), desk.staging(2, token: 7)]
    for url in kept + [desk.staging(1, token: 7)] {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }
    try desk.revoke(1, except: 8, in: folders)
    #expect(kept.allSatisfy { FileManager.default.fileExists(atPath: $0.path) })
    #expect(!FileManager.default.fileExists(atPath: desk.staging(1, token: 7).path))
  }

  // MARK: Spool

  @Test func whatAHostTookInIsFoundByAnotherAndByItself() async throws {
    let (a, b) = (try host("a"), try host("b"))
    _ = try await a.spool.take([try fixture.drop("x")])
    _ = try await b.spool.take([try fixture.drop("y", "another")])
    #expect(b.spool.otherHosts == ["a"] && a.spool.otherHosts == ["b"])
    #expect(try await b.spool.recover().map(\.sender.text) == ["y"])
    let left = try await b.spool.recover(of: "a")
    #expect(left.map(\.sender.text) == ["x"])
    // Under the same name as its own host finds it, so that it is one file.
    #expect(try await a.spool.recover() == left)
    #expect(fixture.root.files.isEmpty)
    #expect(try await b.spool.recover(of: "nobody") == [])
    // One daemon that is alone has no others.
    #expect(fixture.desk.spool.otherHosts == [])
  }

  @Test func aTwinGoesHomeWhoeverBroughtItsLike() async throws {
    let (a, b) = (try host("a"), try host("b"))
    _ = try await admit("x", by: a)
    _ = try await admit("y", by: b)
    let job = try #require(try await a.reading.nextJobs()?.first)
    try FileManager.default.moveItem(at: fixture.staged(), to: output(of: job))
    try await a.reading.take(.finished(fixture.row(), detail: ""), of: job)
    #expect(fixture.root.files == ["done/x", "outbox/9.9/1.2.3.png", "outbox/report.csv"])
    try await b.sources.bringTwins()
    #expect(fixture.root.files == ["done/x", "done/y", "outbox/9.9/1.2.3.png", "outbox/report.csv"])
  }

  /// Whoever has the name first has the reason beside it; the other takes the next number.
  @Test func filesOfOneNameThatTwoHostsRejectAtOnceKeepTheirReasons() async throws {
    let hosts = [try host("a"), try host("b")]
    var row = fixture.row(.rejected)
    row.refuse(.rejected, code: "not_dicom", file: "x")
    for round in 0..<40 {
      var files: [SpooledFile] = []
      for host in hosts {
        let dropped = try fixture.drop("x\(round)", "\(round) of \(host.folders.holder)")
        guard case .taken(let file)? = try await host.spool.takeOnceClosed(dropped) else {
          throw CancellationError()
        }
        files.append(file)
      }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (host, file) in zip(hosts, files) {
          group.addTask { [row] in
            try host.sources.announce(row, detail: "", of: file, tag: host.folders.holder)
          }
        }
        try await group.waitForAll()
      }
      let reasons = ["x\(round)", "x\(round)-2"].compactMap {
        fixture.root.read("rejected/\($0).reason.txt").flatMap { RejectionReason(text: $0).tag }
      }
      #expect(reasons.sorted() == ["a", "b"])
    }
  }

  // MARK: Duties

  @Test func aDutyLastsAsLongAsItsWork() async throws {
    let duty = SharedDuty(.notification, try folders("a"), ledger, renewal: .milliseconds(10))
    let ledger = ledger
    _ = try await duty.alone {
      let begun = try #require(try await ledger.duties().first)
      while try await ledger.duties().first?.wait.until ?? begun.wait.until <= begun.wait.until {
        try await Task.sleep(for: .milliseconds(5))
      }
      #expect(try await ledger.duties().map(\.holder) == ["a"])
    }
    #expect(try await ledger.duties().isEmpty)
  }

  @Test func oneHostAtATimeSettles() async throws {
    let (a, b) = (try folders("a"), try folders("b"))
    let first = SharedDuty(.settling, a, ledger)
    let second = SharedDuty(.settling, b, ledger)
    let done = try await first.alone {
      let other = try await second.alone { true }
      #expect(other == nil)
      // Another duty is another's.
      #expect(try await SharedDuty(.retention, b, ledger).alone { true } == true)
      return 1
    }
    #expect(done == 1)
    await #expect(throws: CancellationError.self) {
      _ = try await second.alone { () async throws -> Int in throw CancellationError() }
    }
    // Laid down also where it failed; and who waits gets it.
    #expect(try await first.alone { 2 } == 2)
    // Alone, nobody is asked.
    #expect(try await SharedDuty(.settling, fixture.folders, ledger).alone { 3 } == 3)
    #expect(try await ledger.duties().isEmpty)
  }

  @Test func whoIsToldBySeveralHostsIsToldOnce() async throws {
    let told = fixture.root.url.appending(path: "told")
    try FileManager.default.createDirectory(at: told, withIntermediateDirectories: true)
    let hook = try fixture.root.write("#!/bin/sh\nexec cat > '\(told.path)'/$$\n", "hook")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: hook.path)
    var configuration = try await configuration(["MMDICOM_NOTIFY": "hook=command:\(hook.path)"])
    let all = try ["a", "b", "c"].map { name in
      configuration.folders = try folders(name)
      return try #require(
        try NotificationService(
          configuration, ledger, ServiceHealth(), logger: Logger(label: "test") { _ in RecordingLog() }))
    }
    let queue = NoticeQueue("hook", try folders("a"))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for service in all { group.addTask { await service.run() } }
      // Who is new isn't told of the past.
      while queue.cursor == nil { try await Task.sleep(for: .milliseconds(50)) }
      for number in 0..<6 {
        try await ledger.note(Notice.Word.stalled, detail: "part \(number)", at: .now)
      }
      let last = try #require(try await ledger.audit(of: nil, after: 0, limit: 100).last?.number)
      while queue.cursor != last || !queue.waiting.isEmpty { try await Task.sleep(for: .milliseconds(50)) }
      group.cancelAll()
      try await group.waitForAll()
    }
    let numbers = try fixture.root.files(under: "told").map { name in
      let notice = try JSONSerialization.jsonObject(with: Data(contentsOf: told.appending(path: name)))
      return try #require((notice as? [String: Any])?["notice"] as? Int)
    }
    #expect(numbers.count == 6 && Set(numbers).count == 6)
  }

  @Test func aReportThatAnotherWroteToIsWrittenAnew() async throws {
    let (a, b) = (try host("a"), try host("b"))
    _ = try await admit("x", by: a)
    let job = try #require(try await a.reading.nextJobs()?.first)
    try FileManager.default.moveItem(at: fixture.staged(), to: output(of: job))
    try await a.reading.take(.finished(fixture.row(), detail: ""), of: job)
    let report = try #require(fixture.root.read("outbox/report.csv"))
    // A host that stood still went on behind the end.
    try fixture.root.write(report + fixture.rows[0] + "\r\n", "outbox/report.csv")
    _ = try await admit("y", "another", by: b)
    let next = try #require(try await b.reading.nextJobs()?.first)
    var row = fixture.row(.notAnalysed)
    row.refuse(.notAnalysed, code: "lateral", file: "y")
    try await b.reading.take(.finished(row, detail: ""), of: next)
    #expect(fixture.rows.count == 2 && Set(fixture.rows).count == 2)
  }

  // MARK: Folders

  @Test func hostsShareTheFoldersAndNobodyElseDoes() throws {
    let (a, b) = (try folders("a"), try folders("b"))
    let first = try a.lock()
    let second = try b.lock()
    #expect(throws: WriteFailure.self) { try a.lock() }
    // A daemon with a ledger of its own.
    #expect(throws: WriteFailure.self) { try fixture.folders.lock() }
    withExtendedLifetime((first, second)) {}
  }

  @Test func aDaemonWithALedgerOfItsOwnKeepsHostsAway() throws {
    let alone = try fixture.folders.lock()
    #expect(throws: WriteFailure.self) { try folders("a").lock() }
    withExtendedLifetime(alone) {}
  }

  @Test func whatIsOneHostsIsItsOwn() throws {
    let (a, b) = (try folders("a"), try folders("b"))
    #expect(a.staging != b.staging && a.receiving != b.receiving && a.models != b.models)
    #expect(a.spool == b.spool && a.publishing == b.publishing && a.superseded == b.superseded)
    PauseNote(.reading, a).set("a pauses")
    #expect(PauseNote(.reading, b).text == nil)
    #expect(PauseNote(.reading, a).text == "a pauses")
  }

  // MARK: Status

  @Test func theStatusTellsOfEveryHost() async throws {
    let (a, b) = (try host("a"), try host("b"))
    _ = try await admit("x", by: a)
    _ = try #require(try await a.reading.nextJobs()?.first)
    for name in ["a", "b", "c"] { try await ledger.show(name, for: .seconds(60), at: .now) }
    _ = try await ledger.serve(["pacs", "web"], by: "a", at: .now)
    try await ledger.leave("c", at: .now)
    let configuration = DaemonConfiguration.onAnyDisk(b.folders)
    let status = try await LedgerVisit(configuration, ledger).status()
    #expect(status.hosts.keys.sorted() == ["a", "b"])
    let first = try #require(status.hosts["a"])
    #expect((first.files, first.deliveries, first.destinations) == (1, 0, ["pacs", "web"]))
    #expect(status.hosts["b"]?.destinations == [] && status.hosts["b"]?.files == 0)
    let words = try #require(status.table.first { $0.0 == "host a" }).1
    #expect(words.hasSuffix("in hand 1 files, 0 deliveries; delivers to pacs, web"))
    var silent = first
    silent.silentSeconds = 75
    var other = status
    other.hosts["a"] = silent
    #expect(other.table.contains { $0.0 == "host a" && $0.1.hasPrefix("silent for 75 s; ") })
  }

  // MARK: Configuration

  private func configuration(_ more: [String: String]) async throws -> DaemonConfiguration {
    try await DaemonConfiguration.read(
      file: nil, environment: ["MMDICOM_INBOX": "/in", "MMDICOM_OUTBOX": "/out"].merging(more) { $1 })
  }

  @Test func aDatabaseIsToldFromAFolder() async throws {
    let shared = try await configuration([
      "MMDICOM_LEDGER": "postgresql://u@db/mmdicom", "MMDICOM_HOST": "reader-1",
    ])
    #expect(shared.database?.description == "postgresql://u@db/mmdicom")
    #expect(shared.folders.host == "reader-1" && shared.folders.holder == "reader-1")
    #expect(shared.folders.ledger.path == "/ledger")
    let alone = try await configuration(["MMDICOM_LEDGER": "/var/l", "MMDICOM_HOST": "reader-1"])
    #expect(alone.database == nil && alone.folders.host == nil && alone.folders.holder == "serve")
    #expect(alone.folders.ledger.path == "/var/l")
    // The machine's name where nobody says another.
    #expect(try await configuration(["MMDICOM_LEDGER": "postgresql://db/m"]).folders.host != nil)
  }

  @Test(arguments: [
    ["MMDICOM_LEDGER": "postgresql://u:secret@db/mmdicom"],
    ["MMDICOM_LEDGER": "postgresql://db/mmdicom?nonsense=1"],
    ["MMDICOM_LEDGER": "postgresql://db/m", "MMDICOM_HOST": "a/b"],
    ["MMDICOM_LEDGER": "postgresql://db/m", "MMDICOM_HOST": "..x"],
  ])
  func whatCannotBeUsedIsNamedWithoutItsSecret(environment: [String: String]) async throws {
    await #expect {
      _ = try await configuration(environment)
    } throws: { error in
      guard let failure = error as? ConfigurationFailure else { return false }
      return !failure.description.contains("secret") && failure.description.contains("MMDICOM_")
    }
  }
}
