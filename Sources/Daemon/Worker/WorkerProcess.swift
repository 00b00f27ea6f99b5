/// What a worker process does, as a stream that can be left: reading from its pipe, and waiting for its end, can't.
struct WorkerProcess: Sendable {
  /// A process that was started.
  struct Control: Sendable {
    let number: Int
    let send: @Sendable ([UInt8]) async throws -> Void
    let close: @Sendable () async -> Void
    let kill: @Sendable () -> Void
  }

  enum Event: Sendable {
    case started(Control)
    case line([UInt8])
    /// With what kept it from being started, or from being read.
    case ended((any Error)?)
  }

  /// Ends with the process, or when it is left.
  let events: AsyncStream<Event>
  private let feed: AsyncStream<Event>.Continuation

  init() { (events, feed) = AsyncStream.makeStream() }

  func started(_ control: Control) { feed.yield(.started(control)) }

  func said(_ line: [UInt8]) { feed.yield(.line(line)) }

  func ended(_ error: (any Error)?) {
    feed.yield(.ended(error))
    feed.finish()
  }

  /// Nothing more is awaited of it.
  func leave() { feed.finish() }
}
