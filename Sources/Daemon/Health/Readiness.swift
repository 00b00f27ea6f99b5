import Files
import FoundationEssentials
import Glibc
import SystemPackage

/// Why the daemon can't do its work now.
enum Readiness {
  /// Folders that can't be written, each with what to do; blocks where a mount doesn't answer.
  static func problems(of folders: InboxFolders) -> [String] {
    (folders.named + [(name: "spool", folder: folders.spool)]).compactMap { name, folder in
      // W_OK and X_OK as the user that runs.
      guard unsafe access(folder.path, R_OK | W_OK | X_OK) != 0 else { return nil }
      let code = errno
      return "\(name): \(folder.path): \(unsafe String(cString: strerror(code)))"
    }
  }
}
