package import Files
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

  private let look: (FilePath) throws(WriteFailure) -> Found

  /// - Parameter look: tells what lies at a path, or throws where that can't be known: numbers would go on for ever on
  ///   a file system that answers no question.
  package init(look: @escaping (FilePath) throws(WriteFailure) -> Found) {
    self.look = look
  }

  /// Where the file that lies at `path` relative to the inbox goes under `home`.
  /// - Parameter isOurs: whether what lies at a place is this file's already, from an attempt that was cut off.
  package func file(
    _ path: FilePath, in home: FilePath, isOurs: (FilePath) throws(WriteFailure) -> Bool = { _ in false }
  ) throws(WriteFailure) -> FilePath {
    var folder = home
    for name in path.removingLastComponent().components { folder = try self.folder(name, in: folder) }
    let place = folder.appending(Self.shortened(path.lastComponent ?? "unnamed"))
    return try Self.numbered(place) { candidate throws(WriteFailure) in
      guard try isTaken(candidate) else { return false }
      return try !isOurs(candidate)
    }
  }

  /// The folder `name` in `parent`, numbered where something else has that name.
  package func folder(_ name: FilePath.Component, in parent: FilePath) throws(WriteFailure) -> FilePath {
    try Self.numbered(parent.appending(Self.shortened(name))) { candidate throws(WriteFailure) in
      try look(candidate) == .other
    }
  }

  /// `path`, or the first of `name-2.ext`, `name-3.ext` ... at which, and beside which, nothing lies.
  package func free(_ path: FilePath) throws(WriteFailure) -> FilePath {
    // The longest name there is has no room for a number.
    let name = Self.shortened(path.lastComponent ?? "unnamed")
    return try Self.numbered(path.removingLastComponent().appending(name), isTaken: isTaken)
  }

  private func isTaken(_ path: FilePath) throws(WriteFailure) -> Bool {
    if try look(path) != .nothing { return true }
    return try look(RejectedFiles.reason(of: path)) != .nothing
  }

  private static func numbered(
    _ path: FilePath, isTaken: (FilePath) throws(WriteFailure) -> Bool
  ) throws(WriteFailure) -> FilePath {
    guard try isTaken(path), let name = path.lastComponent?.bytes else { return path }
    let (stem, ending) = split(name)
    func candidate(_ number: Int) -> FilePath {
      path.removingLastComponent().pushing(FilePath(bytes: stem + Array("-\(number)".utf8) + ending))
    }
    for number in 2...Self.few where try !isTaken(candidate(number)) { return candidate(number) }
    // Doubling finds a free number, halving the one behind the last that is taken: the thousandth file of one name
    // doesn't ask for each of those before it.
    var (taken, free) = (Self.few, Self.few * 2)
    while try isTaken(candidate(free)) { (taken, free) = (free, free * 2) }
    while free - taken > 1 {
      let middle = (taken + free) / 2
      if try isTaken(candidate(middle)) { taken = middle } else { free = middle }
    }
    return candidate(free)
  }

  /// Numbers that are asked for one by one.
  private static let few = 64

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
  /// - Throws: what can't be looked at isn't free, and neither is the next number: it is for the caller to say whether
  ///   the path is at fault (no rights, too long) or what it lies on (a lost mount).
  package static func look(_ path: FilePath) throws(WriteFailure) -> Found {
    guard path.status(followingLink: false) != nil else {
      guard errno == ENOENT else { throw WriteFailure(path: path.text, action: "look at it", code: errno) }
      return .nothing
    }
    guard let target = path.status(followingLink: true) else { return .other }
    return target.st_mode & S_IFMT == S_IFDIR ? .folder : .other
  }
}
