import DICOM
import DICOMNetwork
import Files
import FoundationEssentials
import Ledger
import Logging
import SystemPackage

/// Sends what the ledger has for one destination, in batches of a study, through a process that is kept while there is
/// something to send.
struct DestinationDelivery: Sendable {
  private let route: DeliveryRoute
  private let ledger: any StudyLedger
  private let bell: WakeUpCall
  private let note: PauseNote
  private let outbox: URL
  private let holder: String
  private let logger: Logger
  /// False when a stop was asked for, or there are other settings.
  private let goesOn: @Sendable () async -> Bool
  /// Whether to end when nothing is due.
  private let endsWhenIdle: @Sendable () async -> Bool

  static let lease = Duration.seconds(60)
  /// Objects that are remembered to be asked for.
  private static let mostUnasked = 4096
  /// Objects in a batch.
  static let portion = 32
  /// So long the way stays open for what comes next.
  private static let lingering = Duration.seconds(5)
  /// Other programs may let something go, and don't ring.
  private static let longestWait = Duration.seconds(5)
  /// How soon a person is heard who ends a pause.
  private static let longestPause = Duration.seconds(1)
  /// What is on its way has so long to end when nothing more is to be sent: a peer that says nothing mustn't hold up other
  /// settings, or a stop. It is sent again.
  private static let farewell = Duration.seconds(4)

  init(
    _ route: DeliveryRoute, ledger: any StudyLedger, bell: WakeUpCall, note: PauseNote, outbox: URL,
    holder: String,
    logger: Logger, goesOn: @escaping @Sendable () async -> Bool,
    endsWhenIdle: @escaping @Sendable () async -> Bool
  ) {
    self.route = route
    self.ledger = ledger
    self.bell = bell
    self.note = note
    self.outbox = outbox
    self.holder = holder
    self.goesOn = goesOn
    self.endsWhenIdle = endsWhenIdle
    var logger = logger
    logger[metadataKey: "destination"] = "\(route.destination.name)"
    self.logger = logger
  }

  private var name: String { route.destination.name }

  /// What ended a time with one sender.
  fileprivate enum End: Sendable {
    case idle
    case trouble(PeerTrouble)
    /// The sender died or hung with objects on their way: perhaps it is one of them.
    case senderLost
    /// An object alone was to blame: the way is lost, and the destination well.
    case blamed
  }

  /// What is remembered from one sender to the next.
  private struct Course: Sendable {
    /// After a sender died, or trouble came with several on their way, so many objects go by themselves, so that the one
    /// to blame is found.
    var singly = 0
    var suspicion = Suspicion()
    /// What the peer took, and couldn't be asked to keep.
    var unasked: [SentObject] = []
    var hasDelivered = false
  }

  func run() async throws {
    var breaker = Breaker()
    var course = Course()
    while await goesOn() {
      let rings = await bell.rings
      do {
        let claim = try await self.claim()
        guard claim != nil || !course.unasked.isEmpty else {
          if await endsWhenIdle() { return }
          await bell.wait(atMost: try await idleTime(), unlessRungSince: rings)
          continue
        }
        course.hasDelivered = false
        let end: End
        (end, course) = try await sent(claim, course)
        if course.hasDelivered { breaker.succeeded() }
        switch end {
        case .idle: break
        case .blamed: course.singly = Self.portion
        case .senderLost:
          course.singly = Self.portion
          if await pause(PeerTrouble("the sender process died, or said nothing for too long"), &breaker) {
            return
          }
        case .trouble(let trouble):
          if trouble.isCut || !trouble.onTheirWay.isEmpty { course.singly = Self.portion }
          if await pause(trouble, &breaker) { return }
        }
      } catch let error as LedgerError where !error.isRetryable {
        throw error
      } catch {
        try Task.checkCancellation()
        if await pause(PeerTrouble("\(error)"), &breaker) { return }
      }
    }
  }

