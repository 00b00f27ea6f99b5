internal import Files
import Glibc
import Synchronization
internal import SystemPackage

/// Notices that somebody took the ledger's file or its log away, or put another in its place, while they are open:
/// SQLite goes on with what has no name any more. A look at both costs some microseconds, far less than a commit.
final class LedgerFilesInUse: Sendable {
  private enum Sight: Equatable {
    case nothing
    case file(FileIdentity)
    /// It can't be looked at now.
    case unknown
  }

  private let path: String
  private let file: Sight
  /// SQLite makes the log when it is first needed, and keeps it until the last user is gone.
  private let log = Mutex(Sight.nothing)

  /// - Parameter path: of the file, which is open.
  init(_ path: String) {
    self.path = path
    file = Self.look(path)
  }

  /// - Throws: ``LedgerError/takenAway(path:)``.
  func requireInPlace() throws(LedgerError) {
    let (file, log) = (Self.look(path), Self.look(path + "-wal"))
    let first = self.log.withLock { known in
      // Once there, it stays.
      if known == .nothing { known = log }
      return known
    }
    guard Self.isSame(self.file, file), Self.isSame(first, log) else {
      throw LedgerError.takenAway(path: path)
    }
  }

  /// What can't be looked at is for SQLite to tell of.
  private static func isSame(_ known: Sight, _ there: Sight) -> Bool {
    known == there || known == .unknown || there == .unknown
  }

  private static func look(_ path: String) -> Sight {
    if let status = FilePath(path).status(followingLink: true) { return .file(FileIdentity(status)) }
    return errno == ENOENT || errno == ENOTDIR ? .nothing : .unknown
  }
}
