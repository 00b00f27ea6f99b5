import Analysis
import FoundationEssentials
import Glibc

/// Why one delivery can't be carried out although the folders are well: a fault of the names and rights of this
/// file alone. A full disk or a lost mount isn't one: it concerns every delivery, and ends the program.
package struct DeliveryFault: Error, Equatable, Sendable, CustomStringConvertible {
  /// Names no file.
  package let description: String

  /// Looks at the paths of `delivery`; nil when they are all usable.
  package init?(_ delivery: Delivery, in folders: InboxFolders) {
    let fault =
      Self.source(delivery)
      ?? Self.place(delivery.destination, homes: [folders.done, folders.rejected])
      ?? delivery.results.lazy.compactMap { Self.result($0.final, outbox: folders.outbox) }.first
    guard let fault else { return nil }
    description = fault
  }

  private static func source(_ delivery: Delivery) -> String? {
    guard FolderRights.canMove(delivery.source) || !exists(delivery.source) else {
      return "no right to move it out of its folder"
    }
    let folder = URL(filePath: delivery.destination).deletingLastPathComponent().path
    // A copy must read what a rename need not.
    let isCopied = device(delivery.source) != device(folder)
    guard isCopied, exists(delivery.source), unsafe access(delivery.source, R_OK) != 0 else { return nil }
    return "no right to copy it to another file system"
  }

  private static func result(_ path: String, outbox: URL) -> String? {
    if DestinationPath.look(path) == .folder { return "a folder lies where its result goes" }
    return place(path, homes: [outbox])
  }

  /// The names that are made of `path` fit, and what lies above it below a home is a folder of ours.
  private static func place(_ path: String, homes: [URL]) -> String? {
    let home = homes.first { path.hasPrefix($0.path + "/") }
    // With the home itself something is wrong for every file.
    guard let home, unsafe access(home.path, W_OK | X_OK) == 0 else { return nil }
    let url = URL(filePath: path)
    let folder = url.deletingLastPathComponent().path
    for name in [url.lastPathComponent, ".\(url.lastPathComponent).reason.txt.part"] {
      var status = stat()
      guard unsafe lstat(folder + "/" + name, &status) != 0, errno != ENOENT else { continue }
      guard [ENOTDIR, ENAMETOOLONG, ELOOP, EACCES].contains(errno) else { continue }
      return "no place for it: \(unsafe String(cString: strerror(errno)))"
    }
    var parent = folder
    while parent.count > home.path.count {
      if exists(parent) {
        return unsafe access(parent, W_OK | X_OK) == 0 ? nil : "no right to write where it goes"
      }
      parent = URL(filePath: parent).deletingLastPathComponent().path
    }
    return nil
  }

  private static func exists(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0
  }

  private static func device(_ path: String) -> UInt? {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? UInt(status.st_dev) : nil
  }
}

/// What this process may do in a folder.
enum FolderRights {
  /// Whether the file at `path` could be renamed out of its folder.
  static func canMove(_ path: String) -> Bool {
    let folder = URL(filePath: path).deletingLastPathComponent().path
    guard unsafe access(folder, W_OK | X_OK) == 0 else { return false }
    var (above, file) = (stat(), stat())
    guard unsafe stat(folder, &above) == 0, above.st_mode & S_ISVTX != 0 else { return true }
    // In a folder with the sticky bit only the owner of the file or of the folder may.
    guard unsafe lstat(path, &file) == 0 else { return true }
    let user = geteuid()
    return user == 0 || user == above.st_uid || user == file.st_uid
  }
}