  private func claim() async throws -> DeliveryClaim? {
    try await ledger.nextDeliveries(
      to: name, by: holder, limit: Self.portion, order: .fair, for: Self.lease, at: .now)
  }

  private func idleTime() async throws -> Duration {
    guard let next = try await ledger.nextDelivery(to: name, at: .now) else { return Self.longestWait }
    let wait = Duration.milliseconds(next.milliseconds - Timestamp.now.milliseconds)
    return max(.milliseconds(10), min(wait, Self.longestWait))
  }

  /// Waits before the next try.
  /// - Returns: whether to end instead.
  private func pause(_ trouble: PeerTrouble, _ breaker: inout Breaker) async -> Bool {
    let wait = max(breaker.failed(), .seconds(trouble.retryAfter ?? 0))
    logger.warning(
      "a destination takes nothing; it is tried again by itself",
      metadata: ["why": "\(trouble)", "seconds": "\(wait.components.seconds)"])
    note.set("\(trouble); next try \((Timestamp.now + wait).text)")
    let isTold = note.text != nil
    let end = ContinuousClock.now + wait
    while .now < end {
      let rings = await bell.rings
      if await endsWhenIdle() { return true }
      guard await goesOn() else { return false }
      // `mmdicom retry --destination` takes the note away.
      if isTold, note.text == nil {
        breaker.succeeded()
        return false
      }
      await bell.wait(atMost: min(end - .now, Self.longestPause), unlessRungSince: rings)
    }
    return false
  }

  // MARK: With a sender

  private func sent(_ claim: DeliveryClaim?, _ course: Course) async throws -> (End, Course) {
    do {
      return try await route.launcher.withSender { session in
        var course = course
        let end = try await work(with: session, first: claim, &course)
        return (end, course)
      }
    } catch {
      // What wasn't tried isn't counted; where it was, the lease holds nothing any more.
      if let claim { try? await ledger.release(token: claim.lease.token, at: .now) }
      throw error
    }
  }

  private func work(
    with session: any SenderSession, first: DeliveryClaim?, _ course: inout Course
  ) async throws -> End {
    guard case .ready(let missing)? = await session.reply() else {
      if let first { try await ledger.release(token: first.lease.token, at: .now) }
      return .trouble(PeerTrouble("the sender process ends before it is ready"))
    }
    if !missing.isEmpty {
      logger.notice(
        "this system doesn't offer all that senders are shut in with; the rest holds",
        metadata: ["missing": "\(missing.joined(separator: ", "))"])
    }
    try await session.send(.open(route.endpoint))
    // It's cancelled and awaited at the end of this scope.
    async let _: Void = dismiss(session)
    if let first, case let end = try await deliver(first, through: session, &course), !end.isIdle {
      return end
    }
    if let end = try await askAgain(session, &course) { return end }
    while let claim = try await nextClaim() {
      let end = try await deliver(claim, through: session, &course)
      guard end.isIdle else { return end }
    }
    return .idle
  }

  /// Ends a sender when there are other settings, or a stop: at once where it is idle, and by force where its peer keeps it
  /// waiting.
  private func dismiss(_ session: any SenderSession) async {
    while true {
      let rings = await bell.rings
      if Task.isCancelled { return }
      guard await goesOn() else { break }
      await bell.wait(atMost: Self.longestWait, unlessRungSince: rings)
    }
    await session.close()
    guard (try? await Task.sleep(for: Self.farewell)) != nil else { return }
    session.kill()
  }

  /// What is due, or becomes so while the way stays open.
  private func nextClaim() async throws -> DeliveryClaim? {
    let end = ContinuousClock.now + Self.lingering
    while await goesOn() {
      let rings = await bell.rings
      if let claim = try await claim() { return claim }
      let rest = end - .now
      guard rest > .zero, await !endsWhenIdle() else { return nil }
      await bell.wait(atMost: rest, unlessRungSince: rings)
    }
    return nil
  }

