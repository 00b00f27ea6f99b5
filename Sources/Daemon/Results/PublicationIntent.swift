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

  private let place: URL

  /// - Parameter content: of the file.
  package init(of content: ContentDigest, _ folders: InboxFolders) {
    place = folders.publishing.appending(path: "\(content)")
  }

  /// Of every attempt that was cut off.
  package var results: Set<Result> {
    let text = (try? String(contentsOf: place, encoding: .utf8)) ?? ""
    return Set(
      text.split(separator: "\n").compactMap { line in
        let fields = line.split(separator: " ", maxSplits: 1)
        guard fields.count == 2, let content = ContentDigest(hexadecimal: String(fields[0])) else {
          return nil
        }
        return Result(path: FilePath(text: String(fields[1])), content: content)
      })
  }

  package func note(_ results: Set<Result>) throws(WriteFailure) {
    let lines = results.map { "\($0.content) \($0.path.text)\n" }
    try DurableFile.write(lines.sorted().joined(), to: place)
  }

  package func forget() { unsafe unlink(place.path) }
}
