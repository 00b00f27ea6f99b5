package import Ledger

extension InstanceRecord {
  /// What the trail calls it when a file gets its turn once more.
  private static let anew: Set<String> = ["read again", "retried", "accepted", "dismissed"]

  /// When the wait began that ends with the reading in hand: the file's arrival, or, of one that was done or parked before,
  /// the moment at which it was wanted once more. Pure.
  package func beginning(in trail: [AuditEntry]) -> Timestamp {
    let last = trail.last { entry in Self.anew.contains(entry.event) && entry.at <= claimedAt ?? entry.at }
    return max(admittedAt, last?.at ?? admittedAt)
  }
}

extension Timestamp {
  /// How long it is until another.
  func seconds(to other: Timestamp) -> Double { Double(other.milliseconds - milliseconds) / 1000 }
}
