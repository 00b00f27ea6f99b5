import FoundationEssentials
package import Ledger

extension Timestamp {
  /// In UTC: `2026-11-25T07:00:00Z`.
  package var text: String {
    Date(timeIntervalSince1970: Double(milliseconds / 1000)).formatted(.iso8601)
  }
}
