import Files

/// A file that is complete, and when it became so: arrivals of one look share a number, later ones have a higher one.
package struct ArrivedFile: Sendable, Hashable {
  package let file: InboxFile
  package let arrival: Int64

  package init(_ file: InboxFile, arrival: Int64) { (self.file, self.arrival) = (file, arrival) }
}

/// Files that are complete and aren't taken yet, in the order of their coming. Pure. A draw costs what it draws.
package struct Backlog: Sendable {
  private var files: [ArrivedFile] = []
  /// What was drawn from the front.
  private var start = 0

  package init() {}

  package var count: Int { files.count - start }
  package var isEmpty: Bool { count == 0 }

  package mutating func add(_ more: [ArrivedFile]) { files += more }

  /// Draws files, sorted by their paths.
  /// - Parameters:
  ///   - limit: so many at most.
  ///   - room: bytes that they may have together, each counted like the largest; one is drawn all the same.
  ///   - prefersNewest: half of them are the newest, so that what comes now doesn't wait for what came before it.
  package mutating func draw(_ limit: Int, room: Int, prefersNewest: Bool) -> [ArrivedFile] {
    var drawn: [ArrivedFile] = []
    var largest = 1
    while drawn.count < limit, !isEmpty {
      let isNewest = prefersNewest && drawn.count.isMultiple(of: 2)
      let next = isNewest ? files[files.count - 1] : files[start]
      largest = max(largest, next.file.stamp.size)
      if !drawn.isEmpty, largest > room / (drawn.count + 1) { break }
      drawn.append(next)
      if isNewest { files.removeLast() } else { start += 1 }
    }
    if start > files.count / 2 {
      files.removeFirst(start)
      start = 0
    }
    return drawn.map { (text: $0.file.path.text, file: $0) }.sorted { $0.text < $1.text }.map(\.file)
  }
}

/// How many files are taken together: as many as are done within a moment, so that a slow disk or mount doesn't make
/// what comes now wait, and a fast one is used well. Pure.
package struct BatchSize: Sendable, Equatable {
  /// One sync of the disk and one transaction for so many.
  package private(set) var files: Int
  private static let range = 16...1024
  private static let wanted = Duration.milliseconds(500)

  package init(files: Int = 128) { self.files = files }

  /// A batch was taken.
  package mutating func took(_ time: Duration, for count: Int) {
    if time > Self.wanted * 2 {
      files = max(Self.range.lowerBound, files / 2)
    } else if time < Self.wanted / 2, count >= files {
      files = min(Self.range.upperBound, files * 2)
    }
  }
}
