package import Files
import FoundationEssentials
import Glibc
import SystemPackage

/// Contents that somebody wants to be read once more, though the ledger knows what came of them: one empty file for
/// each, written by `mmdicom retry` and removed when the file comes.
package struct WantedContent: Sendable {
  private let folder: URL

  package init(_ folders: InboxFolders) { folder = folders.wanted }

  package func want(_ content: ContentDigest) throws(WriteFailure) {
    try Folder.create(folder)
    try DurableFile.write("", to: place(of: content))
  }

  package func contains(_ content: ContentDigest) -> Bool {
    unsafe access(place(of: content).path, F_OK) == 0
  }

  /// - Throws: what keeps it there: the file would be read once more whenever it comes.
  package func forget(_ content: ContentDigest) throws(WriteFailure) {
    try Move.remove(FilePath(of: place(of: content)))
  }

  private func place(of content: ContentDigest) -> URL { folder.appending(path: "\(content)") }
}
