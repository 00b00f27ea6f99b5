import FoundationEssentials
import Ledger

/// A file that was claimed from the ledger, to be read.
package struct ClaimedFile: Sendable {
  let instance: InstanceRecord
  /// Of the lease.
  package let token: Int64
  /// Where the worker writes its results.
  let staging: URL
  /// The image that stands under its UID.
  let standing: StandingImage?
}

/// Rows in hand by their lease. Pure.
struct HeldRows: Sendable {
  private var rows: [Int64: Set<Int64>] = [:]

  /// The leases.
  var tokens: [Int64] { rows.keys.sorted() }
  /// How many rows.
  var count: Int { rows.values.reduce(0) { $0 + $1.count } }

  mutating func add(_ claim: Claim) { rows[claim.lease.token] = Set(claim.instances.map(\.id)) }

  /// The file isn't in hand any more.
  mutating func remove(_ file: ClaimedFile) {
    rows[file.token]?.remove(file.instance.id)
    if rows[file.token]?.isEmpty == true { rows[file.token] = nil }
  }

  /// Lets a lease go; returns the rows that it still held.
  mutating func remove(token: Int64) -> Set<Int64> { rows.removeValue(forKey: token) ?? [] }
}
