/// One worker process behind two pipes.
actor PipeSession: WorkerSession {
  private let source: WorkerProcess
  private var events: AsyncStream<WorkerProcess.Event>.Iterator
  private let control: WorkerProcess.Control
  private let timeLimit: Duration
  private let grace: Duration
  private enum State { case running, gone, left }
  private var state = State.running {
    didSet { if state != .running { watchdog?.cancel() } }
  }
  /// When the worker is killed unless it says something before, and when it is given up; nil while nothing is awaited.
  private var limit: (kill: ContinuousClock.Instant, grace: Duration)?
  /// Sleeps until then. One for many answers, each of which comes long before it is woken.
  private var watchdog: Task<Void, Never>?
  private var wakes: ContinuousClock.Instant?

  /// Waits for the start.
  /// - Parameters:
  ///   - timeLimit: for each answer.
  ///   - grace: from the worker's being killed to its being given up.
  /// - Throws: what keeps the process from being started.
  init(_ process: WorkerProcess, timeLimit: Duration, grace: Duration) async throws {
    var events = process.events.makeAsyncIterator()
    switch await events.next() {
    case .started(let control): self.control = control
    case .ended(let error?): throw error
    case .line, .ended, nil: throw CancellationError()
    }
    source = process
    self.events = events
    self.timeLimit = timeLimit
    self.grace = grace
  }

  /// The process's number.
  nonisolated var process: Int { control.number }

  nonisolated func kill() { control.kill() }

  func send(_ request: WorkerRequest) async throws { try await send(request as any Encodable) }

  func send(_ request: any Encodable) async throws {
    try await send(line: try JSONLine.bytes(of: request))
  }

  func send(line: [UInt8]) async throws { try await control.send(line) }

  func reply() async throws -> WorkerReply? { await reply(WorkerReply.self) }

  /// The next line that it says, within the time limit for an answer.
  func reply<Reply: Decodable>(_: Reply.Type) async -> Reply? {
    guard let line = await nextLine(within: timeLimit) else { return nil }
    // A line that isn't a reply means that the worker's memory can't be trusted any more: as good as dead.
    guard let reply = JSONLine.message(Reply.self, in: line) else {
      kill()
      return nil
    }
    return reply
  }

  /// Tells it that nothing more will be asked.
  func close() { control.close() }

  /// Asks the worker to end, and reads what still comes; one that doesn't end by itself is killed.
  func end(within limit: Duration) async {
    control.close()
    while await nextLine(within: limit) != nil {}
  }

  /// Waits for the process's end.
  /// - Returns: false where it doesn't come.
  func isGone(within limit: Duration) async -> Bool {
    while state == .running, await nextLine(within: .zero, grace: limit) != nil {}
    return state == .gone || Task.isCancelled
  }

  private func nextLine(within limit: Duration) async -> [UInt8]? {
    await nextLine(within: limit, grace: grace)
  }

  private func nextLine(within limit: Duration, grace: Duration) async -> [UInt8]? {
    guard state == .running else { return nil }
    watch(until: .now + limit, grace)
    defer { self.limit = nil }
    var reader = events
    let event = await reader.next(isolation: self)
    events = reader
    switch event {
    case .line(let line):
      source.heard()
      return line
    case .ended: state = .gone
    case .started, nil: state = .left
    }
    return nil
  }

  private func watch(until end: ContinuousClock.Instant, _ grace: Duration) {
    limit = (end, grace)
    if let wakes, wakes <= end { return }
    watchdog?.cancel()
    wakes = end
    watchdog = Task { await self.keepTime() }
  }

  /// Kills the worker that says nothing in time, and where that doesn't end it, gives it up.
  private func keepTime() async {
    while let (end, grace) = limit {
      do {
        if .now < end {
          wakes = end
          try await Task.sleep(until: end, clock: .continuous)
          continue
        }
        // Whoever has spoken isn't late: those who are to hear it wait for a disk.
        guard !source.isUnheard else {
          try await Task.sleep(for: .milliseconds(100))
          continue
        }
        kill()
        try await Task.sleep(for: grace)
      } catch { return }
      guard limit?.kill == end else { continue }
      source.leave()
      break
    }
    if !Task.isCancelled { wakes = nil }
  }
}
