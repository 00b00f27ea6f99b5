/// Why the ledger refuses.
package enum LedgerError: Error, Sendable, Hashable {
  /// The file isn't whole.
  case damaged(path: String, detail: String)
  /// The file is of a newer program; `found` names what this one doesn't know.
  case newer(path: String, found: [String])
  /// The file is of an older program; the daemon brings it to this version when it starts.
  case older(path: String)
  /// There is no ledger.
  case missing(path: String)
  /// There is no ledger, and what one knew of is still there: `found` says what.
  case lost(path: String, found: String)
  /// The file was taken away, or another put in its place, while it was in use.
  case takenAway(path: String)
  /// The file belongs to another program.
  case foreign(path: String)
  /// Somebody else has held it for longer than we wait.
  case busy
  /// No space is left.
  case full
  /// The database doesn't answer, or lets nobody in.
  case unreachable(address: String, detail: String)
  /// The disk or the mount below it answers with an error.
  case inaccessible(path: String, detail: String)
  /// It may be read, but not written: rights, or a mount that became read-only.
  case readOnly(path: String)
  /// The machine has no memory left.
  case outOfMemory
  /// It can't be read or written for a reason that none of these names.
  case unusable(detail: String)
  /// What was to be written contradicts what is there: a fault of this program.
  case inconsistent(detail: String)
  /// The lease is no longer the row's: another took over.
  case leaseLost(token: Int64)
  /// The row isn't in a state for it.
  case impossible(row: Int64)
  /// There is no such row.
  case unknown(row: Int64)
  /// A result has the UID of another instance's.
  case duplicateUID(String)

  /// Whether the same call can succeed later, without anybody's doing.
  package var isRetryable: Bool {
    switch self {
    case .busy, .full, .unreachable, .inaccessible, .readOnly, .outOfMemory, .unusable: true
    case .damaged, .newer, .older, .missing, .lost, .takenAway, .foreign, .inconsistent, .leaseLost,
      .impossible, .unknown, .duplicateUID:
      false
    }
  }
}

extension LedgerError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .damaged(let path, let detail):
      "\(path): damaged (\(detail)); \(Self.rebuilding) and keeps this file beside it"
    case .newer(let path, let found):
      "\(path): written by a newer mmdicom (\(found.joined(separator: ", "))); use that one, or "
        + "\(Self.rebuilding) and keeps this file beside it"
    case .older(let path): "\(path): written by an older mmdicom; start the daemon once"
    case .missing(let path): "\(path): there is no ledger; start the daemon once"
    case .lost(let path, let found):
      "\(path): there is no ledger, but \(found) of one: put it back, or \(Self.rebuilding); where there never was one, "
        + "empty that folder or configure another"
    case .takenAway(let path):
      "\(path): was taken away or replaced while it was in use, and nothing more is written to it; put the ledger back "
        + "and start again"
    case .foreign(let path): "\(path): isn't a ledger of mmdicom"
    case .busy: "the ledger is held by another program for too long"
    case .full: "no space left for the ledger"
    case .unreachable(let address, let detail): "\(address): can't be reached (\(detail))"
    case .inaccessible(let path, let detail): "\(path): the disk answers with an error (\(detail))"
    case .readOnly(let path): "\(path): can't be written"
    case .outOfMemory: "no memory left for the ledger"
    case .unusable(let detail): "the ledger can't be used: \(detail)"
    case .inconsistent(let detail): "the ledger refuses what contradicts it: \(detail)"
    case .leaseLost(let token): "lease \(token) is over; another worker took the file"
    case .impossible(let row): "row \(row) isn't in a state for that"
    case .unknown(let row): "there is no row \(row)"
    case .duplicateUID(let uid): "a result of another instance has the UID \(uid)"
    }
  }

  private static let rebuilding =
    "stop the daemon and run 'mmdicom serve --rebuild-ledger', which writes it anew from report, spool, done, rejected "
    + "and outbox"
}
