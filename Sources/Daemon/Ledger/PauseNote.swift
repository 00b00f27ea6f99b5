import Files
import FoundationEssentials
import Glibc

/// Says beside the ledger that a part of the daemon has stopped for a while, and why, for `mmdicom status`.
///
/// The file is there all the time, with its room, and is written over in place: a full disk is one of the causes that it
/// has to tell of.
package struct PauseNote: Sendable {
  package enum Part: String, Sendable, CaseIterable {
    /// Taking files out of the inbox.
    case intake
    /// Reading and publishing.
    case reading
    /// Taking objects in from the network.
    case reception
    /// Writing the report; all else goes on.
    case report
  }

  private let place: URL
  private static let deliveries = "paused-delivery-"
  /// Bytes of the file: a text and blanks.
  private static let length = 1024
  private static let blank = UInt8(ascii: " ")

  package init(_ part: Part, _ folders: InboxFolders) {
    place = folders.own.appending(path: "paused-" + part.rawValue)
  }

  /// Sending to a destination.
  package init(deliveryTo name: String, _ folders: InboxFolders) {
    place = folders.own.appending(path: Self.deliveries + name)
  }

  /// Telling somebody of what happens.
  init(noticesTo name: String, _ folders: InboxFolders) {
    place = folders.own.appending(path: "paused-notices-" + name)
  }

  /// Those of all destinations, also of such as there are no more.
  static func clearDeliveries(in folders: InboxFolders) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folders.own.path)) ?? []
    where name.hasPrefix(deliveries) {
      unsafe unlink(folders.own.appending(path: name).path)
    }
  }

  /// One line for people. Where it can't be written, the log has to do.
  package func set(_ text: String) { write(Array(text.utf8.prefix(Self.length - 1)) + [UInt8(ascii: "\n")]) }

  /// Makes the room where it is missing; costs next to nothing where nothing is told.
  package func clear() {
    if firstByte != Self.blank { write([]) }
  }

  private func write(_ text: [UInt8]) {
    let bytes = text + [UInt8](repeating: Self.blank, count: Self.length - text.count)
    let file = unsafe open(place.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o640)
    guard file >= 0 else { return }
    defer { close(file) }
    _ = unsafe bytes.withUnsafeBytes { unsafe pwrite(file, $0.baseAddress!, $0.count, 0) }
    _ = fsync(file)
  }

  private var firstByte: UInt8? {
    let file = unsafe open(place.path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var byte: UInt8 = 0
    return unsafe read(file, &byte, 1) == 1 ? byte : nil
  }

  /// Nil while nothing is paused.
  package var text: String? {
    guard let bytes = FileManager.default.contents(atPath: place.path), bytes.first != Self.blank else {
      return nil
    }
    let line = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    return line.isEmpty ? nil : line
  }
}
