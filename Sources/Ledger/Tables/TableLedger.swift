/// A ledger that is kept in tables. What it does is the same in each database; this is what a database has to offer.
protocol TableLedger: OpenLedger {
  /// One transaction, off the cooperative pool. It isn't bound to the task: a cancelled caller still learns what was
  /// committed. `body` may run more than once, each time from the beginning, where others were in its way.
  func write<T: Sendable>(
    _ durability: Durability, at now: Timestamp,
    _ body: @escaping @Sendable (inout LedgerTransaction) throws -> T
  ) async throws(LedgerError) -> T
  /// One snapshot.
  func read<T: Sendable>(
    _ body: @escaping @Sendable (any LedgerSession) throws -> T
  ) async throws(LedgerError) -> T
  /// A time of the ledger's clock, as this host's clock will show it.
  func onThisHost(_ time: Timestamp) -> Timestamp
}
