import Files
import Foundation
import Ledger
import TestSupport
import Testing

private let loadSeconds = ProcessInfo.processInfo.environment["MMDICOM_LEDGER_LOAD"].flatMap(Int.init)

/// How many studies a second one PostgreSQL keeps the books of, for hosts that do nothing else. Not a test of anything: it
/// prints figures, and only where `MMDICOM_LEDGER_LOAD` says for how many seconds each.
@Suite(.serialized, .enabled(if: loadSeconds != nil, "MMDICOM_LEDGER_LOAD isn't set"))
struct LedgerLoad {
  @Test(arguments: [1, 3, 10])
  func studiesASecond(hosts: Int) async throws {
    let server = try PostgresServer("load-\(hosts)", isDurable: true)
    defer { server.stop() }
    let address = try PostgresAddress(server.address())
    var rules = LedgerRules()
    rules.quietTime = .zero
    _ = try PostgresLedger(at: address, as: .keeper, rules: rules)
    let transactions = "SELECT xact_commit FROM pg_stat_database WHERE datname = 'postgres'"
    let before = try Int(
      server.say(transactions).split(separator: "\n")[0])
    let end = ContinuousClock.now + .seconds(loadSeconds ?? 10)
    let counts = try await withThrowingTaskGroup(of: Int.self) { group in
      for host in 0..<hosts {
        let rules = rules
        group.addTask {
          let ledger = try PostgresLedger(at: address, as: .keeper, rules: rules)
          defer { try? ledger.close() }
          return try await Self.work(ledger, host, until: end)
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    // What the sessions did is counted a moment after they end.
    try await Task.sleep(for: .seconds(2))
    let after = try Int(server.say(transactions).split(separator: "\n")[0])
    let studies = counts.reduce(0, +)
    let rate = Double(studies) / Double(loadSeconds ?? 10)
    let each = Double((after ?? 0) - (before ?? 0)) / Double(max(studies, 1))
    print("\(hosts) hosts: \(rate) studies/s, \(each) transactions each")
  }

  /// The ledger's part of reading studies of one image with three results and one destination, as the daemon asks it.
  private static func work(
    _ ledger: PostgresLedger, _ host: Int, until end: ContinuousClock.Instant
  ) async throws -> Int {
    let name = "host-\(host)"
    var number = host * 1_000_000
    var studies = 0
    while .now < end {
      number += 1
      _ = try await ledger.admit([.file(number)], at: .at(0))
      while let claim = try await ledger.claim(at: .at(0), by: name, order: .fair) {
        for instance in claim.instances {
          _ = try await ledger.circumstances(of: instance.id)
          try await ledger.renew(token: claim.lease.token, for: .seconds(60), at: .at(0))
          _ = try await ledger.circumstances(of: instance.id)
          try await ledger.complete(
            instance.id, token: claim.lease.token, completion(of: instance), at: .at(0))
          studies += 1
        }
        if try await ledger.takeOn("settling", by: name, for: .seconds(60), at: .at(0)) {
          let unfiled = try await ledger.instances(.unfiled, after: 0, limit: 100)
          try await ledger.file(unfiled.map(\.id), at: .at(0))
          try await ledger.layDown("settling", by: name, at: .at(0))
        }
        guard let deliveries = try await ledger.deliveries(to: "pacs", at: .at(0)) else { continue }
        for delivery in deliveries.deliveries {
          try await ledger.settle(
            delivery.id, token: deliveries.lease.token, .taken, answer: "0000", at: .at(0))
        }
      }
    }
    return studies
  }

  private static func completion(of instance: InstanceRecord) -> Completion {
    let results = ["overlay", "segmentation", "report"].enumerated().map { index, kind in
      Completion.Result(
        kind: kind, path: Array("\(instance.sopInstanceUID).\(kind).dcm".utf8),
        uid: "2.25.\(instance.id).\(index)",
        content: instance.content, destinations: ["pacs"])
    }
    return Completion(
      .analysed, record: [UInt8](repeating: UInt8(ascii: "x"), count: 400), results: results,
      home: instance.sender)
  }
}