  private func deliver(
    _ claim: DeliveryClaim, through session: any SenderSession, _ course: inout Course
  ) async throws -> End {
    // It's cancelled and awaited at the end of this scope.
    async let _: Void = renew(claim.lease.token)
    var batch = DeliveryBatch(
      claim, below: FilePath(of: outbox), wantsCommitment: route.destination.wantsCommitment)
    var end = End.idle
    for group in groups(of: batch.objects, &course) {
      guard end.isIdle, await goesOn() else { break }
      end = try await send(group, of: &batch, claim, session, &course)
    }
    for settlement in batch.untried { try await settle(settlement, claim) }
    if batch.count > 0 { logger.info("sent", metadata: ["objects": "\(batch.count)"]) }
    if batch.count > 0 || end.isIdle {
      course.hasDelivered = true
      note.clear()
    }
    guard !batch.stored.isEmpty else { return end }
    guard end.isIdle, await goesOn() else {
      course.unasked += batch.stored
      return end
    }
    return try await askCommitment(of: batch.stored, session, &course) ?? end
  }

  /// What is handed to the sender at a time.
  private func groups(of objects: [SentObject], _ course: inout Course) -> [[SentObject]] {
    guard course.singly > 0 else { return [objects] }
    course.singly = max(0, course.singly - objects.count)
    return course.suspicion.ordered(objects, id: \.id).map { [$0] }
  }

  private func send(
    _ group: [SentObject], of batch: inout DeliveryBatch, _ claim: DeliveryClaim,
    _ session: any SenderSession,
    _ course: inout Course
  ) async throws -> End {
    do { try await session.send(.send(group)) } catch { return try await lost(&batch, group, claim) }
    while true {
      guard let reply = await session.reply() else {
        try Task.checkCancellation()
        return try await lost(&batch, group, claim)
      }
      switch reply {
      case .news(.goesOn): continue
      case .news(.answered(let id, let answer)):
        guard let settlement = batch.answered(id, answer) else { return try await lost(&batch, group, claim) }
        if case .taken = answer { course.suspicion.passed(id) }
        try await settle(settlement, claim)
      case .sent(let trouble):
        guard let trouble else { return .idle }
        return try await judge(trouble, &batch, claim, &course)
      case .ready, .commitment: return try await lost(&batch, group, claim)
      }
    }
  }

  /// Whom trouble is blamed on.
  private func judge(
    _ trouble: PeerTrouble, _ batch: inout DeliveryBatch, _ claim: DeliveryClaim, _ course: inout Course
  ) async throws -> End {
    guard trouble.onTheirWay.count == 1, let suspect = trouble.onTheirWay.first,
      case .object(let isForGood) = course.suspicion.failed(suspect)
    else { return .trouble(trouble) }
    let words = "it alone, while others are taken: \(trouble)"
    if let settlement = batch.answered(suspect, isForGood ? .refusedForGood(words) : .refusedForNow(words)) {
      try await settle(settlement, claim)
    }
    return .blamed
  }

  /// The sender is gone, or out of its mind. The first that it didn't answer for is the likeliest to be at fault, unless it
  /// was ended from here.
  private func lost(
    _ batch: inout DeliveryBatch, _ group: [SentObject], _ claim: DeliveryClaim
  ) async throws -> End {
    guard await goesOn() else { return .idle }
    if let settlement = batch.lost(of: group) { try await settle(settlement, claim) }
    return .senderLost
  }

  private func settle(_ settlement: DeliveryBatch.Settlement, _ claim: DeliveryClaim) async throws {
    let delivery = settlement.delivery
    // The disk of the ledger may be full for a moment; what the peer said is kept meanwhile, and the lease renewed.
    var tries = 0
    while let error = await note(settlement, claim) {
      switch error {
      case .leaseLost, .impossible, .unknown:
        // Withdrawn or changed meanwhile: what was sent isn't the result any more.
        return logger.info(
          "a result changed while it was sent", metadata: ["result": "\(delivery.result.id)"])
      default:
        guard error.isRetryable, tries < 20 else { throw error }
        tries += 1
        try await Task.sleep(for: .seconds(1))
      }
    }
    switch settlement.answer {
    case .taken, .stored, .untried: break
    case .refusedForNow, .refusedForGood:
      var metadata: Logger.Metadata = [
        "result": "\(delivery.result.id)", "kind": "\(delivery.result.kind)",
        "status": "\(settlement.words.prefix { $0 != ":" })",
      ]
      if logger.logLevel <= .debug { metadata["words"] = "\(settlement.words)" }
      logger.warning(
        settlement.answer == .refusedForNow
          ? "a result was refused for the time being" : "a result was refused: parked until 'mmdicom retry'",
        metadata: metadata)
    }
  }

