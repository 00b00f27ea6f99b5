import Files
import FoundationEssentials
import Glibc
import SystemPackage

/// Who runs the daemon.
package struct ServiceUser: Sendable, Equatable {
  let id: uid_t
  /// Its number where it has no name.
  let name: String
  let group: String
  private let groupID: gid_t

  /// Who asks.
  static var present: ServiceUser { ServiceUser(geteuid(), group: getegid()) }

  /// - Parameter group: where it has no name, and so no group of its own.
  private init(_ id: uid_t, group fallback: gid_t) {
    self.id = id
    let entry = unsafe getpwuid(id)
    name = unsafe entry.map { unsafe String(cString: $0.pointee.pw_name) } ?? "user \(id)"
    groupID = unsafe entry?.pointee.pw_gid ?? fallback
    group = unsafe getgrgid(groupID).map { unsafe String(cString: $0.pointee.gr_name) } ?? "\(groupID)"
  }

  /// Whoever the daemon's own folder belongs to, or the nearest above it that is there.
  init(of folders: InboxFolders) {
    var path = FilePath(of: folders.ledger)
    while path.status(followingLink: true) == nil, path.removeLastComponent() {}
    let status = path.status(followingLink: true)
    self.init(status?.st_uid ?? geteuid(), group: status?.st_gid ?? getegid())
  }

  /// Takes the user's rights in place of root's, for the rest of this process.
  /// - Returns: whether that was possible.
  private func take() -> Bool {
    unsafe initgroups(name, groupID) == 0 && setgid(groupID) == 0 && setuid(id) == 0
  }

  /// Looks at everything as the daemon will: root, who may do anything, takes the rights of the daemon's user.
  package static func examination(of folders: InboxFolders) -> Examination {
    let (asking, service) = (present, ServiceUser(of: folders))
    if asking.id == service.id {
      guard asking.id != 0 || FilePath(of: folders.ledger).status(followingLink: true) != nil else {
        return Examination(
          "user", .doubtful,
          "asked as root, who may do anything; \(folders.ledger.path) isn't there yet, so that nobody knows whose it will be",
          remedy: "ask as the user who runs the daemon, or make the folder theirs")
      }
      return Examination("user", .well, "asked as \(asking.name), to whom \(folders.ledger.path) belongs")
    }
    guard asking.id == 0 else {
      return Examination(
        "user", .doubtful,
        "asked as \(asking.name); \(folders.ledger.path) belongs to \(service.name), who may see what you don't",
        remedy: "sudo mmdicom doctor")
    }
    guard service.take() else {
      return Examination(
        "user", .doubtful, "asked as root, who may do anything; \(service.name)'s rights can't be taken here",
        remedy: "ask as \(service.name)")
    }
    return Examination("user", .well, "looked at as \(service.name), to whom \(folders.ledger.path) belongs")
  }
}
