import Files
import FoundationEssentials
import Glibc

/// Says beside the ledger that a part of the daemon has stopped for a while, and why, for `mmdicom status`.
package struct PauseNote: Sendable {
  package enum Part: String, Sendable, CaseIterable {
    /// Taking files out of the inbox.
    case intake
    /// Reading and publishing.
    case reading
  }

  private let place: URL

  package init(_ part: Part, _ folders: InboxFolders) {
    place = folders.ledger.appending(path: "paused-" + part.rawValue)
  }

  /// One line for people. Where it can't be written, the log has to do.
  package func set(_ text: String) { try? DurableFile.write(text + "\n", to: place) }

  package func clear() { unsafe unlink(place.path) }

  /// Nil while nothing is paused.
  package var text: String? {
    (try? String(contentsOf: place, encoding: .utf8))?.split(separator: "\n").first.map(String.init)
  }
}
