import Files
import FoundationEssentials
import Ledger

/// What `mmdicom status` tells.
public struct ServiceStatus: Sendable, Equatable, Codable {
  /// Results on their way to other systems.
  public struct Deliveries: Sendable, Equatable, Codable {
    public var waiting = 0
    public var sent = 0
    public var failed = 0
  }

  /// How a destination does.
  public struct DestinationStatus: Sendable, Equatable, Codable {
    public var waiting = 0
    public var sent = 0
    public var failed = 0
    /// When the next one is tried again that was refused for the time being.
    public var nextRetry: String?
    /// What was said last of one that failed, or was refused for the time being.
    public var trouble: String?
    /// Why nothing is sent now.
    public var paused: String?

    enum CodingKeys: String, CodingKey {
      case waiting, sent, failed, trouble, paused
      case nextRetry = "next_retry"
    }

    fileprivate var words: String {
      var words = "\(waiting) waiting, \(sent) sent, \(failed) failed"
      if let nextRetry { words += "; next retry \(nextRetry)" }
      if let trouble { words += "; last refusal: \(trouble)" }
      if let paused { words += "; pauses: \(paused)" }
      return words
    }
  }

  /// Notices to somebody who is told of what happens.
  public struct NoticeStatus: Sendable, Equatable, Codable {
    public var waiting = 0
    /// Those that wait for a person.
    public var parked = 0
    /// Why nothing is told now.
    public var paused: String?
  }

  /// One of several hosts that share the ledger.
  public struct HostStatus: Sendable, Equatable, Codable {
    /// Since it was heard of last; a host shows itself every few seconds, and is taken for dead after 60.
    public var silentSeconds = 0
    /// Files and deliveries that it has in hand.
    public var files = 0
    public var deliveries = 0
    /// Where it delivers.
    public var destinations: [String] = []

    enum CodingKeys: String, CodingKey {
      case files, deliveries, destinations
      case silentSeconds = "silent_seconds"
    }

    fileprivate var words: String {
      let isThere = silentSeconds < HostPresence.lease.components.seconds
      let there = isThere ? "there, heard of \(silentSeconds) s ago" : "silent for \(silentSeconds) s"
      return "\(there); in hand \(files) files, \(deliveries) deliveries; delivers to "
        + (destinations.isEmpty ? "nobody" : destinations.joined(separator: ", "))
    }
  }

  /// Whether a daemon works on the folders now: pauses, model and workers are the last one's otherwise. Nil where it
  /// can't be told, and where several hosts share the folders, each of which says so itself.
  public var isRunning: Bool?
  /// Waiting for their study, their turn or their next attempt.
  public var queued = 0
  public var working = 0
  public var analysed = 0
  public var notAnalysed = 0
  public var rejected = 0
  /// Waiting for a person.
  public var parked = 0
  public var deliveries = Deliveries()
  /// The same for each destination, by its name.
  public var destinations: [String: DestinationStatus] = [:]
  /// By whom they are for.
  public var notices: [String: NoticeStatus] = [:]
  /// The hosts that share the ledger, by name; one that ended in order isn't among them. None where the daemon is alone.
  public var hosts: [String: HostStatus] = [:]
  /// Seconds that the file has waited that waits longest; nil when none does.
  public var oldestSeconds: Int?
  /// When the next file is tried again that failed.
  public var nextRetry: String?
  /// Why a part of the daemon pauses, by part.
  public var paused: [String: String] = [:]
  /// Which model reads, since the last start or reload; nil before the first.
  public var model: String?
  public var modelSHA256: String?
  public var workers: Int?
  /// When and why the last reload was refused.
  public var reloadRefused: String?
  /// How many files need attention, by coded reason.
  public var reasons: [String: Int] = [:]
  /// Files that were copied because they can't be moved out of their folders, and these folders.
  public var copied = 0
  public var copiedFrom: [String] = []
  /// Percent in use of the disks that spool, outbox and ledger lie on, and above which nothing is taken in.
  public var diskPercent: [String: Double] = [:]
  public var diskStopPercent = 100.0

  enum CodingKeys: String, CodingKey {
    case queued, working, analysed, rejected, parked, deliveries, destinations, paused, reasons, copied
    case notices, hosts
    case isRunning = "running"
    case notAnalysed = "not_analysed"
    case oldestSeconds = "oldest_seconds"
    case nextRetry = "next_retry"
    case copiedFrom = "copied_from"
    case diskPercent = "disk_percent"
    case diskStopPercent = "disk_stop_percent"
    case model, workers
    case modelSHA256 = "model_sha256"
    case reloadRefused = "reload_refused"
  }

  /// Two columns, for people.
  public var table: [(String, String)] {
    var rows = [
      ("queued", "\(queued)"), ("working", "\(working)"), ("analysed", "\(analysed)"),
      ("not analysed", "\(notAnalysed)"), ("rejected", "\(rejected)"), ("parked", "\(parked)"),
      (
        "deliveries",
        "\(deliveries.waiting) waiting, \(deliveries.sent) sent, \(deliveries.failed) failed"
      ),
    ]
    if isRunning == false { rows.insert(("daemon", "isn't running; what it said last stands below"), at: 0) }
    for (name, destination) in destinations.sorted(by: { $0.key < $1.key }) {
      rows.append(("  to \(name)", destination.words))
    }
    for (name, notices) in notices.sorted(by: { $0.key < $1.key }) {
      rows.append(
        (
          "notices to \(name)",
          "\(notices.waiting) waiting, \(notices.parked) parked\(notices.paused.map { "; pauses: \($0)" } ?? "")"
        ))
    }
    for (name, host) in hosts.sorted(by: { $0.key < $1.key }) { rows.append(("host \(name)", host.words)) }
    if let oldestSeconds { rows.append(("oldest waits for", "\(oldestSeconds) s")) }
    if let nextRetry { rows.append(("next retry", nextRetry)) }
    for (part, why) in paused.sorted(by: { $0.key < $1.key }) { rows.append(("\(part) pauses", why)) }
    if let model { rows.append(("model", "\(model), SHA-256 \(modelSHA256 ?? "")")) }
    if let workers { rows.append(("workers", "\(workers)")) }
    if let reloadRefused { rows.append(("reload refused", reloadRefused)) }
    for (reason, count) in reasons.sorted(by: { $0.key < $1.key }) { rows.append((reason, "\(count)")) }
    if copied > 0 {
      rows.append(
        ("copied, not moved", "\(copied) files; no right to change \(copiedFrom.joined(separator: ", "))"))
    }
    let disks = diskPercent.sorted { $0.key < $1.key }.map { "\($0.key) \(DiskGuard.text($0.value))" }
    rows.append(
      (
        "disks in use",
        "\(disks.joined(separator: ", ")); intake stops above \(DiskGuard.text(diskStopPercent))"
      ))
    return rows
  }
}
