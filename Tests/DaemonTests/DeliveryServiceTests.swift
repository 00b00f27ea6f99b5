import DICOMNetwork
import Daemon
import Files
import Foundation
import Ledger
import Logging
import Synchronization
import SystemPackage
import Testing

@Suite("Results on their way to other systems, with scripted senders")
struct DeliveryServiceTests {
  private let fixture: DeliveryFixture
  private let bell = WakeUpCall()
  private let log = RecordingLog()
  private var ledger: SQLiteLedger { fixture.desk.ledger }

  init() throws { fixture = try DeliveryFixture() }

  /// Images with one result each, for these destinations; study `number / 10`.
  private func complete(_ numbers: ClosedRange<Int>, for destinations: [String] = ["pacs"]) async throws {
    _ = try await ledger.admit(
      numbers.map { number in
        Admission(
          content: ContentDigest(of: Data("image \(number)".utf8)), studyInstanceUID: "1.2.\(number / 10)",
          sopInstanceUID: "1.2.3.\(number)", spooled: Array("\(number)".utf8), sender: Array("\(number)".utf8)
        )
      }, at: .now)
    while let claim = try await ledger.claim(
      by: "test", limit: 100, order: .arrival, for: .seconds(60), keeping: [], at: .now + .seconds(600))
    {
      for instance in claim.instances {
        var result = Completion.Result(
          kind: "report", path: Array("\(instance.sopInstanceUID).dcm".utf8), uid: "2.25.\(instance.id)",
          content: instance.content, destinations: destinations)
        result.studyInstanceUID = instance.studyInstanceUID
        let completion = Completion(.analysed, record: [], results: [result], home: instance.sender)
        try await ledger.complete(instance.id, token: claim.lease.token, completion, at: .now)
      }
    }
  }

  private func route(_ name: String, _ senders: ScriptedSenders, commitment: Bool = false) throws
    -> DeliveryRoute
  {
    let address = try DICOMAddress("dicom://PEER@localhost:11112")
    var destination = Destination(name: name, address: .dicom(address))
    destination.wantsCommitment = commitment
    return DeliveryRoute(
      destination, .dicom(DICOMEndpoint(address, AssociationOptions())), launcher: senders)
  }

  /// Delivers until nothing is due, or a destination takes nothing.
  private func runOnce(_ routes: [DeliveryRoute]) async throws {
    let service = DeliveryService(
      fixture.folders, ledger: ledger, runsOnce: true, bell: bell, logger: Logger(label: "test") { _ in log })
    await service.serve(routes)
    await service.readingIsOver()
    try await service.run()
  }

  private func states(_ destination: String = "pacs") async throws -> [String: Int] {
    var states: [String: Int] = [:]
    for instance in try await ledger.instances(.unfiled, after: 0, limit: 1000) {
      for delivery in try await ledger.deliveries(of: instance.id) where delivery.destination == destination {
        states[String("\(delivery.state)".prefix { $0 != "(" }), default: 0] += 1
      }
    }
    return states
  }

