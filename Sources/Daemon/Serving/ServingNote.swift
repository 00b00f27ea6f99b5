import Files
import FoundationEssentials
import Ledger

/// Says beside the ledger which model reads, and what came of the last reload, for `mmdicom status`.
package struct ServingNote: Sendable {
  struct Content: Codable, Equatable {
    var model = ""
    var sha256 = ""
    var workers = 1
    /// When and why the last reload was refused; nil when it wasn't.
    var refusal: String?
  }

  private let place: URL

  package init(_ folders: InboxFolders) { place = folders.own.appending(path: "serving.json") }

  /// Where it can't be written, the log has to do.
  func set(_ content: Content) {
    guard let bytes = try? JSONEncoder().encode(content) else { return }
    try? DurableFile.write(Array(bytes), to: place)
  }

  func refuse(_ why: String) {
    var content = content ?? Content()
    content.refusal = why
    set(content)
  }

  var content: Content? {
    FileManager.default.contents(atPath: place.path).flatMap {
      try? JSONDecoder().decode(Content.self, from: $0)
    }
  }
}
