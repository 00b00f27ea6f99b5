package import StatusPage
import Synchronization

/// How the daemon is, as its parts tell: they beat and count here, and whoever asks is answered from here.
package struct ServiceHealth: Sendable {
  package let heart = Heart()
  package let meter = ServiceMeter()
  package let board = StatusBoard()
  package let pulse: SystemdPulse
  package let served = ServedNow()

  /// - Parameter notice: where systemd wants to be told.
  package init(_ notice: SystemdNotice? = nil) { pulse = SystemdPulse(notice, heart: heart) }
}

/// The model that serves at present.
package final class ServedNow: Sendable {
  package struct Content: Sendable {
    package var name: String
    package var sha256: String
    package var origin: String
    package var workers: Int
  }

  private let content = Mutex<Content?>(nil)

  package var now: Content? { content.withLock { $0 } }

  package func set(_ new: Content) { content.withLock { $0 = new } }
}
