/// The connected regions of a lung mask: lungs come in one or two large ones without holes, while bowel gas or the edge
/// of a film now and then lights up as an island, and a dense opacity or a pacemaker is left out as a hole.
package enum LungRegions {
  /// A region smaller than this share of the largest lung is an island, or a hole.
  private static let smallestShare = 0.1

  /// The probabilities of lung, 0 on islands and 1 in holes: regions of at least 1/2, and of less that don't reach the
  /// border, with fewer pixels than a tenth of the largest lung's.
  /// - Parameter probability: [side * side], row by row.
  package static func mended(_ probability: [Float], side: Int) -> [Float] {
    precondition(probability.count == side * side)
    let isLung = probability.map { $0 >= 0.5 }
    let regions = connected(isLung, side: side)
    let largest = regions.filter { isLung[$0[0]] }.map(\.count).max() ?? 0
    var mended = probability
    for region in regions where Double(region.count) < smallestShare * Double(largest) {
      if isLung[region[0]] {
        for pixel in region { mended[pixel] = 0 }
      } else if !region.contains(where: { isOnBorder($0, side) }) {
        for pixel in region { mended[pixel] = 1 }
      }
    }
    return mended
  }

  /// How many regions of at least 1/2 are no islands.
  /// - Parameter probability: [side * side], row by row.
  static func lungs(_ probability: [Float], side: Int) -> Int {
    let isLung = probability.map { $0 >= 0.5 }
    let sizes = connected(isLung, side: side).filter { isLung[$0[0]] }.map(\.count)
    return sizes.count { Double($0) >= smallestShare * Double(sizes.max() ?? 0) }
  }

  private static func isOnBorder(_ pixel: Int, _ side: Int) -> Bool {
    let (row, column) = (pixel / side, pixel % side)
    return row == 0 || column == 0 || row == side - 1 || column == side - 1
  }

  /// The pixels of each region of one kind: lung 4-connected, the rest 8-connected, so that a bay that opens by a
  /// corner is no hole.
  private static func connected(_ kinds: [Bool], side: Int) -> [[Int]] {
    var regions: [[Int]] = []
    var isSeen = [Bool](repeating: false, count: kinds.count)
    for start in kinds.indices where !isSeen[start] {
      var region = [start]
      isSeen[start] = true
      var next = 0
      while next < region.count {
        let pixel = region[next]
        next += 1
        func join(_ neighbour: Int) {
          guard !isSeen[neighbour], kinds[neighbour] == kinds[start] else { return }
          isSeen[neighbour] = true
          region.append(neighbour)
        }
        let (row, column) = (pixel / side, pixel % side)
        for y in max(0, row - 1)...min(side - 1, row + 1) {
          for x in max(0, column - 1)...min(side - 1, column + 1) {
            if !kinds[start] || y == row || x == column { join(y * side + x) }
          }
        }
      }
      regions.append(region)
    }
    return regions
  }
}
