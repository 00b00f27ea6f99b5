public import struct Foundation.URL

/// Archives of several sites read as one: each keeps its own folder, labels and cache.
///
/// Patients are told apart by Patient ID alone, whatever the archive: two people of one ID at two sites are kept
/// together, which costs nothing, rather than one person parted.
public struct ArchiveSet: Sendable {
  /// One of the archives.
  public struct Member: Sendable {
    /// The last folder of its root, with as many before it as tell it from the others.
    public let name: String
    public let root: URL
    /// Of this archive by itself.
    public let index: ArchiveIndex
  }

  /// Where an image of ``index`` lies.
  struct Place: Sendable, Equatable {
    /// In ``members``.
    var member: Int
    /// In the member's index.
    var position: Int
  }

  public let members: [Member]
  /// Of all together: of one archive its own; of several sorted by source and path, each instance once, whatever the
  /// order in which the archives were named.
  public internal(set) var index: ArchiveIndex
  let places: [Place]

  /// - Parameter archives: at least one; no root twice.
  public init(_ archives: [(root: URL, index: ArchiveIndex)]) {
    precondition(!archives.isEmpty)
    let names = Self.names(of: archives.map(\.root))
    members = zip(names, archives).map { Member(name: $0, root: $1.root, index: $1.index) }
      .sorted { $0.name < $1.name }
    if let only = archives.first, archives.count == 1 {
      index = only.index
      places = only.index.images.indices.map { Place(member: 0, position: $0) }
    } else {
      let join = ArchiveJoin(members)
      index = join.index
      places = join.places
    }
  }

  /// The shortest ends of the paths that differ from one another.
  static func names(of roots: [URL]) -> [String] {
    let parts = roots.map { $0.standardizedFileURL.pathComponents.filter { $0 != "/" } }
    func end(_ path: [String], _ count: Int) -> String { path.suffix(count).joined(separator: "/") }
    return parts.indices.map { i in
      let needed = (1...max(1, parts[i].count)).first { count in
        parts.indices.allSatisfy { $0 == i || end(parts[$0], count) != end(parts[i], count) }
      }
      return end(parts[i], needed ?? parts[i].count)
    }
  }
}
