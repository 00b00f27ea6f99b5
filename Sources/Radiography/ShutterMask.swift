import DICOM

extension DisplayShutter {
  /// Which pixels of a stored picture are covered.
  func mask(rows: Int, columns: Int) -> [Bool] {
    var covered = [Bool](repeating: false, count: rows * columns)
    for shape in shapes {
      for row in 0..<rows {
        let seen = Self.seen(of: shape, row: row + 1)
        for column in 0..<columns where !seen(column + 1) { covered[row * columns + column] = true }
      }
    }
    return covered
  }

  /// Which columns of a row, both counted from 1, a shape leaves to be seen.
  private static func seen(of shape: Shape, row: Int) -> (Int) -> Bool {
    switch shape {
    case .rectangle(let left, let right, let top, let bottom):
      let isInside = row >= top && row <= bottom
      return { isInside && $0 >= left && $0 <= right }
    case .circle(let centerRow, let centerColumn, let radius):
      let rest = radius * radius - (row - centerRow) * (row - centerRow)
      return { ($0 - centerColumn) * ($0 - centerColumn) <= rest }
    case .polygon(let corners):
      let (crossings, border) = Self.crossings(of: corners, row: Double(row))
      return { column in
        let x = Double(column)
        return border.contains { $0.contains(x) } || crossings.count { $0 < x } % 2 == 1
      }
    }
  }

  /// Where a row crosses the sides of a polygon, and what of it lies on one: the border is seen.
  private static func crossings(
    of corners: [(row: Int, column: Int)], row: Double
  ) -> (crossings: [Double], border: [ClosedRange<Double>]) {
    var crossings: [Double] = []
    var border: [ClosedRange<Double>] = []
    for (index, corner) in corners.enumerated() {
      let next = corners[(index + 1) % corners.count]
      let (y0, y1) = (Double(corner.row), Double(next.row))
      let (x0, x1) = (Double(corner.column), Double(next.column))
      if y0 == y1 {
        if y0 == row { border.append(min(x0, x1)...max(x0, x1)) }
        continue
      }
      guard row >= min(y0, y1), row <= max(y0, y1) else { continue }
      let x = x0 + (row - y0) / (y1 - y0) * (x1 - x0)
      border.append(x...x)
      // Each corner belongs to the side that ends below it.
      if row < max(y0, y1) { crossings.append(x) }
    }
    return (crossings, border)
  }
}
