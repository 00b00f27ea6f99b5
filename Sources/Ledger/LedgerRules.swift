/// The times and limits by which rows change their state.
package struct LedgerRules: Sendable, Hashable {
  /// A study is complete when none of its files came for so long ...
  package var quietTime: Duration = .seconds(10)
  /// ... or its first file has waited for so long: a sender that never stops doesn't hold a study up.
  package var longestGathering: Duration = .seconds(120)
  /// How images are tried again.
  package var images = BackOff(first: .seconds(10), longest: .seconds(3600), limit: nil)
  /// How deliveries are tried again.
  package var deliveries = BackOff(first: .seconds(10), longest: .seconds(3600), limit: 50)
  /// A peer that was asked to keep a result has so long to confirm it.
  package var commitmentTime: Duration = .seconds(3600)
  /// So many dead workers on one file alone, and it is quarantined.
  package var crashLimit = 2
  /// A lease that ran out says nothing of the file: it is tried again at once, but only so often.
  package var prompt = 3

  package init() {}
}

/// Which of the complete studies, or of the results for a destination, comes next.
package enum DrawOrder: String, Sendable, Hashable, CaseIterable {
  /// By turns the newest and the oldest: the newest waits for one draw at most, and none waits for ever.
  case fair
  /// The oldest.
  case arrival

  /// Whether the draw with this fencing token takes the newest. Tokens count draws, also those of other hosts.
  package func takesNewest(token: Int64) -> Bool { self == .fair && token.isMultiple(of: 2) }
}

/// When the files of a study are taken for complete.
package struct Gathering: Sendable, Hashable {
  /// When its first file came.
  package let firstArrival: Timestamp
  /// Over when it is complete.
  package let wait: Wait

  package init(firstArrival: Timestamp, wait: Wait) {
    self.firstArrival = firstArrival
    self.wait = wait
  }

  /// A file came for a study, which is gathering or (nil) isn't.
  package static func arrival(_ gathering: Gathering?, at now: Timestamp, rules: LedgerRules) -> Gathering {
    // A clock that stepped back begins anew.
    let first = min(gathering?.firstArrival ?? now, now)
    let until = min(now + rules.quietTime, first + rules.longestGathering)
    return Gathering(firstArrival: first, wait: Wait(since: now, until: until))
  }
}
