import Analysis
import Daemon
import Files
import Foundation
import Ledger
import Logging
import Synchronization
import SystemPackage
import Testing

/// Files with one UID, with scripted workers: the same picture with another header, another picture, other bytes than
/// were identified. Files hold "STUDY UID PICTURE HEADER".
///
/// With pydicom, from any image `a.dcm` in an uncompressed transfer syntax:
///
///     data = pydicom.dcmread("a.dcm")
///     data.PatientName = "CORRECTED^NAME"; data.save_as("amended.dcm")
///     pixels = data.pixel_array.copy(); pixels[0, 0] ^= 1; data.PixelData = pixels.tobytes(); data.save_as("conflict.dcm")
@Suite struct IdentityTests {
  private let fixture: DeliveryFixture
  private var root: TemporaryFolder { fixture.root }

  init() throws { fixture = try DeliveryFixture() }

  /// What a worker does, as ``WorkerServer`` does it, with texts for pictures.
  static func work(_ request: WorkerRequest) -> ScriptedWorkers.Answer {
    let path = FilePath(text: request.path)
    let words = ((try? String(contentsOfFile: request.path, encoding: .utf8)) ?? "").split(separator: " ")
      .map(String.init)
    guard words.count == 4, let content = ContentDigest(ofFileAt: path) else { return .crash }
    var identity = ImageIdentity()
    identity.studyInstanceUID = words[0]
    identity.sopInstanceUID = words[1]
    switch request {
    case .identify(let id, _):
      return .reply(.identified(id: id, identity, digest: content.description))
    case .analyse(let id, _, let output, _, let terms):
      if let expected = terms.content, expected != content {
        return .reply(.heldBack(id: id, identity, .changed(content)))
      }
      let trace = ReadingTrace(content: content, pixels: ContentDigest(of: words[2]))
      if let standing = terms.standing, standing.pixels != trace.pixels, !standing.isAccepted {
        return .reply(.heldBack(id: id, identity, .conflict(trace)))
      }
      var row = ReportRow(identity: identity, status: .analysed, analysedAt: "now")
      row.outputs = ["\(words[1]).png"]
      let folder = URL(filePath: output)
      try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try? Data(words.joined(separator: " ").utf8).write(to: folder.appending(path: row.outputs[0]))
      return .reply(.finished(id: id, row: row, detail: "", trace: trace))
    }
  }

  private static func configuration(_ fixture: DeliveryFixture) -> DaemonConfiguration {
    var configuration = DaemonConfiguration.onAnyDisk(fixture.folders)
    configuration.settlingTime = .zero
    configuration.scanInterval = .milliseconds(10)
    return configuration
  }

  private static func run(
    _ fixture: DeliveryFixture,
    _ workers: ScriptedWorkers = ScriptedWorkers { request, _ in work(request) },
    _ wrap: (any OpenLedger) -> any StudyLedger = { $0 }
  ) async throws {
    let configuration = configuration(fixture)
    let ledger = try await LedgerOpening.keeper(configuration, runsOnce: true)
    defer { try? ledger.close() }
    let logger = Logger(label: "test") { _ in RecordingLog() }
    let work = InboxWork(configuration, runsOnce: true, ledger: wrap(ledger), logger: logger)
    try await work.start(fileSystemTime: nil)
    try await work.run(workers, identifiers: workers)
  }

  private func visit() throws -> LedgerVisit { try LedgerVisit(Self.configuration(fixture)) }

  private var outputs: [String] { root.files.filter { $0.hasPrefix("outbox/9") } }

  @Test func theSamePictureWithAnotherHeaderTakesItsPlace() async throws {
    try root.write("9.1 1.1 lungs old", "inbox/a")
    try await Self.run(fixture)
    try root.write("9.1 1.1 lungs new", "inbox/b")
    try await Self.run(fixture)
    #expect(root.read("outbox/9.1/1.1.png") == "9.1 1.1 lungs new")
    #expect(outputs == ["outbox/9.1/1.1.png"])
    #expect(fixture.rows.count == 1 && fixture.rows[0].hasSuffix(",amended"))
    // What was there before is kept, elsewhere.
    let kept = root.files(under: "ledger/superseded")
    #expect(kept.count == 1 && kept.first?.wholeMatch(of: /9\.1\/1\.1\.[0-9a-f]{16}\.png/) != nil)
    #expect(root.read("ledger/superseded/" + (kept.first ?? "")) == "9.1 1.1 lungs old")
    #expect(root.files.filter { $0.hasPrefix("done/") } == ["done/a", "done/b"])
    // The first comes again: answered by what is known.
    try root.write("9.1 1.1 lungs old", "inbox/c")
    try await Self.run(fixture)
    #expect(root.read("outbox/9.1/1.1.png") == "9.1 1.1 lungs new")
  }

