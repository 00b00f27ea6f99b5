import Files
package import Ledger

/// Lays down notices for somebody, from the audit trail behind the last line that was looked at. May be cut off anywhere:
/// the same line gives the same notice.
package struct NoticeFollower: Sendable {
  private let queue: NoticeQueue
  private let settings: NotificationSettings
  private let ledger: any StudyLedger
  private static let portion = 500

  package init(_ target: String, _ configuration: DaemonConfiguration, _ ledger: any StudyLedger) {
    queue = NoticeQueue(target, configuration.folders)
    settings = configuration.notification
    self.ledger = ledger
  }

  /// Who is new isn't told of the past.
  package func begin() async throws {
    try queue.create()
    guard queue.cursor == nil else { return }
    var last: Int64 = 0
    while let end = try await ledger.audit(of: nil, after: last, limit: 10_000).last?.number { last = end }
    try queue.keep(cursor: last)
  }

  /// Whether anything was written since.
  package func hasNews() async throws -> Bool {
    guard let cursor = queue.cursor else { return true }
    return try await !ledger.audit(of: nil, after: cursor, limit: 1).isEmpty
  }

  /// Looks at what was written since.
  /// - Parameter room: how many notices may be laid down; the trail keeps the rest.
  package func follow(room: Int) async throws {
    var room = room
    while room > 0 {
      let cursor = queue.cursor ?? 0
      let entries = try await ledger.audit(of: nil, after: cursor, limit: Self.portion)
      guard var last = entries.last?.number else { return }
      for entry in entries {
        guard room > 0 else {
          last = entry.number - 1
          break
        }
        guard let notice = try await notice(of: entry) else { continue }
        try queue.add(notice)
        room -= 1
      }
      // Behind the notices: a crash between the two lays them down once more, under the same names.
      try queue.keep(cursor: last)
    }
  }

  private func notice(of entry: AuditEntry) async throws -> Notice? {
    guard Notice.mayTell(of: entry.event) else { return nil }
    var record: InstanceRecord?
    var row: String?
    if let id = entry.instance {
      record = try await ledger.instances(.instance(id), after: 0, limit: 1).first
      row = try await ledger.reportRow(of: id).map { String(decoding: $0.record, as: UTF8.self) }
    }
    let notice = Notice(entry, record, row: row, identity: settings.identity)
    return notice.flatMap { settings.events.contains($0.event) ? $0 : nil }
  }
}

extension Notice {
  /// Whether a line so called may be told of at all: most aren't, and nothing need be looked up for them.
  fileprivate static func mayTell(of event: String) -> Bool {
    ["completed", "parked", "failed", "worker died", Word.stalled, Word.paused, Word.recovered, Word.resumed]
      .contains(event)
  }
}
