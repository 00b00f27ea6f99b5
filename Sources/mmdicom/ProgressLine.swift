import Foundation
import Glibc

/// Progress on standard error: a line that is redrawn, with a bar, a rate and the time left, on a terminal;
/// elsewhere a plain line now and then.
final class ProgressLine: @unchecked Sendable {
  // Invariant: all state is touched under the lock only.
  private let lock = NSLock()
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var title = ""
  private var started = ContinuousClock.now
  private var shown: ContinuousClock.Instant?
  private var drawn = false
  private let isSilent: Bool

  /// - Parameter isSilent: whether it says nothing, because another process says the same.
  init(isSilent: Bool = false) { self.isSilent = isSilent }

  func begin(_ title: String) {
    lock.withLock {
      self.title = title
      started = .now
      shown = nil
    }
  }

  /// - Parameters:
  ///   - offset: units that were done before `begin`, not counted in the rate.
  ///   - work: what the first so many units cost, in any measure, for the time left; by default all cost alike.
  ///   - detail: said behind the bar.
  func update(
    _ done: Int, of total: Int, after offset: Int = 0, work: (Int) -> Double = { Double($0) },
    detail: String = ""
  ) {
    lock.withLock {
      let now = ContinuousClock.now
      let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(10)
      if let shown, now - shown < pause, done < total { return }
      shown = now
      let seconds = (now - started) / .seconds(1)
      let rate = seconds > 0 ? Double(done - offset) / seconds : 0
      let worked = work(done) - work(offset)
      let left = worked > 0 ? Duration.seconds((work(total) - work(done)) * seconds / worked) : .zero
      let time = left.formatted(.time(pattern: .hourMinuteSecond))
      let figures = "\(done)/\(total)  \(String(format: "%.1f", rate))/s  \(time) left  \(detail)"
      if isTerminal {
        let filled = total > 0 ? 24 * done / total : 0
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: 24 - filled)
        write("\r\u{1b}[K\(title) [\(bar)] \(figures)")
        drawn = true
      } else {
        write("\(title) \(figures)\n")
      }
    }
  }

  func end(_ summary: String) {
    lock.withLock {
      clear()
      let time = String(format: "%.1f", (ContinuousClock.now - started) / .seconds(1))
      write("\(title): \(summary) (\(time) s)\n")
    }
  }

  /// A line of results, on standard output.
  func result(_ line: String) {
    lock.withLock {
      clear()
      Terminal.result(line + "\n")
    }
  }

  /// Takes the bar away and says nothing.
  func finish() { lock.withLock { clear() } }

  /// A line of its own.
  func note(_ line: String) {
    lock.withLock {
      clear()
      write(line + "\n")
    }
  }

  private func clear() {
    if drawn { write("\r\u{1b}[K") }
    drawn = false
  }

  private func write(_ text: String) { if !isSilent { Terminal.tell(text) } }
}
