package import Ledger

/// Why the ledger can't be used, for the command line.
public struct LedgerFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure it is.
  public enum Kind: Sendable, Equatable {
    /// There is none.
    case missing
    /// It is damaged, lost, of another version, or not a ledger.
    case unusable
    /// It can't be written or read now.
    case inaccessible
  }

  public let kind: Kind
  public let description: String

  package init(_ error: LedgerError) {
    kind =
      switch error {
      case .missing: .missing
      case .damaged, .newer, .older, .foreign, .lost: .unusable
      default: .inaccessible
      }
    description = error.description
  }
}
