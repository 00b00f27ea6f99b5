import CSystemCalls

/// The clock that people set.
package enum KeptClock {
  /// Whether somebody keeps it right, by NTP or the like; nil where that can't be told.
  package static var isKept: Bool? {
    let answer = system_clock_is_kept()
    return answer < 0 ? nil : answer == 1
  }
}
