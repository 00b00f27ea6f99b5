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
    ((try? all())?.contains(content)) ?? false
  }

  /// All of them: none, as a rule.
  func all() throws(WriteFailure) -> Set<ContentDigest> {
    let path = FilePath(of: folder)
    guard let names = OpenFolder(path)?.names() else {
      guard errno != ENOENT else { return [] }
      throw WriteFailure(path: path.text, action: "list", code: errno)
    }
    return Set(names.compactMap { ContentDigest(hexadecimal: $0.string) })
  }

  /// - Throws: what keeps one of them there: the file would be read once more whenever it comes.
  package func forget(_ contents: [ContentDigest]) throws(WriteFailure) {
    for content in try all().intersection(contents) { try Move.remove(FilePath(of: place(of: content))) }
  }

  private func place(of content: ContentDigest) -> URL { folder.appending(path: "\(content)") }
}
