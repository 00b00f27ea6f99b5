import Files
import Glibc

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

  private let look: (String) -> Found

  /// - Parameter look: tells what lies at a path.
  package init(look: @escaping (String) -> Found) {
    self.look = look
  }

  /// Where the file that lies at `path` relative to the inbox goes under `home`.
  package func file(_ path: String, in home: String) -> String {
    let names = path.split(separator: "/").map(String.init)
    let folder = names.dropLast().reduce(home) { self.folder($1, in: $0) }
    return free(folder + "/" + Self.shortened(names.last ?? "unnamed"))
  }

  /// The folder `name` in `parent`, numbered where something else has that name.
  package func folder(_ name: String, in parent: String) -> String {
    Self.numbered(parent + "/" + Self.shortened(name)) { look($0) == .other }
  }

  /// `path`, or the first of `name-2.ext`, `name-3.ext` ... at which, and beside which, nothing lies.
  package func free(_ path: String) -> String {
    Self.numbered(path) { look($0) != .nothing || look($0 + ".reason.txt") != .nothing }
  }

  private static func numbered(_ path: String, isTaken: (String) -> Bool) -> String {
    guard isTaken(path) else { return path }
    let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    let name = path[slash...]
    // A dot in front isn't the dot of an extension.
    let dot = name.dropFirst().lastIndex(of: ".") ?? name.endIndex
    for number in 2... {
      let candidate = "\(path[..<dot])-\(number)\(path[dot...])"
      if !isTaken(candidate) { return candidate }
    }
    return path  // Unreachable: the numbers don't end.
  }

  /// `name`, or when it is too long its beginning, a hash of the whole, and its extension.
  package static func shortened(_ name: String) -> String {
    guard name.utf8.count > longestName else { return name }
    let dot = name.dropFirst().lastIndex(of: ".") ?? name.endIndex
    let ending = name[dot...].utf8.count <= 16 ? String(name[dot...]) : ""
    // Half of the digest tells names apart and leaves room for the name itself.
    let tail = "~" + ContentDigest(of: name).description.prefix(16) + ending
    var head = ""
    for character in name {
      guard head.utf8.count + character.utf8.count + tail.utf8.count <= longestName else { break }
      head.append(character)
    }
    return head + tail
  }

  /// Asks the file system.
  package static func look(_ path: String) -> Found {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else {
      // What can't be looked at isn't free.
      return errno == ENOENT ? .nothing : .other
    }
    let isFolder = unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    return isFolder ? .folder : .other
  }
}
