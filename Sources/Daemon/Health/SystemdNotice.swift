import Glibc

/// Tells systemd how the service is: the protocol of sd_notify(3), one datagram of lines to the socket that it names.
package struct SystemdNotice: Sendable {
  private let socket: LocalDatagram
  /// How often systemd wants to hear that the work goes on; nil where it doesn't.
  package let watchdog: Duration?

  /// Nil where nobody wants to be told.
  package init?(_ environment: [String: String], process: Int32 = getpid()) {
    guard let socket = environment["NOTIFY_SOCKET"].flatMap(LocalDatagram.init) else { return nil }
    self.socket = socket
    let isMeant = environment["WATCHDOG_PID"].map { $0 == "\(process)" } ?? true
    watchdog =
      isMeant
      ? environment["WATCHDOG_USEC"].flatMap(Int64.init).flatMap { $0 > 0 ? .microseconds($0) : nil } : nil
  }

  /// Whether systemd was told; a socket that is full or gone is no reason to end.
  @discardableResult
  package func send(_ lines: String...) -> Bool {
    socket.send(Array(lines.joined(separator: "\n").utf8))
  }

  /// Words as a line may hold them.
  package static func status(_ words: String) -> String {
    "STATUS=" + words.replacing("\n", with: " ")
  }
}
