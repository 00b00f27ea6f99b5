import Glibc
package import Ledger

/// The clock that people set.
package struct WallClock: Sendable {
  /// By how many milliseconds it is off, for tests in which it is set.
  package let shift: @Sendable () -> Int64

  package init(shift: @escaping @Sendable () -> Int64 = { 0 }) { self.shift = shift }

  /// The one that is looked at. A value of its own: optimised, Swift 6.3 loses the type of a task-local function.
  @TaskLocal package static var current = WallClock()
}

extension Timestamp {
  /// The present.
  package static var now: Timestamp {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    let shown = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    return Timestamp(milliseconds: shown + WallClock.current.shift())
  }
}
