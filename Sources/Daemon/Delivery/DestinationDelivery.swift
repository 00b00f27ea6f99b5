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
  /// Objects in a batch.
  static let portion = 32
  /// So long the way stays open for what comes next.
  private static let lingering = Duration.seconds(5)
  /// Other programs may let something go, and don't ring.
  private static let longestWait = Duration.seconds(5)

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
  private enum End: Sendable {
    case idle
    case trouble(PeerTrouble)
    /// The sender died or hung with objects on their way: perhaps it is one of them.
    case senderLost
  }

  func run() async throws {
    var breaker = Breaker()
    // After a sender died, or a peer hung up, so many objects go by themselves, so that the one to blame is found.
    var singly = 0
    while await goesOn() {
      let rings = await bell.rings
      do {
        guard let claim = try await claim(singly > 0 ? 1 : Self.portion) else {
          if await endsWhenIdle() { return }
          await bell.wait(atMost: try await idleTime(), unlessRungSince: rings)
          continue
        }
        singly = max(0, singly - 1)
        let (end, hasDelivered) = try await sent(claim, singly: singly)
        if hasDelivered { breaker.succeeded() }
        switch end {
        case .idle: break
        case .senderLost:
          singly = Self.portion
          if await pause(PeerTrouble("the sender process died, or said nothing for too long"), &breaker) {
            return
          }
        case .trouble(let trouble):
          if trouble.isCut { singly = Self.portion }
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

  private func claim(_ limit: Int) async throws -> DeliveryClaim? {
    try await ledger.nextDeliveries(
      to: name, by: holder, limit: limit, order: .fair, for: Self.lease, at: .now)
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
    let end = ContinuousClock.now + wait
    while .now < end {
      let rings = await bell.rings
      if await endsWhenIdle() { return true }
      guard await goesOn() else { return false }
      await bell.wait(atMost: min(end - .now, Self.longestWait), unlessRungSince: rings)
    }
    return false
  }

  // MARK: With a sender

  /// What ended it, and whether a batch came through before.
  private func sent(_ claim: DeliveryClaim, singly: Int) async throws -> (End, hasDelivered: Bool) {
    do {
      return try await route.launcher.withSender { try await work(with: $0, first: claim, singly: singly) }
    } catch {
      // What wasn't tried isn't counted; where it was, the lease holds nothing any more.
      try? await ledger.release(token: claim.lease.token, at: .now)
      throw error
    }
  }

  private func work(
    with session: any SenderSession, first: DeliveryClaim, singly: Int
  ) async throws -> (End, hasDelivered: Bool) {
    guard case .ready(let missing)? = await session.reply() else {
      try await ledger.release(token: first.lease.token, at: .now)
      return (.trouble(PeerTrouble("the sender process ends before it is ready")), false)
    }
    if !missing.isEmpty {
      logger.notice(
        "this system doesn't offer all that senders are shut in with; the rest holds",
        metadata: ["missing": "\(missing.joined(separator: ", "))"])
    }
    try await session.send(.open(route.endpoint))
    var (singly, hasDelivered) = (singly, false)
    var claim: DeliveryClaim? = first
    while let present = claim {
      let end = try await deliver(present, through: session)
      guard case .idle = end else { return (end, hasDelivered) }
      hasDelivered = true
      note.clear()
      claim = try await nextClaim(singly > 0 ? 1 : Self.portion)
      singly = max(0, singly - 1)
    }
    return (.idle, hasDelivered)
  }

  /// What is due, or becomes so while the way stays open.
  private func nextClaim(_ limit: Int) async throws -> DeliveryClaim? {
    let end = ContinuousClock.now + Self.lingering
    while await goesOn() {
      let rings = await bell.rings
      if let claim = try await claim(limit) { return claim }
      let rest = end - .now
      guard rest > .zero, await !endsWhenIdle() else { return nil }
      await bell.wait(atMost: rest, unlessRungSince: rings)
    }
    return nil
  }

  private func deliver(_ claim: DeliveryClaim, through session: any SenderSession) async throws -> End {
    // It's cancelled and awaited at the end of this scope.
    async let _: Void = renew(claim.lease.token)
    var batch = DeliveryBatch(
      claim, below: FilePath(of: outbox), wantsCommitment: route.destination.wantsCommitment)
    var isClosed = false
    do { try await session.send(.send(batch.objects)) } catch { return try await lost(batch, claim) }
    while true {
      if !isClosed, await !goesOn() {
        isClosed = true
        await session.close()
      }
      guard let reply = await session.reply() else {
        try Task.checkCancellation()
        return try await lost(batch, claim)
      }
      switch reply {
      case .news(.goesOn): continue
      case .news(.answered(let id, let answer)):
        guard let settlement = batch.answered(id, answer) else { return try await lost(batch, claim) }
        try await settle(settlement, claim)
      case .sent(let trouble):
        for settlement in batch.untried { try await settle(settlement, claim) }
        if batch.count > 0 { logger.info("sent", metadata: ["objects": "\(batch.count)"]) }
        if !batch.stored.isEmpty, !isClosed, let end = try await askCommitment(of: batch.stored, session) {
          return end
        }
        return trouble.map { .trouble($0) } ?? .idle
      case .ready, .commitment: return try await lost(batch, claim)
      }
    }
  }

  /// The sender is gone, or out of its mind. The first that it didn't answer for is the likeliest to be at fault.
  private func lost(_ batch: DeliveryBatch, _ claim: DeliveryClaim) async throws -> End {
    for settlement in batch.lost { try await settle(settlement, claim) }
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

  /// Asks the peer to keep what it took. The question is noted before it is asked: its answer may come another way, at
  /// once.
  /// - Returns: nil when all is well.
  private func askCommitment(of objects: [SentObject], _ session: any SenderSession) async throws -> End? {
    let transaction = UID.derived(from: [UUID().uuidString]).string
    try await ledger.ask(transaction, of: objects.map(\.id), at: .now)
    do { try await session.send(.askCommitment(transactionUID: transaction, objects)) } catch {
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
        return nil
      case .commitment(.refused(let words, let isForGood)):
        logger.warning(
          isForGood
            ? "the destination doesn't commit to keep what it takes: take it out of delivery_commitment"
            : "the destination doesn't commit to keep what it took; it is asked again later",
          metadata: ["why": "\(words)"])
        let reason = (isForGood ? DIMSEStatus.classNotSupported : DIMSEStatus.processingFailure).code
        let report = CommitmentReport(
          transaction: transaction,
          failed: objects.map { CommitmentReport.Failure($0.sopInstanceUID, reason: reason) })
        _ = try await ledger.note(report, at: .now)
        return nil
      case .ready, .news, .sent, nil:
        try Task.checkCancellation()
        return .senderLost
      }
    }
  }
}
