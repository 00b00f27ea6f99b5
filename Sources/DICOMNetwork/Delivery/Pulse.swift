import Synchronization

/// Tells now and then that bytes go.
final class Pulse: Sendable {
  private let last = Mutex<ContinuousClock.Instant?>(nil)
  private let tell: @Sendable () -> Void

  init(_ tell: @escaping @Sendable () -> Void) { self.tell = tell }

  func beat() {
    let isDue = last.withLock { last in
      guard last.map({ .now - $0 > .seconds(2) }) ?? true else { return false }
      last = .now
      return true
    }
    if isDue { tell() }
  }
}
