import Files
import Ledger
import SystemPackage

/// Everything that is known of one file: the chain of digests that leads from it to its results, and every step with its
/// time. Names and UIDs are a patient's.
public struct Explanation: Sendable, Equatable, Codable {
  /// One link of the chain: digest of the file, of its decoded picture, of the network's input, of the weights, of each
  /// result.
  public struct Link: Sendable, Equatable, Codable {
    /// `file`, `pixels`, `tensor`, `weights` or `output`.
    public var step: String
    public var sha256: String
    /// Of an output: its kind, its path below the outbox, its UID, the UID of the result whose place it took, and whether
    /// another has taken its own.
    public var kind: String?
    public var path: String?
    public var sopInstanceUID: String?
    public var replaces: String?
    public var isSuperseded: Bool?

    enum CodingKeys: String, CodingKey {
      case step, sha256, kind, path, replaces
      case sopInstanceUID = "sop_instance_uid"
      case isSuperseded = "superseded"
    }
  }

  /// A line of the audit trail.
  public struct Event: Sendable, Equatable, Codable {
    public var at: String
    public var event: String
    public var detail: String
  }

  public struct Delivery: Sendable, Equatable, Codable {
    public var destination: String
    public var kind: String
    public var state: String
    public var attempts: Int
    /// When it is tried again, or has to be confirmed.
    public var until: String?
    /// What the peer said last.
    public var answer: String
    /// When the peer took it.
    public var sent: String?

    var line: String {
      "delivery: \(kind) to \(destination) \(state)"
        + (attempts > 0 ? ", \(attempts) attempt\(attempts == 1 ? "" : "s")" : "")
        + (until.map { ", until \($0)" } ?? "") + (sent.map { ", taken \($0)" } ?? "")
        + (answer.isEmpty ? "" : ", answer: \(answer)")
    }
  }

  /// The file's tag in the log.
  public var file: String
  public var studyInstanceUID: String
  public var seriesInstanceUID: String
  public var sopInstanceUID: String
  public var name: String
  public var spool: String
  public var home: String?
  public var state: String
  public var reason: String?
  public var came: String
  public var finished: String?
  public var timesSeen: Int
  /// Tags of the file whose results its own replaced, and of the one that it conflicts with.
  public var amends: String?
  public var conflictsWith: String?
  public var chain: [Link]
  public var deliveries: [Delivery]
  public var events: [Event]
  /// What reading it again gave; nil where nobody asked.
  public var replay: Replay.Outcome?

  enum CodingKeys: String, CodingKey {
    case file, name, spool, home, state, reason, came, finished, amends, chain, deliveries, events, replay
    case studyInstanceUID = "study_instance_uid"
    case seriesInstanceUID = "series_instance_uid"
    case sopInstanceUID = "sop_instance_uid"
    case timesSeen = "times_seen"
    case conflictsWith = "conflicts_with"
  }

  /// For people.
  public var lines: [String] {
    var lines = [
      "file: \(file)", "study_instance_uid: \(studyInstanceUID)", "series_instance_uid: \(seriesInstanceUID)",
      "sop_instance_uid: \(sopInstanceUID)", "name: \(name)", "spool: \(spool)", "state: \(state)",
      "came: \(came)", "times seen: \(timesSeen)",
    ]
    for (key, value) in [
      ("home", home), ("reason", reason), ("finished", finished), ("amends", amends),
      ("conflicts with", conflictsWith),
    ] {
      if let value { lines.append("\(key): \(value)") }
    }
    lines.append("chain:")
    for link in chain {
      lines.append("  \(link.step) \(link.sha256)")
      guard let kind = link.kind else { continue }
      lines.append(
        "    result: \(kind) \(link.path ?? "")\(link.isSuperseded == true ? " (superseded)" : "")")
      if let uid = link.sopInstanceUID { lines.append("    sop_instance_uid: \(uid)") }
      if let uid = link.replaces { lines.append("    replaces: \(uid)") }
    }
    lines += deliveries.map(\.line)
    lines += events.map { "\($0.at) \($0.event) \($0.detail)" }
    if let replay { lines += replay.lines }
    return lines
  }
}

extension LedgerVisit {
  /// Everything that is known of the files with this UID or tag; empty when nothing is.
  public func explain(_ name: String) async throws -> [Explanation] {
    try await asking {
      var all: [Explanation] = []
      for record in try await records(of: name) { all.append(try await explanation(of: record)) }
      return all
    }
  }

  func records(of name: String) async throws(LedgerError) -> [InstanceRecord] {
    try await ledger.instances(Self.selection(name), after: 0, limit: 1000)
  }

  func explanation(of record: InstanceRecord) async throws -> Explanation {
    Explanation(
      file: record.tag, studyInstanceUID: record.studyInstanceUID,
      seriesInstanceUID: record.seriesInstanceUID, sopInstanceUID: record.sopInstanceUID,
      name: FilePath(bytes: record.sender).text, spool: FilePath(bytes: record.spooled).text,
      home: record.home.map { FilePath(bytes: $0).text }, state: record.state.words,
      reason: record.reason.isEmpty ? nil : record.reason, came: record.admittedAt.text,
      finished: record.finishedAt?.text, timesSeen: record.timesSeen,
      amends: try await tag(of: record.replaces), conflictsWith: try await tag(of: record.rival),
      chain: try await chain(of: record),
      deliveries: try await ledger.deliveries(of: record.id).map { Explanation.Delivery($0) },
      events: try await events(of: record.id))
  }

  private func tag(of row: Int64?) async throws(LedgerError) -> String? {
    guard let row else { return nil }
    // What was forgotten has no tag any more.
    return try await ledger.instances(.instance(row), after: 0, limit: 1).first?.tag ?? "row \(row)"
  }

  private func chain(of record: InstanceRecord) async throws(LedgerError) -> [Explanation.Link] {
    var chain: [Explanation.Link] = []
    for (step, digest) in [
      ("file", record.content), ("pixels", record.pixels), ("tensor", record.tensor),
      ("weights", record.weights),
    ] {
      if let digest { chain.append(Explanation.Link(step: step, sha256: "\(digest)")) }
    }
    for result in try await ledger.results(of: record.id) {
      var link = Explanation.Link(step: "output", sha256: "\(result.content)")
      link.kind = result.kind
      link.path = FilePath(bytes: result.path).text
      link.sopInstanceUID = result.uid.isEmpty ? nil : result.uid
      link.isSuperseded = result.isSuperseded
      if let replaced = result.replaces, let other = try await ledger.result(replaced), !other.uid.isEmpty {
        link.replaces = other.uid
      }
      chain.append(link)
    }
    return chain
  }

  private func events(of id: Int64) async throws(LedgerError) -> [Explanation.Event] {
    var events: [Explanation.Event] = []
    var last: Int64 = 0
    while true {
      let entries = try await ledger.audit(of: id, after: last, limit: 1000)
      guard let end = entries.last else { return events }
      events += entries.map { Explanation.Event(at: $0.at.text, event: $0.event, detail: $0.detail) }
      last = end.number
    }
  }
}
