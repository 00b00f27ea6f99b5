/// The connected regions of a lung mask: lungs come in one or two large ones, while bowel gas or the edge of a film
/// now and then lights up as an island.
package enum LungRegions {
  /// A region smaller than this share of the largest is no lung.
  private static let smallestShare = 0.1

  /// The probabilities of lung, 0 where a region of at least 1/2 (4-connected) has less than a tenth of the pixels of
  /// the largest one.
  /// - Parameter probability: [side * side], row by row.
  package static func withoutIslands(_ probability: [Float], side: Int) -> [Float] {
    precondition(probability.count == side * side)
    var regions: [[Int]] = []
    var isSeen = probability.map { $0 < 0.5 }
    for start in probability.indices where !isSeen[start] {
      var region = [start]
      isSeen[start] = true
      var next = 0
      while next < region.count {
        let pixel = region[next]
        next += 1
        let column = pixel % side
        let neighbours = [
          column > 0 ? pixel - 1 : nil, column < side - 1 ? pixel + 1 : nil,
          pixel >= side ? pixel - side : nil, pixel < side * (side - 1) ? pixel + side : nil,
        ]
        for case let neighbour? in neighbours where !isSeen[neighbour] {
          isSeen[neighbour] = true
          region.append(neighbour)
        }
      }
      regions.append(region)
    }
    let largest = regions.map(\.count).max() ?? 0
    var cleaned = probability
    for region in regions where Double(region.count) < smallestShare * Double(largest) {
      for pixel in region { cleaned[pixel] = 0 }
    }
    return cleaned
  }
}
