import FoundationEssentials
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

  private init(_ kind: Kind, _ description: String) { (self.kind, self.description) = (kind, description) }

  /// A new ledger that doesn't know yet what was done before.
  static func rebuilding(_ folders: InboxFolders) -> LedgerFailure {
    LedgerFailure(
      .inaccessible,
      "\(folders.ledgerFile.path): is being rebuilt; the report is written when that is done: if no daemon is at it, "
        + "start it, which goes on with it")
  }
}
