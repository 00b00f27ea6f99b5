import Glibc
package import Logging

/// Writes to systemd's journal by its own protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL), so that what a line says of a
/// file, a reason or a count can be asked for: `journalctl -u mmdicom MMDICOM_FILE=0a1b2c3d`. Where the journal
/// doesn't take an entry, it is written as a line all the same.
package struct JournalLog: LogHandler {
  package var metadata: Logger.Metadata = [:]
  package var logLevel = Logger.Level.info
  private var lines: any LogHandler
  private let journal: LocalDatagram?

  /// - Parameters:
  ///   - path: the journal's socket.
  ///   - lines: what writes where the journal doesn't.
  package init(_ path: String = "/run/systemd/journal/socket", otherwise lines: any LogHandler) {
    journal = LocalDatagram(path)
    self.lines = lines
  }

  /// Whether standard error goes to the journal: systemd says so by device and inode in `JOURNAL_STREAM`.
  package static func isStandardError(_ stream: String?) -> Bool {
    var status = stat()
    guard let stream, unsafe fstat(STDERR_FILENO, &status) == 0 else { return false }
    return stream == "\(status.st_dev):\(status.st_ino)"
  }

  package subscript(metadataKey key: String) -> Logger.MetadataValue? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    if journal?.send(Self.entry(event.level, "\(event.message)", all)) == true { return }
    var lines = lines
    lines.logLevel = logLevel
    lines.metadata = metadata
    lines.log(event: event)
  }

  /// An entry's bytes. The message holds what the fields say, too, for who reads it plainly.
  package static func entry(
    _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata
  ) -> [UInt8] {
    let pairs = metadata.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
    let words = pairs.map { " \($0)=\($1)" }.joined()
    var bytes = field("MESSAGE", message + words)
    bytes += field("PRIORITY", priority(level))
    bytes += field("SYSLOG_IDENTIFIER", "mmdicom")
    for (key, value) in pairs {
      let name = key.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
      bytes += field("MMDICOM_" + String(name), value)
    }
    return bytes
  }

  /// A value of several lines goes behind its length, 8 bytes, little endian.
  private static func field(_ name: String, _ value: String) -> [UInt8] {
    let value = Array(value.utf8)
    guard value.contains(UInt8(ascii: "\n")) else { return Array("\(name)=".utf8) + value + [0x0A] }
    let length = (0..<8).map { UInt8(truncatingIfNeeded: value.count >> (8 * $0)) }
    return Array("\(name)\n".utf8) + length + value + [0x0A]
  }

  /// As syslog counts.
  private static func priority(_ level: Logger.Level) -> String {
    switch level {
    case .trace, .debug: "7"
    case .info: "6"
    case .notice: "5"
    case .warning: "4"
    case .error: "3"
    case .critical: "2"
    }
  }
}