  @Test func aHeaderThatNamesAnotherStudyTakesItsResultsAlong() async throws {
    try root.write("9.1 1.1 lungs old", "inbox/a")
    try root.write("9.2 1.1 lungs new", "inbox/b")
    try await Self.run(fixture)
    #expect(outputs == ["outbox/9.2/1.1.png"])
    #expect(fixture.rows.count == 1)
  }

  @Test func anotherPictureWaitsForADecision() async throws {
    try root.write("9.1 1.1 lungs old", "inbox/a")
    try root.write("9.1 1.1 hand old", "inbox/b")
    try await Self.run(fixture)
    #expect(root.read("outbox/9.1/1.1.png") == "9.1 1.1 lungs old")
    #expect(outputs == ["outbox/9.1/1.1.png"])
    #expect(fixture.rows.map { $0.contains(",not_analysed,uid_conflict,") } == [false, true])
    #expect(try await visit().status().parked == 1)
    #expect(try await visit().retry(nil, reason: nil, accepting: false) == [])
    // Nothing comes of waiting, and nothing is lost by it.
    try await Self.run(fixture)
    #expect(root.files.filter { $0.hasPrefix("done/") } == ["done/a"])
    #expect(try await visit().retry("1.1", reason: nil, accepting: true).count == 1)
    try await Self.run(fixture)
    #expect(root.read("outbox/9.1/1.1.png") == "9.1 1.1 hand old")
    #expect(fixture.rows.count == 1 && fixture.rows[0].hasSuffix(",amended"))
    #expect(root.files.filter { $0.hasPrefix("done/") } == ["done/a", "done/b"])
    #expect(try await visit().status().parked == 0)
  }

