/// Ends waits before their time, for all who wait.
package actor WakeUpCall {
  private var sleepers: [Int: CheckedContinuation<Void, Never>] = [:]
  private var last = 0
  /// How often somebody rang.
  package private(set) var rings = 0

  package init() {}

  /// How many wait.
  package var count: Int { sleepers.count }

  /// Wakes those who wait now.
  package func ring() {
    rings += 1
    for sleeper in sleepers.values { sleeper.resume() }
    sleepers = [:]
  }

  /// The same, unless somebody has rung since there were so many ``rings``: nothing is missed between looking and waiting.
  package func wait(atMost limit: Duration, unlessRungSince count: Int) async {
    guard rings == count else { return }
    await wait(atMost: limit)
  }

  /// Waits until somebody rings, at most for `limit`; ends early when the task is cancelled.
  package func wait(atMost limit: Duration) async {
    last += 1
    let number = last
    let timer = Task {
      try? await Task.sleep(for: limit)
      wake(number)
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { sleeper in
        if Task.isCancelled { sleeper.resume() } else { sleepers[number] = sleeper }
      }
    } onCancel: {
      timer.cancel()
    }
    timer.cancel()
  }

  private func wake(_ number: Int) { sleepers.removeValue(forKey: number)?.resume() }
}
