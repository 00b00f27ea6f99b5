import Files
import Glibc
package import SystemPackage

/// Finds a place for a file with a stranger's name: never where something lies already, never behind something
/// that isn't a folder, never under a name that is too long for the names made of it. Pure but for what it asks.
package struct DestinationPath {
  /// What lies at a path.
  package enum Found: Sendable {
    case nothing
    /// A folder, or a link to one.
    case folder
    case other
  }

  /// The longest name of a file or folder in bytes. File systems take 255; `.NAME-2.reason.txt.part` must fit.
  package static let longestName = 200

  private let look: (FilePath) -> Found

  /// - Parameter look: tells what lies at a path.
  package init(look: @escaping (FilePath) -> Found) {
    self.look = look
  }

  /// Where the file that lies at `path` relative to the inbox goes under `home`.
  /// - Parameter isOurs: whether what lies at a place is this file's already, from an attempt that was cut off.
  package func file(
    _ path: FilePath, in home: FilePath, isOurs: (FilePath) -> Bool = { _ in false }
  ) -> FilePath {
    let folder = path.removingLastComponent().components.reduce(home) { self.folder($1, in: $0) }
    let place = folder.appending(Self.shortened(path.lastComponent ?? "unnamed"))
    return Self.numbered(place) { isTaken($0) && !isOurs($0) }
  }

  /// The folder `name` in `parent`, numbered where something else has that name.
  package func folder(_ name: FilePath.Component, in parent: FilePath) -> FilePath {
    Self.numbered(parent.appending(Self.shortened(name))) { look($0) == .other }
  }

  /// `path`, or the first of `name-2.ext`, `name-3.ext` ... at which, and beside which, nothing lies.
  package func free(_ path: FilePath) -> FilePath {
    Self.numbered(path, isTaken: isTaken)
  }

  private func isTaken(_ path: FilePath) -> Bool {
    look(path) != .nothing || look(path.appending(ending: ".reason.txt")) != .nothing
  }

  private static func numbered(_ path: FilePath, isTaken: (FilePath) -> Bool) -> FilePath {
    guard isTaken(path), let name = path.lastComponent?.bytes else { return path }
    let (stem, ending) = split(name)
    for number in 2... {
      let candidate = FilePath(bytes: stem + Array("-\(number)".utf8) + ending)
      let place = path.removingLastComponent().pushing(candidate)
      if !isTaken(place) { return place }
    }
    return path  // Unreachable: the numbers don't end.
  }

  /// A name without and with its extension; a dot in front isn't the dot of one.
  private static func split(_ name: [UInt8]) -> (stem: [UInt8], ending: [UInt8]) {
    let dot = name.dropFirst().lastIndex(of: UInt8(ascii: ".")) ?? name.endIndex
    return (Array(name[..<dot]), Array(name[dot...]))
  }

  /// `name`, or when it is too long its beginning, a digest of the whole, and its extension.
  package static func shortened(_ name: FilePath.Component) -> FilePath.Component {
    let bytes = name.bytes
    guard bytes.count > longestName else { return name }
    let ending = split(bytes).ending
    let tail =
      Array("~\(ContentDigest(of: bytes).description.prefix(16))".utf8) + (ending.count <= 16 ? ending : [])
    var end = longestName - tail.count
    // Not inside a character, if the name is UTF-8.
    for _ in 0..<3 where bytes[end] & 0xC0 == 0x80 { end -= 1 }
    return FilePath.Component(bytes: bytes[..<end] + tail) ?? name
  }

  /// Asks the file system.
  package static func look(_ path: FilePath) -> Found {
    guard path.status(followingLink: false) != nil else {
      // What can't be looked at isn't free.
      return errno == ENOENT ? .nothing : .other
    }
    guard let target = path.status(followingLink: true) else { return .other }
    return target.st_mode & S_IFMT == S_IFDIR ? .folder : .other
  }
}