  @Test("everything is sent, a study at a time, through one process")
  func sends() async throws {
    try await complete(0...49)
    let senders = ScriptedSenders { _ in .taken("0000") }
    try await runOnce([route("pacs", senders)])
    #expect(try await states() == ["sent": 50])
    #expect(senders.started == 1)
    #expect(senders.batches.map(\.count) == [32, 18])
    let first = try #require(senders.batches.first)
    // The study of the first comes as a whole.
    #expect(Set(first.prefix(10).map(\.studyInstanceUID)).count == 1)
    #expect(
      first[0].path
        == FilePath(of: fixture.folders.outbox).pushing(FilePath("1.2.3.\(first[0].sopNumber).dcm")).text)
  }

  @Test("a destination that is down holds back nothing of another")
  func down() async throws {
    try await complete(1...5, for: ["pacs", "web"])
    let down = ScriptedSenders { _, _ in [.say(.sent(trouble: PeerTrouble("no connection")))] }
    let up = ScriptedSenders { _ in .taken("200") }
    try await runOnce([route("pacs", down), route("web", up)])
    #expect(try await states("web") == ["sent": 5])
    // It isn't the objects' fault: no attempt was counted.
    #expect(try await states("pacs") == ["due": 5])
    #expect(try await ledger.deliveries(of: 1).map(\.state.attempts) == [0, 1])
    #expect(PauseNote(deliveryTo: "pacs", fixture.folders).text?.contains("no connection; next try") == true)
    #expect(PauseNote(deliveryTo: "web", fixture.folders).text == nil)
  }

  @Test("a destination that answers nothing starves none, and keeps its lease")
  func hanging() async throws {
    try await complete(1...5, for: ["pacs", "web"])
    let hanging = ScriptedSenders { _, _ in [.hang] }
    let up = ScriptedSenders { _ in .taken("200") }
    let routes = [try route("pacs", hanging), try route("web", up)]
    let running = Task { try await runOnce(routes) }
    while try await states("web") != ["sent": 5] { try await Task.sleep(for: .milliseconds(20)) }
    #expect(try await states("pacs") == ["sending": 5])
    running.cancel()
    _ = await running.result
    // A start gives back what was in hand.
    try await ledger.recover(holder: "serve", at: .now)
    #expect(try await states("pacs") == ["due": 5])
  }

  @Test("refusals by kind: tried again later, parked, or taken with a warning")
  func refusals() async throws {
    try await complete(1...4)
    let senders = ScriptedSenders { object in
      switch object.sopNumber {
      case "1": .refusedForNow("A700: out of resources")
      case "2": .refusedForGood("A900: DOE^JOHN doesn't fit")
      case "3": .taken("B007")
      default: .taken("0000")
      }
    }
    try await runOnce([route("pacs", senders)])
    #expect(try await states() == ["sent": 2, "parked": 1, "delayed": 1])
    let answers = try await [1, 2, 3].asyncMap { try await ledger.deliveries(of: $0)[0].answer }
    #expect(answers == ["A700: out of resources", "A900: DOE^JOHN doesn't fit", "B007"])
    // What a peer says may name anybody: codes alone are logged and stand in the trail.
    #expect(log.text.contains("A900") && !log.text.contains("DOE"))
    let trail = try await ledger.audit(of: nil, after: 0, limit: 1000)
    #expect(trail.contains { $0.detail.contains("A900") } && !trail.contains { $0.detail.contains("DOE") })
  }

  @Test("one object on which senders die takes no other with it")
  func dying() async throws {
    try await complete(1...6)
    let senders = ScriptedSenders { request, _ in
      guard case .send(let objects) = request else { return [] }
      let poison = objects.firstIndex { $0.sopNumber == "4" } ?? objects.endIndex
      let answers = objects[..<poison].map {
        ScriptedSenders.Step.say(.news(.answered(id: $0.id, .taken("0000"))))
      }
      return answers + [poison < objects.endIndex ? .die : .say(.sent(trouble: nil))]
    }
    // A single run ends at the first trouble; the next goes on.
    for _ in 0..<3 { try await runOnce([route("pacs", senders)]) }
    #expect(try await states() == ["sent": 5, "delayed": 1])
    #expect(try await ledger.deliveries(of: 4)[0].answer == "the sender process died or hung on it")
  }

  @Test("a sender that answers what it wasn't asked isn't believed")
  func nonsense() async throws {
    try await complete(1...2)
    let senders = ScriptedSenders { _, _ in [.say(.news(.answered(id: 77, .taken("0000"))))] }
    try await runOnce([route("pacs", senders)])
    #expect(try await states() == ["delayed": 1, "due": 1])
  }

  @Test("what is withdrawn while it is sent isn't taken for sent")
  func withdrawn() async throws {
    try await complete(1...2)
    let ledger = ledger
    let senders = ScriptedSenders { request, _ in
      guard case .send(let objects) = request else { return [] }
      _ = try? await ledger.retryDeliveries(to: "pacs", givingUp: true, at: .now)
      return objects.map { .say(.news(.answered(id: $0.id, .taken("0000")))) } + [.say(.sent(trouble: nil))]
    }
    try await runOnce([route("pacs", senders)])
    #expect(try await states() == ["withdrawn": 2])
  }

  @Test("the question for a commitment is noted before it is asked, and its answer settles it")
  func commitment() async throws {
    try await complete(1...3)
    let ledger = ledger
    let senders = ScriptedSenders { request, _ in
      switch request {
      case .send(let objects):
        return objects.map { .say(.news(.answered(id: $0.id, .taken("0000")))) } + [.say(.sent(trouble: nil))]
      case .askCommitment(let transaction, let objects):
        // It answers another way at once, for one.
        let report = CommitmentReport(transaction: transaction, committed: [objects[0].sopInstanceUID])
        #expect(await (try? ledger.note(report, at: .now)) == 1)
        return [.say(.commitment(.answered(committed: [], failed: [objects[1].sopInstanceUID: 0x0122])))]
      case .open, .confirmCommitment: return []
      }
    }
    try await runOnce([route("pacs", senders, commitment: true)])
    #expect(try await states() == ["sent": 1, "parked": 1, "stored": 1])
  }

  @Test("a destination that commits to nothing is said so, and what it took is parked")
  func noCommitment() async throws {
    try await complete(1...2)
    let senders = ScriptedSenders { request, _ in
      switch request {
      case .send(let objects):
        objects.map { .say(.news(.answered(id: $0.id, .taken("0000")))) } + [.say(.sent(trouble: nil))]
      case .askCommitment: [.say(.commitment(.refused("no such service", isForGood: true)))]
      case .open, .confirmCommitment: []
      }
    }
    try await runOnce([route("pacs", senders, commitment: true)])
    #expect(try await states() == ["parked": 2])
    #expect(log.text.contains("take it out of delivery_commitment"))
  }

  /// What a peer that doesn't answer for one object in time looks like.
  private static func trouble(_ words: String, with object: SentObject) -> ScriptedSenders.Step {
    var trouble = PeerTrouble(words)
    trouble.onTheirWay = [object.id]
    return .say(.sent(trouble: trouble))
  }

  @Test("a peer that doesn't answer in time is at fault itself: no attempt is counted")
  func late() async throws {
    try await complete(1...3)
    let senders = ScriptedSenders { request, _ in
      guard case .send(let objects) = request else { return [] }
      return [Self.trouble("the peer takes too long", with: objects[0])]
    }
    for _ in 0..<5 { try await runOnce([route("pacs", senders)]) }
    #expect(try await states() == ["due": 3])
    #expect(try await ledger.deliveries(of: 1)[0].state.attempts == 0)
  }

  @Test("an object on which alone a destination fails, while others pass, blocks nothing and is parked")
  func failsAlone() async throws {
    try await complete(1...6)
    let senders = ScriptedSenders { request, _ in
      guard case .send(let objects) = request else { return [] }
      if let poison = objects.first(where: { $0.sopNumber == "1" }) {
        var trouble = PeerTrouble("503: it can't take objects now")
        trouble.onTheirWay = objects.map(\.id)
        return objects.count == 1 ? [Self.trouble("503", with: poison)] : [.say(.sent(trouble: trouble))]
      }
      return objects.map { .say(.news(.answered(id: $0.id, .taken("200")))) } + [.say(.sent(trouble: nil))]
    }
    let service = DeliveryService(
      fixture.folders, ledger: ledger, runsOnce: false, bell: bell, logger: Logger(label: "test") { _ in log }
    )
    await service.serve([try route("pacs", senders)])
    let running = Task { try await service.run() }
    // Each pause is ended as a person would.
    let visit = LedgerVisit(DaemonConfiguration.onAnyDisk(fixture.folders), ledger)
    var next = 7
    while try await states()["parked"] != 1 {
      try await Task.sleep(for: .milliseconds(20))
      let isPaused = PauseNote(deliveryTo: "pacs", fixture.folders).text != nil
      let isDelayed = try await states()["delayed"] == 1
      guard isPaused || isDelayed else { continue }
      // Something else comes, and what waits is due at once.
      try await complete(next...next)
      next += 1
      _ = try await visit.retryDeliveries(to: "pacs", givingUp: false)
      await bell.ring()
    }
    let parked = try await ledger.deliveries(of: 1)[0]
    #expect(parked.answer == "it alone, while others are taken: 503")
    while try await states()["sent", default: 0] != next - 2 { try await Task.sleep(for: .milliseconds(20)) }
    running.cancel()
    _ = await running.result
    // Whoever lets all go that waits lets this go, too, and is told whose it is.
    let tags = try await visit.retry(nil, reason: nil, accepting: false)
    #expect(try await tags == ledger.instances(.instance(1), after: 0, limit: 1).map(\.tag))
    #expect(try await states()["parked"] == nil)
  }

  @Test("a person ends a pause")
  func retryEndsAPause() async throws {
    try await complete(1...2)
    let isUp = Atomic<Bool>(false)
    let senders = ScriptedSenders { request, _ in
      guard case .send(let objects) = request else { return [] }
      guard isUp.load(ordering: .relaxed) else {
        return [.say(.sent(trouble: PeerTrouble("no", retryAfter: 3600)))]
      }
      return objects.map { .say(.news(.answered(id: $0.id, .taken("0000")))) } + [.say(.sent(trouble: nil))]
    }
    let service = DeliveryService(
      fixture.folders, ledger: ledger, runsOnce: false, bell: bell, logger: Logger(label: "test") { _ in log }
    )
    await service.serve([try route("pacs", senders)])
    let running = Task { try await service.run() }
    let note = PauseNote(deliveryTo: "pacs", fixture.folders)
    while note.text == nil { try await Task.sleep(for: .milliseconds(20)) }
    isUp.store(true, ordering: .relaxed)
    let visit = LedgerVisit(DaemonConfiguration.onAnyDisk(fixture.folders), ledger)
    #expect(try await visit.retryDeliveries(to: "pacs", givingUp: false) == 2)
    while try await states() != ["sent": 2] { try await Task.sleep(for: .milliseconds(20)) }
    running.cancel()
    _ = await running.result
  }

  @Test(
    "a peer that says nothing holds up neither other settings nor what waits for others",
    .timeLimit(.minutes(2)))
  func muteAtReload() async throws {
    try await complete(1...2, for: ["pacs"])
    let mute = ScriptedSenders { _, _ in [.hang] }
    let up = ScriptedSenders { _ in .taken("0000") }
    let service = DeliveryService(
      fixture.folders, ledger: ledger, runsOnce: false, bell: bell, logger: Logger(label: "test") { _ in log }
    )
    await service.serve([try route("pacs", mute)])
    let running = Task { try await service.run() }
    while try await states() != ["sending": 2] { try await Task.sleep(for: .milliseconds(20)) }
    await service.serve([try route("pacs", up)])
    while try await states() != ["sent": 2] { try await Task.sleep(for: .milliseconds(20)) }
    // What was on its way was nobody's fault.
    #expect(try await ledger.deliveries(of: 1)[0].state.attempts == 1)
    running.cancel()
    _ = await running.result
  }

  @Test("a question that doesn't get through is no denial: it is asked again")
  func failedQuestion() async throws {
    try await complete(1...2)
    let senders = ScriptedSenders { request, number in
      switch request {
      case .send(let objects):
        return objects.map { .say(.news(.answered(id: $0.id, .taken("0000")))) } + [.say(.sent(trouble: nil))]
      case .askCommitment(_, let objects):
        // The first time the connection is gone.
        guard number > 2 else { return [.say(.commitment(.failed(PeerTrouble("cut off"))))] }
        return [.say(.commitment(.answered(committed: objects.map(\.sopInstanceUID), failed: [:])))]
      case .open, .confirmCommitment: return []
      }
    }
    let service = DeliveryService(
      fixture.folders, ledger: ledger, runsOnce: false, bell: bell, logger: Logger(label: "test") { _ in log }
    )
    await service.serve([try route("pacs", senders, commitment: true)])
    let running = Task { try await service.run() }
    let note = PauseNote(deliveryTo: "pacs", fixture.folders)
    while note.text == nil { try await Task.sleep(for: .milliseconds(20)) }
    #expect(try await states() == ["stored": 2])
    note.clear()
    while try await states() != ["sent": 2] { try await Task.sleep(for: .milliseconds(20)) }
    // Nothing was sent twice; the peer heard that its answer is kept.
    #expect(senders.batches.map(\.count) == [2])
    while senders.requests.last != .confirmCommitment(isKept: true) {
      try await Task.sleep(for: .milliseconds(20))
    }
    running.cancel()
    _ = await running.result
  }

  @Test("what is published later is sent at once, and other settings are taken up")
  func wakesUp() async throws {
    let senders = ScriptedSenders { _ in .taken("0000") }
    let service = DeliveryService(
      fixture.folders, ledger: ledger, runsOnce: false, bell: bell, logger: Logger(label: "test") { _ in log }
    )
    await service.serve([])
    let running = Task { try await service.run() }
    try await complete(1...3)
    await service.serve([try route("pacs", senders)])
    while try await states() != ["sent": 3] { try await Task.sleep(for: .milliseconds(10)) }
    try await complete(4...6)
    await bell.ring()
    while try await states() != ["sent": 6] { try await Task.sleep(for: .milliseconds(10)) }
    // A destination that is gone parks what comes for it.
    try await complete(7...7, for: ["pacs", "old"])
    await service.serve([try route("pacs", senders)])
    while try await states("old") != ["parked": 1] { try await Task.sleep(for: .milliseconds(10)) }
    running.cancel()
    _ = await running.result
  }
}

extension SentObject {
  /// The last part of the number that the test gave the image.
  fileprivate var sopNumber: String {
    String(path.split(separator: "/").last?.split(separator: ".")[3] ?? "")
  }
}

extension Array {
  fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async rethrows -> [Value] {
    var values: [Value] = []
    for element in self { values.append(try await body(element)) }
    return values
  }
}
