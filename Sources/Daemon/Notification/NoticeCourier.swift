import DICOMNetwork
import Files
import FoundationEssentials
import Logging
import ServiceLifecycle
import SystemPackage

/// Brings notices to one of those who are told: in order, as far as they are taken, each until it is.
struct NoticeCourier: Sendable {
  enum Way: Sendable {
    /// Through a confined process: what a web server answers is opened only there.
    case sender(WebhookEndpoint, any SenderLauncher)
    case command(CommandHook)
  }

  private let name: String
  private let way: Way
  private let follower: NoticeFollower
  /// Where several hosts share the folders, one of them follows the trail and tells.
  private let duty: SharedDuty
  private let queue: NoticeQueue
  private let note: PauseNote
  private let logger: Logger
  private let giveUp: Duration

  /// Notices that a process is handed at a time.
  private static let portion = 32

  /// - Parameter giveUp: what isn't taken within this time is parked.
  init(
    _ name: String, way: Way, follower: NoticeFollower, duty: SharedDuty, _ folders: InboxFolders,
    logger: Logger, giveUp: Duration = .seconds(3 * 86_400)
  ) {
    self.name = name
    self.way = way
    self.follower = follower
    self.duty = duty
    queue = NoticeQueue(name, folders)
    note = PauseNote(noticesTo: name, folders)
    var logger = logger
    logger[metadataKey: "destination"] = "\(name)"
    self.logger = logger
    self.giveUp = giveUp
  }

  private var goesOn: Bool { !Task.isCancelled && !Task.isShuttingDownGracefully }

  /// Until the task is cancelled or a stop is asked for.
  func run() async {
    var breaker = Breaker()
    note.clear()
    while goesOn {
      do {
        // Who has nothing to do leaves the ledger alone.
        let hasNews = try await follower.hasNews()
        let isIdle = !hasNews && queue.waiting.isEmpty
        switch isIdle ? .done(hasMore: false) : try await duty.alone({ try await goRound() }) {
        case .trouble(let why)?:
          await pause(why, &breaker)
          continue
        case .done(let hasMore)?:
          breaker.succeeded()
          note.clear()
          if hasMore { continue }
        case nil: break
        }
      } catch {
        // The ledger or its disk; others tell of that.
        logger.debug("notices wait", metadata: ["why": "\(error)"])
      }
      try? await Task.sleep(for: NotificationService.interval)
    }
  }

  private enum Round {
    case done(hasMore: Bool)
    /// Why the rest waits.
    case trouble(String)
  }

  /// Looks what is new, and brings what waits.
  private func goRound() async throws -> Round {
    try await follower.begin()
    let waiting = queue.waiting
    try await follower.follow(room: max(0, NoticeQueue.most - waiting.count))
    if let trouble = await bring(Array(queue.waiting.prefix(Self.portion))) { return .trouble(trouble) }
    return .done(hasMore: !queue.waiting.isEmpty)
  }

  /// Waits before the next try.
  private func pause(_ trouble: String, _ breaker: inout Breaker) async {
    let wait = breaker.failed()
    if breaker.failures == 1 {
      logger.warning(
        "notices aren't taken; they are tried again by themselves", metadata: ["why": "\(trouble)"])
    }
    note.set(trouble)
    let end = ContinuousClock.now + wait
    while .now < end, goesOn { try? await Task.sleep(for: min(end - .now, NotificationService.interval)) }
  }

  // MARK: Bringing

  /// - Returns: why the rest waits; nil when all were dealt with.
  private func bring(_ entries: [NoticeQueue.Entry]) async -> String? {
    guard !entries.isEmpty else { return nil }
    switch way {
    case .command(let hook):
      for entry in entries where goesOn {
        guard let content = FileManager.default.contents(atPath: entry.path.string) else { continue }
        switch await hook.run(Array(content)) {
        case .taken: queue.remove(entry.number)
        case .refused: park(entry, "status 65")
        case .failed(let why): if let why = failed(entry, why) { return why }
        }
      }
      return nil
    case .sender(let endpoint, let launcher):
      do { return try await launcher.withSender { try await send(entries, to: endpoint, through: $0) } } catch
      {
        return "\(error)"
      }
    }
  }

  /// - Returns: why the rest waits; nil where it was the last try of this one.
  private func failed(_ entry: NoticeQueue.Entry, _ why: String) -> String? {
    guard queue.age(of: entry) > giveUp else { return why }
    park(entry, why)
    return nil
  }

  private func park(_ entry: NoticeQueue.Entry, _ why: String) {
    queue.park(entry.number)
    logger.warning(
      "a notice was refused: parked until 'mmdicom retry --destination \(name)'",
      metadata: ["notice": "\(entry.number)", "why": "\(why)"])
  }

  private func send(
    _ entries: [NoticeQueue.Entry], to endpoint: WebhookEndpoint, through session: any SenderSession
  ) async throws -> String? {
    guard case .ready? = await session.reply() else { return "the sender process ends before it is ready" }
    let objects = entries.compactMap { entry in
      ContentDigest(ofFileAt: entry.path).map { content in
        SentObject(
          id: entry.number, path: entry.path.text, content: content, sopClassUID: "", sopInstanceUID: "",
          studyInstanceUID: "")
      }
    }
    try await session.send(.open(.webhook(endpoint)))
    try await session.send(.send(objects))
    var trouble: String?
    while let reply = await session.reply() {
      switch reply {
      case .news(.goesOn): continue
      case .news(.answered(let number, let answer)):
        guard let entry = entries.first(where: { $0.number == number }) else { return "an answer to nothing" }
        switch answer {
        case .taken: queue.remove(number)
        case .refusedForGood(let why): park(entry, why)
        case .refusedForNow(let why): trouble = failed(entry, why) ?? trouble
        }
      case .sent(let end): return end.flatMap { failed(entries[0], "\($0)") } ?? trouble
      case .ready, .commitment: return "the sender process answers what wasn't asked"
      }
    }
    return "the sender process died, or said nothing for too long"
  }
}
