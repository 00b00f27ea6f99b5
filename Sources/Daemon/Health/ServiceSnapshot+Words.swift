import Ledger
import StatusPage

/// The snapshot for people.
extension ServiceSnapshot {
  /// One line, for `systemctl status`.
  var words: String {
    guard ledgerAnswers else { return "not ready: \(problems.joined(separator: "; "))" }
    let work =
      "\(status.queued) queued, \(status.working) in work, \(status.analysed) analysed, \(status.parked) parked"
    return problems.isEmpty ? work : "not ready: \(problems.joined(separator: "; ")); \(work)"
  }

  var tiles: [StatusView.Tile] {
    (ledgerAnswers ? counts : [.init("Ledger", "doesn't answer", isBad: true)])
      + status.diskPercent.sorted { $0.key < $1.key }.map { name, percent in
        .init("Disk of \(name)", DiskGuard.text(percent), isBad: percent > status.diskStopPercent)
      }
  }

  private var counts: [StatusView.Tile] {
    let oldest = status.oldestSeconds.map { "the oldest for \(Self.span($0))" } ?? ""
    return [
      .init("Queued", "\(status.queued)", note: oldest), .init("In work", "\(status.working)"),
      .init("Analysed", "\(status.analysed)"), .init("Not analysed", "\(status.notAnalysed)"),
      .init("Rejected", "\(status.rejected)"),
      .init("Parked", "\(status.parked)", isBad: status.parked > 0),
      .init(
        "Deliveries waiting", "\(status.deliveries.waiting)",
        note: status.deliveries.failed > 0 ? "\(status.deliveries.failed) failed" : "",
        isBad: status.deliveries.failed > 0),
    ]
  }

  var destinations: [StatusView.Destination] {
    destinationNames.map { name in
      let ours = tallies.filter { $0.destination == name }
      func count(where isMeant: (DeliveryTally) -> Bool) -> Int {
        ours.filter(isMeant).map(\.count).reduce(0, +)
      }
      return StatusView.Destination(
        name: name, waiting: count(where: \.isWaiting), sent: count { $0.state == "sent" },
        failed: count { $0.state == "parked" },
        oldest: longestWait(for: name).map { Self.span(Int($0 / 1000)) } ?? "",
        pause: status.destinations[name]?.paused.map { "pauses: \($0)" } ?? "")
    }
  }

  /// Seconds in words.
  static func span(_ seconds: Int) -> String {
    switch seconds {
    case ..<120: "\(max(0, seconds)) s"
    case ..<7200: "\(seconds / 60) min"
    case ..<172_800: "\(seconds / 3600) h"
    default: "\(seconds / 86_400) days"
    }
  }
}
