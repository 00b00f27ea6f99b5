/// When an archive must be open. Asked for again and again while it is.
package struct UnpackingDeadline: Sendable {
  private let end: ContinuousClock.Instant
  private let seconds: Double

  package init(_ limits: UnpackingLimits) {
    seconds = limits.seconds
    end = .now + .seconds(limits.seconds)
  }

  package func check() throws(UnpackingFailure) {
    guard .now < end else {
      throw UnpackingFailure(.tooSlow, "can't be opened within \(Int(seconds.rounded())) s")
    }
  }
}
