import Files
import Foundation
import Ledger
import TestSupport

/// Implementations that the conformance suite runs on.
enum LedgerKind: String, CaseIterable, Sendable {
  case sqlite
  case postgres

  /// Those that there are on this machine; ``PostgresLedgerTests`` says where one is missing.
  static var allCases: [LedgerKind] { PostgresServer.isInstalled ? [.sqlite, .postgres] : [.sqlite] }
}

/// A place where one ledger lives, which can be opened any number of times.
final class LedgerSite {
  let kind: LedgerKind
  let folder: URL
  var rules = LedgerRules()

  init(_ kind: LedgerKind) throws {
    self.kind = kind
    folder = Self.root.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  /// Removed when the tests end: a ledger may outlive its site.
  private static let root: URL = {
    atexit { try? FileManager.default.removeItem(at: LedgerSite.root) }
    return FileManager.default.temporaryDirectory
      .appending(path: "mmdicom-ledger-\(ProcessInfo.processInfo.processIdentifier)")
  }()

  /// Each site has a schema of its own.
  var schema: String { "site_" + folder.lastPathComponent.lowercased().replacing("-", with: "") }

  func openPostgres(
    as role: PostgresLedger.Role = .keeper, clock: PostgresLedger.Clock = .caller
  ) throws -> PostgresLedger {
    let address = try PostgresAddress(PostgresServer.shared.get().address())
    return try PostgresLedger(at: address, as: role, rules: rules, clock: clock, schema: schema)
  }

  /// The same for a task of its own.
  func openPostgresLater() throws -> @Sendable () throws -> PostgresLedger {
    let address = try PostgresAddress(PostgresServer.shared.get().address())
    let (rules, schema) = (rules, schema)
    return { try PostgresLedger(at: address, as: .keeper, rules: rules, clock: .caller, schema: schema) }
  }

  var file: String { folder.appending(path: "ledger.sqlite").path }

  /// One more user of the ledger. Nothing is closed in an orderly way: who is dropped has crashed.
  func open() throws -> any OpenLedger {
    switch kind {
    case .sqlite: try SQLiteLedger(at: file, as: .keeper, rules: rules)
    case .postgres: try openPostgres()
    }
  }
}

extension Timestamp {
  static func at(_ seconds: Int64) -> Timestamp {
    Timestamp(milliseconds: 1_700_000_000_000 + seconds * 1000)
  }
}

extension ContentDigest {
  static func of(_ value: Int) -> ContentDigest {
    ContentDigest((0..<32).map { UInt8(truncatingIfNeeded: value >> (8 * ($0 % 4))) })!
  }
}

extension Admission {
  /// File `content` with picture `pixels` of image `image` of study `study`.
  static func file(
    _ content: Int, pixels: Int? = nil, image: Int? = nil, study: Int? = nil, wanted: Bool = false,
    spooled: String? = nil
  ) -> Admission {
    Admission(
      content: .of(content), pixels: .of(pixels ?? content), studyInstanceUID: "1.2.\(study ?? content)",
      seriesInstanceUID: "1.2.\(study ?? content).1", sopInstanceUID: "1.2.3.\(image ?? content)",
      spooled: Array((spooled ?? "spool/\(content)").utf8), sender: [0x66, 0xff, UInt8(content % 256)],
      isWanted: wanted)
  }
}

extension Completion {
  /// Analysed, with one result for each of these destinations together.
  static func analysed(
    _ instance: InstanceRecord, uid: String? = nil, path: String? = nil, content: Int? = nil,
    to destinations: [String] = []
  ) -> Completion {
    Completion(
      .analysed, record: Array("row of \(instance.id)".utf8),
      results: [
        Result(
          kind: "overlay", path: Array((path ?? "\(instance.id).overlay.dcm").utf8),
          uid: uid ?? "2.25.\(instance.id)", content: .of(content ?? Int(instance.id)),
          destinations: destinations)
      ], home: instance.sender)
  }

  static func rejected(_ instance: InstanceRecord, _ reason: String) -> Completion {
    Completion(
      .rejected, reason: reason, record: Array("refusal of \(instance.id)".utf8), home: instance.sender)
  }
}

extension StudyLedger {
  /// The next study for a holder called `a`, for a minute.
  func claim(
    at now: Timestamp, by holder: String = "a", limit: Int = 16, order: DrawOrder = .arrival
  ) async throws(LedgerError) -> Claim? {
    try await claim(by: holder, limit: limit, order: order, for: .seconds(60), keeping: [], at: now)
  }

  func file(_ instance: Int64, at now: Timestamp) async throws(LedgerError) {
    try await file([instance], at: now)
  }

  func standingImage(for instance: Int64) async throws(LedgerError) -> StandingImage? {
    try await circumstances(of: instance).standing
  }

  func prunable(before time: Timestamp, limit: Int) async throws(LedgerError) -> [PrunableInstance] {
    try await prunable(before: time, after: nil, limit: limit)
  }

  func deliveries(
    to destination: String, at now: Timestamp, limit: Int = 16
  ) async throws(LedgerError) -> DeliveryClaim? {
    try await nextDeliveries(
      to: destination, by: "a", limit: limit, order: .arrival, for: .seconds(60), at: now)
  }

  func instance(_ id: Int64) async throws(LedgerError) -> InstanceRecord? {
    try await instances(.instance(id), after: 0, limit: 1).first
  }

  /// Everything that lasts, without the marks of who worked when.
  func picture() async throws(LedgerError) -> [String] {
    var lines: [String] = []
    for id in Int64(1)...30 {
      guard let record = try await instance(id) else { continue }
      let verdict =
        if case .filed(_, let verdict, _) = record.state { "\(verdict)" } else { "\(record.state)" }
      lines.append("\(id) \(record.tag) \(verdict) \(record.reason) \(record.replaces ?? 0)")
      for result in try await results(of: id) { lines.append("\(result)") }
      for delivery in try await deliveries(of: id) {
        let end = if case .sent = delivery.state { "sent" } else { "\(delivery.state)" }
        lines.append("\(delivery.id) \(delivery.destination) \(end)")
      }
    }
    for entry in try await report(after: 0, limit: 100, history: true) {
      lines.append("\(entry.instance) \(entry.isCurrent) \(String(decoding: entry.record, as: UTF8.self))")
    }
    return lines
  }
}

extension StudyLedger {
  /// As a daemon does that is alone.
  func serve(_ destinations: [String], at now: Timestamp) async throws(LedgerError) -> [String] {
    try await serve(destinations, by: nil, at: now).parked
  }
}
