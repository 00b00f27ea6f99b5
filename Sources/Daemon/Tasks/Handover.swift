/// What one stage hands to the next, in order and with a bound: who is faster waits, back to the first.
package actor Handover<Element: Sendable> {
  private let bound: Int
  private var elements: [Element] = []
  private var isClosed = false
  private var isAbandoned = false
  private var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
  private var lastWaiter = 0

  /// - Parameter bound: so many elements wait at most.
  package init(bound: Int) { self.bound = bound }

  /// Hands an element over as soon as there is room.
  /// - Throws: `CancellationError`, also where it was abandoned; then nothing was handed over.
  package func put(_ element: Element) async throws {
    while elements.count >= bound, !isAbandoned { try await change() }
    try Task.checkCancellation()
    if isAbandoned { throw CancellationError() }
    elements.append(element)
    wake()
  }

  /// The next element, waited for; nil when there will be no more.
  package func next() async throws -> Element? {
    while elements.isEmpty {
      if isAbandoned { throw CancellationError() }
      if isClosed { return nil }
      try await change()
    }
    return take()
  }

  /// The next element if there is one.
  package func nextIfAny() -> Element? { elements.isEmpty ? nil : take() }

  /// No more will come; what waits is still handed out.
  package func close() {
    isClosed = true
    wake()
  }

  /// Nobody takes any more: what waits is dropped, and whoever waits here, or comes, is told by `CancellationError`.
  package func abandon() {
    isAbandoned = true
    elements = []
    wake()
  }

  private func take() -> Element {
    wake()
    return elements.removeFirst()
  }

  /// Until something is put, taken or closed.
  private func change() async throws {
    try Task.checkCancellation()
    lastWaiter += 1
    let waiter = lastWaiter
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        // Cancelled meanwhile: its handler has found nobody.
        if Task.isCancelled { continuation.resume() } else { waiting[waiter] = continuation }
      }
    } onCancel: {
      Task { await self.wake(waiter) }
    }
    try Task.checkCancellation()
  }

  private func wake(_ waiter: Int) { waiting.removeValue(forKey: waiter)?.resume() }

  private func wake() {
    for continuation in waiting.values { continuation.resume() }
    waiting = [:]
  }
}
