import Analysis
import Files
import FoundationEssentials
import Glibc
import SystemPackage

/// Why the results of one image can't be put into place although the folders are well: a fault of names and rights of
/// this image alone. A full disk or a lost mount isn't one: it concerns all.
package struct DeliveryFault: Error, Equatable, Sendable, CustomStringConvertible {
  /// Names no file.
  package let description: String

  private init(_ description: String) { self.description = description }

  static let folderInTheWay = DeliveryFault("a folder lies where its result goes")

  /// Looks whether the place of a result is usable, and with it those beside it; nil when it is.
  init?(result: FilePath, outbox: FilePath) {
    guard let fault = Self.place(result, home: outbox) else { return nil }
    self.init(fault)
  }

  /// The names that are made of `path` fit, and what lies above it below a home is a folder of ours.
  private static func place(_ path: FilePath, home: FilePath) -> String? {
    // With the home itself something is wrong for every file.
    guard FolderRights.may(W_OK | X_OK, home), let name = path.lastComponent else { return nil }
    let folder = path.removingLastComponent()
    let hidden = FilePath(bytes: Array(".".utf8) + name.bytes + Array(".reason.txt.part".utf8))
    for place in [path, folder.pushing(hidden)] {
      guard place.status(followingLink: false) == nil, errno != ENOENT else { continue }
      guard [ENOTDIR, ENAMETOOLONG, ELOOP, EACCES].contains(errno) else { continue }
      return "no place for it: \(unsafe String(cString: strerror(errno)))"
    }
    var parent = folder
    while parent.length > home.length {
      if exists(parent) {
        return FolderRights.may(W_OK | X_OK, parent) ? nil : "no right to write where it goes"
      }
      parent.removeLastComponent()
    }
    return nil
  }

  private static func exists(_ path: FilePath) -> Bool { path.status(followingLink: false) != nil }
}

/// What this process may do in a folder.
enum FolderRights {
  /// Whether this process has the rights, as access(2) names them.
  static func may(_ rights: Int32, _ path: FilePath) -> Bool {
    unsafe path.withPlatformString { unsafe access($0, rights) == 0 }
  }
}
