import Files
import Glibc
import SystemPackage

/// Why a file that the configuration names can't be opened by whoever asks; nil where it can.
struct FileAccess {
  let finding: String
  let remedy: String

  /// - Parameter user: who asks.
  init?(_ path: String, by user: ServiceUser, to mode: Int32 = R_OK) {
    let file = FilePath(path)
    guard unsafe access(path, mode) == 0 else {
      let why = errno
      let place = Self.closed(above: file)
      if why == EACCES, let place {
        finding = "\(path): \(user.name) may not enter \(place.string)"
        remedy = "lay it into /etc/mmdicom, or: setfacl -m u:\(user.name):x \(place.string)"
      } else if why == EACCES {
        let (verb, bits) = mode == X_OK ? ("run", "750") : ("read", "640")
        finding = "\(path): \(user.name) may not \(verb) it"
        remedy = "chgrp \(user.group) \(path) && chmod \(bits) \(path)"
      } else {
        finding = "\(path): \(unsafe String(cString: strerror(why)))"
        remedy =
          why == ENOENT ? "put it there, or correct the configuration" : "see to the disk that it is on"
      }
      return
    }
    guard (file.status(followingLink: true)?.st_mode ?? 0) & S_IFMT == S_IFREG else {
      finding = "\(path) is no file"
      remedy = "correct the configuration"
      return
    }
    return nil
  }

  /// The folder on the way to a file that can't be entered.
  private static func closed(above file: FilePath) -> FilePath? {
    var folders: [FilePath] = []
    var folder = file
    while folder.removeLastComponent() { folders.append(folder) }
    return folders.last { unsafe access($0.string, X_OK) != 0 && errno == EACCES }
  }
}
