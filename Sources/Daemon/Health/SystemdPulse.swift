import ServiceLifecycle
import Synchronization

/// Keeps systemd told: that the start needs more time, that the service is ready, that the work goes on, that it ends.
/// Where a part stands still the watchdog isn't fed, and systemd kills and restarts the service.
package final class SystemdPulse: Sendable {
  private let notice: SystemdNotice?
  private let heart: Heart
  private let state = Mutex(State())

  private struct State {
    var isReady = false
    var isEnding = false
    var status = ""
  }

  package init(_ notice: SystemdNotice?, heart: Heart) { (self.notice, self.heart) = (notice, heart) }

  /// The model is loaded and the work begins.
  package func ready() {
    state.withLock { $0.isReady = true }
    heart.rest(.starting)
    notice?.send("READY=1")
  }

  /// One line for `systemctl status`.
  package func tell(_ words: String) {
    let isNews = state.withLock { state in
      defer { state.status = words }
      return state.status != words
    }
    if isNews { notice?.send(SystemdNotice.status(words)) }
  }

  /// Until the task is cancelled.
  package func run() async {
    guard let notice else { return }
    // Often enough for a beat that is a little late.
    let interval = min(notice.watchdog.map { $0 / 4 } ?? .seconds(10), .seconds(10))
    while !Task.isCancelled {
      beat()
      try? await Task.sleep(for: interval)
    }
  }

  /// What is to be said now.
  package func beat(isStopping: Bool = Task.isShuttingDownGracefully, at now: ContinuousClock.Instant = .now)
  {
    guard let notice else { return }
    let (isReady, ends) = state.withLock { state in
      let ends = isStopping && !state.isEnding
      if isStopping { state.isEnding = true }
      return (state.isReady, ends)
    }
    if ends { notice.send("STOPPING=1", SystemdNotice.status("finishes the files in hand")) }
    let silent = heart.silent(at: now)
    guard silent.isEmpty else {
      notice.send(SystemdNotice.status("stands still: \(silent.map(\.rawValue).joined(separator: ", "))"))
      return
    }
    // Opening a large ledger, or recognising anew what a lost one knew, takes as long as it takes, while it goes on.
    if !isReady { notice.send("EXTEND_TIMEOUT_USEC=60000000") }
    if notice.watchdog != nil { notice.send("WATCHDOG=1") }
  }
}
