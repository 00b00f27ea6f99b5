import Files
import Ledger
import Logging

/// What follows when the ledger has an image: its source goes home, and the report gets its row.
extension StudyReading {
  /// Moves sources home whose images are done.
  /// - Parameter stuck: rows that are left alone.
  /// - Returns: the tags of those that stay in the spool.
  func bringHome(except stuck: Set<Int64> = []) async throws -> Set<String> {
    var waiting: Set<String> = []
    var last: Int64 = 0
    while true {
      let unfiled = try await ledger.instances(.unfiled, after: last, limit: 100)
      guard let end = unfiled.last else { break }
      last = end.id
      beatWhileFiling()
      let stay = try await sources.bringHome(unfiled.filter { !stuck.contains($0.id) }, at: .now)
      for record in unfiled where !stuck.contains(record.id) {
        if let failure = stay[record.id] { try stays(record, failure) } else { left.remove(record.id) }
      }
      waiting.formUnion(unfiled.filter { stay[$0.id] != nil || stuck.contains($0.id) }.map(\.tag))
    }
    if stuck.isEmpty { nextFiling = .now + filingInterval }
    return waiting
  }

  private func stays(_ record: InstanceRecord, _ failure: WriteFailure) throws {
    guard failure.isOfThePath(in: configuration.folders) else { throw failure }
    // Its results are out and its row is written; only its place isn't there.
    if left.insert(record.id).inserted {
      log(.warning, "stays in the spool: \(failure.reason)", record)
    }
  }

  /// Sees to the sources and the report's rows of what is done: of several images together while more are in hand, for
  /// each would cost as much as all.
  func settle(atOnce: Bool = false) async throws {
    guard unsettled.areDue(atOnce: atOnce || held.tokens.isEmpty, at: .now) else { return }
    try await settleAlone { try await self.bringHome(except: self.left) }
  }

  /// Brings sources home and the report up to date; where another host is at it, it is done later here.
  func settleAlone(
    _ bringHome: () async throws -> Set<String>
  ) async throws {
    let isDone = try await settling.alone(patience: runsOnce ? .seconds(60) : .zero) {
      _ = try await bringHome()
      return try await updateReport()
    }
    if configuration.folders.host != nil { try await sources.bringTwins() }
    guard let isDone else { return }
    unsettled = Unsettled()
    // The sources are home, and the report is still to be seen to.
    if !isDone { unsettled.add(at: .now) }
  }
}
