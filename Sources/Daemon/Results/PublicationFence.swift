package import Files
package import FoundationEssentials
import Ledger

/// Keeps a daemon that stood still for longer than its lease from putting results into place beside another's.
///
/// The ledger refuses its commit in any case; but results are files, under names that both use. Two things hold it back.
/// It looks, before each step, whether so much time has passed that the lease may be over, by a clock that goes on while
/// a process or a machine stands still. And whoever takes a file over first removes what others staged for it: what was
/// staged can't be renamed then, however late somebody wakes between look and step.
package struct PublicationFence: Sendable {
  private let token: Int64
  private let staging: URL
  private let end: ContinuousClock.Instant

  /// - Parameters:
  ///   - staging: where its results are, if it has any.
  ///   - end: until when the lease holds for sure.
  package init(token: Int64, staging: URL, until end: ContinuousClock.Instant) {
    (self.token, self.staging, self.end) = (token, staging, end)
  }

  /// - Throws: ``LedgerError/leaseLost(token:)``.
  func check(hasResults: Bool) throws(LedgerError) {
    guard .now < end, !hasResults || FileManager.default.fileExists(atPath: staging.path) else {
      throw .leaseLost(token: token)
    }
  }
}

extension ResultDesk {
  /// Removes what other leases staged for a row, on whichever host: nobody can put it into place any more.
  package func revoke(_ id: Int64, except token: Int64, in folders: InboxFolders) throws(WriteFailure) {
    let hosts = (try? FileManager.default.contentsOfDirectory(atPath: folders.hosts.path)) ?? []
    for host in hosts {
      let staging = folders.hosts.appending(path: host).appending(path: "staging")
      for name in (try? FileManager.default.contentsOfDirectory(atPath: staging.path)) ?? []
      where name.hasSuffix("-\(id)") && name != "\(token)-\(id)" {
        let stale = staging.appending(path: name)
        try? FileManager.default.removeItem(at: stale)
        // A worker over there may just have written one more.
        if FileManager.default.fileExists(atPath: stale.path) {
          try? FileManager.default.removeItem(at: stale)
        }
        guard !FileManager.default.fileExists(atPath: stale.path) else {
          throw WriteFailure(path: stale.path, message: "what another host staged can't be removed")
        }
      }
    }
  }
}
