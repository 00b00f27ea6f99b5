package import Files
import FoundationEssentials
import Glibc
package import SystemPackage

/// What is about to be published of one file, written down before the first result gets its final name, and gone when
/// the ledger has them all and the file goes home.
///
/// After a crash in between, what lies in the outbox is known for this file's own, also where reading the file anew gives
/// other bytes: the model, or the program, may be another by then.
package struct PublicationIntent: Sendable {
  /// A result as it was, or may have been, put into place.
  package struct Result: Sendable, Hashable {
    /// Below the outbox.
    package let path: FilePath
    package let content: ContentDigest

    package init(path: FilePath, content: ContentDigest) {
      self.path = path
      self.content = content
    }
  }

  private let folder: FilePath
  private let name: FilePath.Component

  /// - Parameter content: of the file.
  package init(of content: ContentDigest, _ folders: InboxFolders) {
    folder = FilePath(of: folders.publishing)
    name = FilePath.Component(content.description) ?? "unnamed"
  }

  private var place: FilePath { folder.appending(name) }

  /// Of every attempt that was cut off.
  package var results: Set<Result> {
    // As nearly always.
    guard place.status(followingLink: true) != nil else { return [] }
    let text = (try? String(contentsOfFile: place.string, encoding: .utf8)) ?? ""
    return Set(
      text.split(separator: "\n").compactMap { line in
        let fields = line.split(separator: " ", maxSplits: 1)
        guard fields.count == 2, let content = ContentDigest(hexadecimal: String(fields[0])) else {
          return nil
        }
        return Result(path: FilePath(text: String(fields[1])), content: content)
      })
  }

  package func note(_ results: Set<Result>) throws(WriteFailure) { try Self.note([(self, results)]) }

  /// Writes several down together, on the disk when this returns.
  package static func note(_ all: [(intent: PublicationIntent, results: Set<Result>)]) throws(WriteFailure) {
    guard let path = all.first?.intent.folder else { return }
    guard let folder = OpenFolder(path) else {
      throw WriteFailure(path: path.text, action: "open", code: errno)
    }
    let files = all.map { intent, results in
      let lines = results.map { "\($0.content) \($0.path.text)\n" }
      return (name: intent.name, bytes: Array(lines.sorted().joined().utf8))
    }
    try DurableFiles.write(files, in: folder)
  }

  /// - Throws: what keeps it there: it would be taken for an attempt that was cut off.
  package func forget() throws(WriteFailure) { try Move.remove(place) }
}
