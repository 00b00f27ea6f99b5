import Synchronization

/// What there is to be shown at a moment.
public struct PublishedStatus: Sendable {
  /// Why the program isn't ready to work; empty when it is. Names no patient.
  public var problems: [String]
  public var metrics: [MetricFamily]
  public var view: StatusView
  /// When it was gathered.
  public var takenAt: ContinuousClock.Instant

  public init(
    problems: [String], metrics: [MetricFamily], view: StatusView, takenAt: ContinuousClock.Instant = .now
  ) {
    (self.problems, self.metrics, self.view, self.takenAt) = (problems, metrics, view, takenAt)
  }
}

/// Where the daemon pins up what it knows from time to time, for those who ask by the thousand: no request waits for the
/// ledger.
public final class StatusBoard: Sendable {
  private struct State {
    var generation = 0
    var latest: PublishedStatus?
    var watchers: [Int: AsyncStream<Void>.Continuation] = [:]
    var lastWatcher = 0
    var answers: [Int: Int] = [:]
    var wrongTokens = 0
    var prepare: (@Sendable (Int, PublishedStatus) -> Void)?
  }

  private let state = Mutex(State())
  /// So many may watch at a time.
  package static let mostWatchers = 32

  public init() {}

  /// For one publisher at a time.
  public func publish(_ status: PublishedStatus) {
    let (next, prepare) = state.withLock { ($0.generation + 1, $0.prepare) }
    prepare?(next, status)
    state.withLock { state in
      state.generation = next
      state.latest = status
      for watcher in state.watchers.values { watcher.yield() }
    }
  }

  /// Has something done with each publication, with its number, before anybody sees it: the last who asked for that.
  func prepareWith(_ body: @escaping @Sendable (Int, PublishedStatus) -> Void) {
    state.withLock { $0.prepare = body }
  }

  /// The number of the last publication; nil before the first.
  var generation: Int? { state.withLock { $0.latest == nil ? nil : $0.generation } }

  /// The last that was published, with its number; nil before the first.
  package func latest() -> (generation: Int, status: PublishedStatus)? {
    state.withLock { state in state.latest.map { (state.generation, $0) } }
  }

  /// Tells of everything that is published from now on; what is missed meanwhile is told of once. Nil when too many watch.
  package func watch() -> AsyncStream<Void>? {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let number: Int? = state.withLock { state in
      guard state.watchers.count < Self.mostWatchers else { return nil }
      state.lastWatcher += 1
      state.watchers[state.lastWatcher] = continuation
      return state.lastWatcher
    }
    guard let number else { return nil }
    continuation.onTermination = { [weak self] _ in
      self?.state.withLock { state in _ = state.watchers.removeValue(forKey: number) }
    }
    return stream
  }

  /// Wakes all who watch, so that each may look whether its reader is still there.
  package func stir() { state.withLock { state in for watcher in state.watchers.values { watcher.yield() } } }

  /// Requests that were answered, by status.
  public var answers: [Int: Int] { state.withLock { $0.answers } }

  /// Wrong tokens that came, in forms and headers.
  public var wrongTokens: Int { state.withLock { $0.wrongTokens } }

  func cameWrongToken() { state.withLock { $0.wrongTokens += 1 } }

  package func answered(_ status: Int) { state.withLock { $0.answers[status, default: 0] += 1 } }
}
