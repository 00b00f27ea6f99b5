import Radiography

/// Which lung a pixel of the lungs belongs to, decided on a coarse grid over the upright picture: by the regions that
/// hang together, and where one of them reaches over both sides, by where it is narrowest.
struct LungSides {
  /// Cells along the longer side.
  private static let resolution = 256
  /// Of a region on the lesser side of the middle, from which on it is taken for both lungs joined.
  private static let joinedShare = 0.2

  private let step, cellRows, cellColumns: Int
  /// For each cell, whether what is lung there lies on the viewer's left: the patient's right.
  private let isViewersLeft: [Bool]

  /// - Parameter mask: rows x columns of the upright picture, row-major.
  init(_ mask: [Bool], rows: Int, columns: Int, box: PixelBox) {
    precondition(mask.count == rows * columns)
    let step = max(1, (max(rows, columns) + Self.resolution - 1) / Self.resolution)
    let (cellRows, cellColumns) = ((rows + step - 1) / step, (columns + step - 1) / step)
    (self.step, self.cellRows, self.cellColumns) = (step, cellRows, cellColumns)
    let cells = (0..<cellRows * cellColumns).map { cell in
      let (row, column) = (cell / cellColumns * step + step / 2, cell % cellColumns * step + step / 2)
      return mask[min(row, rows - 1) * columns + min(column, columns - 1)]
    }
    let regions = Self.regions(of: cells, columns: cellColumns)
    let middle = Self.middle(
      regions, columns: cellColumns, center: (Double(box.column) + Double(box.columns) / 2) / Double(step))
    var isLeft = [Bool?](repeating: nil, count: cells.count)
    for region in regions {
      let cut = Self.cut(of: region, columns: cellColumns, middle: middle)
      for cell in region { isLeft[cell] = Double(cell % cellColumns) + 0.5 < cut }
    }
    isViewersLeft = Self.spread(isLeft, columns: cellColumns, middle: middle)
  }

  /// The parts of a row of the upright picture in which all pixels are on one side, from left to right.
  func parts(ofRow row: Int, columns: Int) -> [(columns: Range<Int>, isViewersLeft: Bool)] {
    let first = min(row / step, cellRows - 1) * cellColumns
    var parts: [(columns: Range<Int>, isViewersLeft: Bool)] = []
    for cell in 0..<cellColumns {
      let span =
        min(cell * step, columns)..<(cell == cellColumns - 1 ? columns : min((cell + 1) * step, columns))
      let isLeft = isViewersLeft[first + cell]
      if let last = parts.last, last.isViewersLeft == isLeft {
        parts[parts.count - 1].columns = last.columns.lowerBound..<span.upperBound
      } else {
        parts.append((span, isLeft))
      }
    }
    return parts
  }

  /// 4-connected, the largest first.
  private static func regions(of cells: [Bool], columns: Int) -> [[Int]] {
    var isSeen = cells.map { !$0 }
    var regions: [[Int]] = []
    for start in cells.indices where !isSeen[start] {
      var region = [start]
      isSeen[start] = true
      var next = 0
      while next < region.count {
        forEachNeighbour(of: region[next], count: cells.count, columns: columns) { neighbour in
          guard !isSeen[neighbour] else { return }
          isSeen[neighbour] = true
          region.append(neighbour)
        }
        next += 1
      }
      regions.append(region)
    }
    return regions.sorted { $0.count > $1.count }
  }

  /// Not as an array: there are 65,000 cells.
  @inline(__always)
  private static func forEachNeighbour(of cell: Int, count: Int, columns: Int, _ body: (Int) -> Void) {
    let column = cell % columns
    if column > 0 { body(cell - 1) }
    if column < columns - 1 { body(cell + 1) }
    if cell >= columns { body(cell - columns) }
    if cell + columns < count { body(cell + columns) }
  }

  /// The column between the lungs: halfway between the two largest regions where they lie side by side, else the
  /// picture's own middle.
  private static func middle(_ regions: [[Int]], columns: Int, center: Double) -> Double {
    guard regions.count > 1, Double(regions[1].count) > 0.1 * Double(regions[0].count) else { return center }
    let spans = regions.prefix(2).map { region in
      let all = region.map { $0 % columns }
      return (low: all.min() ?? 0, high: all.max() ?? 0)
    }
    let (left, right) = spans[0].low < spans[1].low ? (spans[0], spans[1]) : (spans[1], spans[0])
    let means = regions.prefix(2).map { mean(ofColumns: $0, columns: columns) }
    // One above the other they are two parts of one lung.
    let overlap = Double(left.high - right.low)
    let narrower = Double(min(left.high - left.low, right.high - right.low) + 1)
    return overlap > 0.5 * narrower ? center : (means[0] + means[1]) / 2
  }

  private static func mean(ofColumns region: [Int], columns: Int) -> Double {
    Double(region.reduce(0) { $0 + $1 % columns }) / Double(region.count) + 0.5
  }

  /// The column at which a region is divided: beyond its ends where all of it is one lung.
  private static func cut(of region: [Int], columns: Int, middle: Double) -> Double {
    let left = region.count { Double($0 % columns) + 0.5 < middle }
    let lesser = Double(min(left, region.count - left)) / Double(region.count)
    guard lesser >= joinedShare else { return 2 * left > region.count ? .infinity : -.infinity }
    // The narrowest column in the middle third of the region.
    var heights: [Int: Int] = [:]
    for cell in region { heights[cell % columns, default: 0] += 1 }
    let (low, high) = (heights.keys.min() ?? 0, heights.keys.max() ?? 0)
    let third = (high - low) / 3
    let waist = (low + third...high - third).min {
      (heights[$0, default: 0], abs(Double($0) - middle)) < (
        heights[$1, default: 0], abs(Double($1) - middle)
      )
    }
    return waist.map { Double($0) + 0.5 } ?? middle
  }

  /// Every cell gets the side of the nearest that has one, for pixels at the edge of a lung whose cell isn't of it.
  private static func spread(_ sides: [Bool?], columns: Int, middle: Double) -> [Bool] {
    var sides = sides
    var border: [Int] = []
    border.reserveCapacity(sides.count)
    for cell in sides.indices where sides[cell] != nil { border.append(cell) }
    var next = 0
    while next < border.count {
      let cell = border[next]
      let side = sides[cell]
      forEachNeighbour(of: cell, count: sides.count, columns: columns) { neighbour in
        guard sides[neighbour] == nil else { return }
        sides[neighbour] = side
        border.append(neighbour)
      }
      next += 1
    }
    return sides.indices.map { sides[$0] ?? (Double($0 % columns) + 0.5 < middle) }
  }
}
