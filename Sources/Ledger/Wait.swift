/// Something that is over by itself after a while: a study's quiet time, a back-off, a lease.
///
/// It holds when it began, too. A clock that steps back would otherwise prolong it by the step, an hour or a
/// year; so it is also over when the clock shows a time that lies before its beginning by more than its own
/// length. Smaller differences are what the clocks of two hosts may have.
package struct Wait: Sendable, Hashable {
  /// When it began.
  package let since: Timestamp
  /// When it is over.
  package let until: Timestamp

  /// A wait of `length`, which isn't negative.
  package init(from since: Timestamp, lasting length: Duration) {
    self.init(since: since, until: since + length)
  }

  package init(since: Timestamp, until: Timestamp) {
    self.since = since
    self.until = max(since, until)
  }

  /// A clock that shows less than this has stepped back.
  var earliest: Timestamp {
    Timestamp(milliseconds: since.milliseconds - (until.milliseconds - since.milliseconds))
  }

  package func isOver(at now: Timestamp) -> Bool { now >= until || now < earliest }
}
