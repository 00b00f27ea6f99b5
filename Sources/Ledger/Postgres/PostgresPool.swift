import Dispatch
import Synchronization

/// A few connections to one database. Each has a thread of its own while it is in use, off the cooperative pool.
final class PostgresPool: Sendable {
  /// A place for a connection, made when it is needed. Only touched on its own queue.
  final class Place: @unchecked Sendable {
    fileprivate let queue = DispatchQueue(label: "mmdicom.ledger")
    var connection: PostgresConnection?
  }

  private struct State {
    var free: [Place]
    var waiting: [CheckedContinuation<Place, Never>] = []
  }

  private let state: Mutex<State>

  /// - Parameter count: of connections at most.
  init(_ count: Int) {
    state = Mutex(State(free: (0..<count).map { _ in Place() }))
  }

  /// Runs `body` with a connection that nobody else uses meanwhile. Not bound to the task: once begun, it ends.
  func use<T: Sendable>(_ body: @escaping @Sendable (Place) -> T) async -> T {
    let place = await take()
    let value = await withCheckedContinuation { continuation in
      place.queue.async { continuation.resume(returning: body(place)) }
    }
    giveBack(place)
    return value
  }

  private func take() async -> Place {
    await withCheckedContinuation { continuation in
      let place: Place? = state.withLock { state in
        if let place = state.free.popLast() { return place }
        state.waiting.append(continuation)
        return nil
      }
      if let place { continuation.resume(returning: place) }
    }
  }

  private func giveBack(_ place: Place) {
    let next = state.withLock { state -> CheckedContinuation<Place, Never>? in
      guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
      state.free.append(place)
      return nil
    }
    next?.resume(returning: place)
  }

  /// Ends the connections that nobody uses.
  func close() {
    let free = state.withLock { $0.free }
    for place in free { place.queue.sync { place.connection = nil } }
  }
}
