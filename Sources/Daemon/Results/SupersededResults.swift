package import Files
import Ledger
package import SystemPackage

/// Where results go whose place others take: out of the outbox, for whoever sends what lies there, and kept, so that
/// nothing is overwritten unseen.
package struct SupersededResults: Sendable {
  private let folders: InboxFolders

  package init(_ folders: InboxFolders) { self.folders = folders }

  /// Where a result with this content is kept that lay at `path` below the outbox. What is kept is named by what it is,
  /// so that it may be put there again: `1.2.3.overlay.0123456789abcdef.dcm`.
  package func place(of path: FilePath, _ content: ContentDigest) -> FilePath {
    let name = path.lastComponent?.bytes ?? []
    let dot = name.lastIndex(of: UInt8(ascii: ".")) ?? name.endIndex
    let marked = name[..<dot] + Array(".\(content.description.prefix(16))".utf8) + name[dot...]
    let folder = FilePath(of: folders.superseded).pushing(path.removingLastComponent())
    return folder.pushing(FilePath(bytes: marked))
  }

  /// Moves what lies at `path` below the outbox there, whatever it is by now; nothing where nothing lies.
  func keep(_ path: FilePath) throws(WriteFailure) {
    let file = FilePath(of: folders.outbox).pushing(path)
    guard try DestinationPath.look(file) == .other, let content = ContentDigest(ofFileAt: file) else {
      return
    }
    try keep(path, content)
  }

  /// The same where it is known what lies there.
  func keep(_ path: FilePath, _ content: ContentDigest) throws(WriteFailure) {
    let file = FilePath(of: folders.outbox).pushing(path)
    let place = place(of: path, content)
    guard try Move.file(from: file, to: place) == .destinationTaken else { return }
    // The same bytes, from an attempt that was cut off.
    try Move.remove(file)
  }
}
