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
    /// Taking objects in from the network.
    case reception
  }

  private let place: URL
  private static let deliveries = "paused-delivery-"

  package init(_ part: Part, _ folders: InboxFolders) {
    place = folders.ledger.appending(path: "paused-" + part.rawValue)
  }

  /// Sending to a destination.
  package init(deliveryTo name: String, _ folders: InboxFolders) {
    place = folders.ledger.appending(path: Self.deliveries + name)
  }

  /// Those of all destinations, also of such as there are no more.
  static func clearDeliveries(in folders: InboxFolders) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folders.ledger.path)) ?? []
    where name.hasPrefix(deliveries) {
      unsafe unlink(folders.ledger.appending(path: name).path)
    }
  }

  /// One line for people. Where it can't be written, the log has to do.
  package func set(_ text: String) { try? DurableFile.write(text + "\n", to: place) }

  package func clear() { unsafe unlink(place.path) }

  /// Nil while nothing is paused.
  package var text: String? {
    (try? String(contentsOf: place, encoding: .utf8))?.split(separator: "\n").first.map(String.init)
  }
}
