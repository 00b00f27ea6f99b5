import Glibc
package import Ledger

/// The clock that people set.
package enum WallClock {
  /// By how many milliseconds it is off, for tests in which it is set.
  @TaskLocal package static var shift: @Sendable () -> Int64 = { 0 }
}

extension Timestamp {
  /// The present.
  package static var now: Timestamp {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    let shown = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    return Timestamp(milliseconds: shown + WallClock.shift())
  }
}
