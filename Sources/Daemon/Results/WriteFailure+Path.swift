import Files
import Glibc
import SystemPackage

extension WriteFailure {
  /// Whether names and rights of this one path are at fault, so that waiting won't help. Where a home itself can't be
  /// written, the next image would fare no better.
  func isOfThePath(in folders: InboxFolders) -> Bool {
    guard [ENOTDIR, ENAMETOOLONG, ELOOP, EISDIR, EACCES, EPERM].contains(code) else { return false }
    return [folders.outbox, folders.done, folders.rejected, folders.staging].allSatisfy {
      FolderRights.may(W_OK | X_OK, FilePath(of: $0).appending("."))
    }
  }
}
