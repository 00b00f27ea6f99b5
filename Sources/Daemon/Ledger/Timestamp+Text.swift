import FoundationEssentials
package import Ledger

extension Timestamp {
  /// In UTC: `2026-11-25T07:00:00Z`.
  package var text: String {
    Date(timeIntervalSince1970: Double(milliseconds / 1000)).formatted(.iso8601)
  }

  /// What ``text`` wrote; nil where it isn't that.
  init?(text: String) {
    guard let date = try? Date(text, strategy: .iso8601) else { return nil }
    self.init(milliseconds: Int64(date.timeIntervalSince1970 * 1000))
  }

  /// In UTC: `2026-11-25`.
  package var day: String { String(text.prefix(10)) }
}