  private func note(_ settlement: DeliveryBatch.Settlement, _ claim: DeliveryClaim) async -> LedgerError? {
    do throws(LedgerError) {
      try await ledger.settle(
        settlement.delivery.id, token: claim.lease.token, settlement.answer, answer: settlement.words,
        at: .now)
      return nil
    } catch { return error }
  }

  private func renew(_ token: Int64) async {
    while !Task.isCancelled {
      do { try await Task.sleep(for: Self.lease / 3) } catch { return }
      try? await ledger.renew(token: token, for: Self.lease, at: .now)
    }
  }

  // MARK: Commitment

  /// Asks once more for what couldn't be asked for.
  private func askAgain(_ session: any SenderSession, _ course: inout Course) async throws -> End? {
    let objects = course.unasked
    course.unasked = []
    for start in stride(from: 0, to: objects.count, by: Self.portion) {
      let some = Array(objects[start..<min(start + Self.portion, objects.count)])
      if let end = try await askCommitment(of: some, session, &course) {
        // Of more than these nobody keeps count: they are sent again when their time is over.
        course.unasked += objects[(start + some.count)...].prefix(Self.mostUnasked)
        return end
      }
    }
    return nil
  }

  /// Asks the peer to keep what it took. The question is noted before it is asked: its answer may come another way, at
  /// once. The peer hears that its answer came once it is noted.
  /// - Returns: nil when all is well.
  private func askCommitment(
    of objects: [SentObject], _ session: any SenderSession, _ course: inout Course
  ) async throws -> End? {
    let transaction = UID.derived(from: [UUID().uuidString]).string
    try await ledger.ask(transaction, of: objects.map(\.id), at: .now)
    do { try await session.send(.askCommitment(transactionUID: transaction, objects)) } catch {
      course.unasked += objects
      return .senderLost
    }
    while true {
      switch await session.reply() {
      case .news(.goesOn): continue
      case .commitment(.asked): return nil
      case .commitment(.answered(let committed, let failed)):
        let report = CommitmentReport(
          transaction: transaction, committed: committed,
          failed: failed.map { CommitmentReport.Failure($0.key, reason: $0.value) })
        _ = try await ledger.note(report, at: .now)
        // One that is gone has nobody to tell.
        try? await session.send(.confirmCommitment(isKept: true))
        return nil
      case .commitment(.failed(let trouble)):
        course.unasked += objects
        return .trouble(trouble)
      case .commitment(.refused(let words, let isForGood)):
        logger.warning(
          isForGood
            ? "the destination doesn't commit to keep what it takes: take it out of delivery_commitment"
            : "the destination refuses to be asked to keep what it took; it is sent again later",
          metadata: ["why": "\(words)"])
        let reason = (isForGood ? DIMSEStatus.classNotSupported : DIMSEStatus.processingFailure).code
        let report = CommitmentReport(
          transaction: transaction,
          failed: objects.map { CommitmentReport.Failure($0.sopInstanceUID, reason: reason) })
        _ = try await ledger.note(report, at: .now)
        return nil
      case .ready, .news, .sent, nil:
        try Task.checkCancellation()
        course.unasked += objects
        return .senderLost
      }
    }
  }
}

extension DestinationDelivery.End {
  fileprivate var isIdle: Bool { if case .idle = self { true } else { false } }
}
