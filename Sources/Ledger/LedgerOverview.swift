/// What a status page shows beside ``StudyLedger/counts()``: looks of a bounded size, however much the ledger holds, and
/// who takes something off the list of what needs somebody.
package protocol LedgerOverview: Sendable {
  /// Deliveries by destination and state.
  func deliveryTallies() async throws(LedgerError) -> [DeliveryTally]
  /// What was finished last, the newest first.
  func latest(limit: Int) async throws(LedgerError) -> [InstanceRecord]
  /// What is parked or rejected and nobody acknowledged, by coded reason: how many, and the newest of them.
  func troubles(limit: Int) async throws(LedgerError) -> [LedgerTrouble]
  /// Takes what is parked or rejected off that list until something happens to it again; in `status` it counts on.
  /// - Returns: the rows concerned.
  func acknowledge(_ selection: Selection, at now: Timestamp) async throws(LedgerError) -> [Int64]
}

/// How many results stand how on their way to one destination.
package struct DeliveryTally: Sendable, Hashable {
  package let destination: String
  /// `due`, `sending`, `delayed`, `stored`, `sent`, `parked` or `withdrawn`.
  package let state: String
  package let count: Int
  /// When the oldest of them was written.
  package let oldest: Timestamp
}

/// Files that need somebody for one reason.
package struct LedgerTrouble: Sendable, Hashable {
  package let reason: String
  package let count: Int
  package let newest: [InstanceRecord]
}

extension DeliveryTally {
  /// Neither there for good nor given up; `stored` waits for the peer to commit itself.
  package var isWaiting: Bool { ["due", "sending", "delayed", "stored"].contains(state) }
}