  @Test func ofSeveralPicturesOneIsAcceptedByItsTag() async throws {
    for (name, text) in [("a", "lungs"), ("b", "hand"), ("c", "foot")] {
      try root.write("9.1 1.1 \(text) old", "inbox/" + name)
      try await Self.run(fixture)
    }
    let tags = ["hand", "foot"].map { ContentDigest(of: "9.1 1.1 \($0) old").description.prefix(8) }
    for (name, reason) in [("1.1", nil), ("9.1", nil), (nil, "uid_conflict"), (nil, nil)] {
      let error = await #expect(throws: AmbiguousConflict.self) {
        try await visit().retry(name, reason: reason, accepting: true)
      }
      #expect(error?.tags == tags.map(String.init))
    }
    #expect(try await visit().status().parked == 2)
    #expect(try await visit().retry(String(tags[0]), reason: nil, accepting: true) == [String(tags[0])])
    try await Self.run(fixture)
    #expect(root.read("outbox/9.1/1.1.png") == "9.1 1.1 hand old")
    #expect(try await visit().status().parked == 1)
    // One is left to decide on.
    #expect(try await visit().retry("1.1", reason: nil, accepting: true) == [String(tags[1])])
  }

  @Test func whatIsAmendedIsntSaidToBeTriedAgain() async throws {
    for text in ["old", "new"] {
      try root.write("9.1 1.1 lungs \(text)", "inbox/" + text)
      try await Self.run(fixture)
    }
    let tags = ["old", "new"].map { String(ContentDigest(of: "9.1 1.1 lungs \($0)").description.prefix(8)) }
    #expect(try await visit().retry(tags[0], reason: nil, accepting: false) == [])
    #expect(root.files.filter { $0.hasPrefix("done/") } == ["done/new", "done/old"])
    #expect(try await visit().retry("1.1", reason: nil, accepting: false) == [tags[1]])
  }

  @Test func aPictureThatSomebodyRefusesIsRejectedForGood() async throws {
    try root.write("9.1 1.1 lungs old", "inbox/a")
    try root.write("9.1 1.1 hand old", "inbox/b")
    try await Self.run(fixture)
    #expect(try await visit().dismiss("1.1").count == 1)
    #expect(try await visit().dismiss("1.1") == [])
    try await Self.run(fixture)
    #expect(root.read("rejected/b") == "9.1 1.1 hand old")
    #expect(root.read("rejected/b.reason.txt")?.contains("uid_conflict_dismissed") == true)
    #expect(root.read("outbox/9.1/1.1.png") == "9.1 1.1 lungs old" && outputs.count == 1)
    // The image has its row, and what was refused is none.
    #expect(fixture.rows.count == 1 && fixture.rows[0].contains(",analysed,"))
    #expect(try await visit().status().parked == 0)
    #expect(try await visit().audit().isIntact)
    // It comes again, and is answered by what is known.
    try root.write("9.1 1.1 hand old", "inbox/c")
    try await Self.run(fixture)
    #expect(root.read("rejected/c") == "9.1 1.1 hand old")
    #expect(try await visit().status().parked == 0)
    // Somebody thinks better of it.
    let tag = ContentDigest(of: "9.1 1.1 hand old").description.prefix(8)
    #expect(try await visit().retry(String(tag), reason: nil, accepting: false).count == 1)
    try await Self.run(fixture)
    #expect(try await visit().status().parked == 1)
    #expect(fixture.rows.map { $0.contains(",not_analysed,uid_conflict,") } == [false, true])
  }

  @Test(arguments: [false, true])
  func aCrashWhileWhatIsRefusedGoesLeavesNoTrace(isAnswerLost: Bool) async throws {
    func filled() async throws -> DeliveryFixture {
      let site = try Self.filled()
      try await Self.run(site)
      let dismissed = try await LedgerVisit(Self.configuration(site)).dismiss("1.1")
      #expect(dismissed.count == 1)
      return site
    }
    let undisturbed = try await filled()
    try await Self.run(undisturbed)
    let expected = Self.picture(undisturbed)
    #expect(expected.contains("rejected/c: 9.1 1.1 hand old") && undisturbed.rows.count == 2)
    let crashes = try await Self.crashing(isAnswerLost: isAnswerLost, filled) { site, last in
      #expect(Self.pictureWithoutTimes(site) == Self.pictureWithoutTimes(undisturbed), "call \(last)")
    }
    #expect(crashes > 5)
  }

  /// Dies at each call of the ledger in turn, until none is left to die at, and goes on undisturbed each time.
  /// - Returns: how often it died.
  private static func crashing(
    isAnswerLost: Bool, _ filled: () async throws -> DeliveryFixture,
    _ check: (DeliveryFixture, _ call: Int) throws -> Void
  ) async throws -> Int {
    var crashes = 0
    for last in 1... {
      let site = try await filled()
      var crashing: CrashingLedger?
      do {
        try await run(site) {
          let ledger = CrashingLedger($0, last: last, isAnswerLost: isAnswerLost)
          crashing = ledger
          return ledger
        }
      } catch is LedgerError { crashes += 1 }
      let hasCrashed = try #require(crashing).hasCrashed
      try await run(site)
      try check(site, last)
      if !hasCrashed { break }
    }
    return crashes
  }

  /// Without the moments in reasons.
  private static func pictureWithoutTimes(_ fixture: DeliveryFixture) -> [String] {
    picture(fixture).map { line in
      line.split(separator: "\n").filter { !$0.hasPrefix("when:") && !$0.hasPrefix("modified:") }
        .joined(separator: "\n")
    }
  }

  @Test func whatChangedAfterItCameIsReadForWhatItIs() async throws {
    try root.write("9.1 1.1 lungs old", "inbox/a")
    let isChanged = Mutex(false)
    let workers = ScriptedWorkers { request, _ in
      if case .analyse(_, let path, _, _, _) = request,
        isChanged.withLock({ done in
          defer { done = true }
          return !done
        })
      {
        try? Data("9.1 1.2 hand new".utf8).write(to: URL(filePath: path))
      }
      return Self.work(request)
    }
    try await Self.run(fixture, workers)
    #expect(outputs == ["outbox/9.1/1.2.png"] && root.read("outbox/9.1/1.2.png") == "9.1 1.2 hand new")
    #expect(fixture.rows.count == 1 && fixture.rows[0].hasSuffix(",content_changed"))
    #expect(root.read("done/a") == "9.1 1.2 hand new")
  }

  @Test func aWorkerThatSaysItReadOtherBytesIsBelieved() async throws {
    try root.write("9.1 1.1 lungs old", "inbox/a")
    let first = Mutex(true)
    let workers = ScriptedWorkers { request, _ in
      let answer = Self.work(request)
      guard case .analyse = request, case .reply(.finished(let id, let row, _, _)) = answer,
        first.withLock({ first in
          defer { first = false }
          return first
        })
      else { return answer }
      return .reply(
        .finished(id: id, row: row, detail: "", trace: ReadingTrace(content: ContentDigest(of: "other"))))
    }
    try await Self.run(fixture, workers)
    // Identified by what was read, then found to be what it was: the row says that something was wrong.
    #expect(fixture.rows.count == 1 && fixture.rows[0].hasSuffix(",content_changed"))
    #expect(outputs == ["outbox/9.1/1.1.png"])
  }

  @Test func anImageThatIsForgottenTakesItsSupersededResultsAlong() async throws {
    try root.write("9.1 1.1 lungs old", "inbox/a")
    try await Self.run(fixture)
    try root.write("9.1 1.1 lungs new", "inbox/b")
    try await Self.run(fixture)
    #expect(root.files(under: "ledger/superseded").count == 1)
    var configuration = Self.configuration(fixture)
    configuration.retention.days = 1
    let ledger = try await LedgerOpening.keeper(configuration, runsOnce: true)
    defer { try? ledger.close() }
    let logger = Logger(label: "test") { _ in RecordingLog() }
    let later = Timestamp(milliseconds: Timestamp.now.milliseconds + 2 * 86_400_000)
    let tally = try await Retention(configuration, ledger: ledger, logger: logger).pass(at: later)
    #expect(tally.images == 2 && tally.stuck == 0)
    #expect(root.files(under: "ledger/superseded") == [] && outputs == [])
  }

  // MARK: Crashes

  /// An image, one that amends it, one that conflicts with it, and one that amends it again.
  private static let files = [
    "a": "9.1 1.1 lungs old", "b": "9.1 1.1 lungs new", "c": "9.1 1.1 hand old", "d": "9.1 1.1 lungs newest",
    "e": "9.2 2.1 lungs old",
  ]

  private static func filled() throws -> DeliveryFixture {
    let fixture = try DeliveryFixture()
    for (name, text) in files { try fixture.root.write(text, "inbox/" + name) }
    return fixture
  }

  private static func picture(_ fixture: DeliveryFixture) -> [String] {
    let files = fixture.root.files.filter { !$0.hasSuffix("report.csv") }
    let kept = fixture.root.files(under: "ledger/superseded")
    let spooled = fixture.root.files(under: "ledger/spool").count
    let rows = fixture.rows.map { row in
      row.split(separator: ",", omittingEmptySubsequences: false).enumerated()
        .filter { ![15, 16].contains($0.offset) }.map { String($0.element) }.joined(separator: ",")
    }
    return files.map { "\($0): \(fixture.root.read($0) ?? "")" } + kept + rows.sorted() + [
      "\(spooled) spooled"
    ]
  }

  @Test(arguments: [false, true])
  func aCrashAtAnyCallOfTheLedgerLeavesNoTrace(isAnswerLost: Bool) async throws {
    let undisturbed = try Self.filled()
    try await Self.run(undisturbed)
    let expected = Self.picture(undisturbed)
    #expect(expected.contains("outbox/9.1/1.1.png: 9.1 1.1 lungs newest"))
    #expect(expected.filter { $0.hasPrefix("done/") }.count == 4)
    #expect(undisturbed.rows.count == 3)
    let crashes = try await Self.crashing(isAnswerLost: isAnswerLost, Self.filled) { site, last in
      #expect(Self.picture(site) == expected, "after a crash at call \(last)")
    }
    // How many files share a call depends on which of them are there in time.
    #expect(crashes > 25)
  }
}
