/// Lines along which a sampled function has one value: marching squares with linear interpolation.
package struct IsoLine: Sendable {
  /// Points in order. A closed line doesn't repeat its first point.
  package let points: [Point]
  package let isClosed: Bool

  package init(points: [Point], isClosed: Bool) {
    self.points = points
    self.isClosed = isClosed
  }

  /// The line on a picture that is magnified `zoom` times and moved to `corner`.
  package func magnified(_ zoom: Double, at corner: Point) -> IsoLine {
    IsoLine(
      points: points.map { Point(x: corner.x + zoom * $0.x, y: corner.y + zoom * $0.y) }, isClosed: isClosed)
  }

  /// All lines at `level` through `values` (width x height, row-major). Lines end only at the border.
  package static func lines(in values: [Float], width: Int, height: Int, level: Float) -> [IsoLine] {
    guard width > 1, height > 1 else { return [] }
    var crossings = Crossings(values: values, width: width, level: level)
    for row in 0..<height - 1 {
      var leftUp = values[row * width] >= level
      var leftDown = values[(row + 1) * width] >= level
      for column in 0..<width - 1 {
        let rightUp = values[row * width + column + 1] >= level
        let rightDown = values[(row + 1) * width + column + 1] >= level
        if leftUp != leftDown || leftUp != rightUp || leftUp != rightDown {
          crossings.add(row: row, column: column, leftUp, rightUp, rightDown, leftDown)
        }
        leftUp = rightUp
        leftDown = rightDown
      }
    }
    return crossings.chained()
  }
}

/// Where the line crosses the edges of the sampling grid, and which crossings a cell joins.
private struct Crossings {
  let values: [Float]
  let width: Int
  let level: Float
  /// Edge number to its one or two neighbours along the line.
  var neighbours: [Int: (first: Int, second: Int?)] = [:]
  /// Edges in the order found, so that the result doesn't depend on hashing.
  var order: [Int] = []

  init(values: [Float], width: Int, level: Float) {
    self.values = values
    self.width = width
    self.level = level
  }

  /// The edge from a sample to the one at its right is 2 x index, to the one below 2 x index + 1.
  private func rightward(_ row: Int, _ column: Int) -> Int { 2 * (row * width + column) }
  private func downward(_ row: Int, _ column: Int) -> Int { 2 * (row * width + column) + 1 }

  mutating func add(
    row: Int, column: Int, _ leftUp: Bool, _ rightUp: Bool, _ rightDown: Bool, _ leftDown: Bool
  ) {
    let top = rightward(row, column)
    let bottom = rightward(row + 1, column)
    let left = downward(row, column)
    let right = downward(row, column + 1)
    var crossed: [Int] = []
    if leftUp != rightUp { crossed.append(top) }
    if rightUp != rightDown { crossed.append(right) }
    if leftDown != rightDown { crossed.append(bottom) }
    if leftUp != leftDown { crossed.append(left) }
    if crossed.count == 2 {
      join(crossed[0], crossed[1])
      return
    }
    // A saddle: the mean of the corners says which pair of opposite corners is connected.
    let index = row * width + column
    let mean = (values[index] + values[index + 1] + values[index + width] + values[index + width + 1]) / 4
    if (mean >= level) == leftUp {
      join(top, right)
      join(bottom, left)
    } else {
      join(top, left)
      join(bottom, right)
    }
  }

  private mutating func join(_ one: Int, _ other: Int) {
    link(one, to: other)
    link(other, to: one)
  }

  private mutating func link(_ edge: Int, to other: Int) {
    if let known = neighbours[edge] {
      neighbours[edge] = (known.first, other)
    } else {
      neighbours[edge] = (other, nil)
      order.append(edge)
    }
  }

  private func point(on edge: Int) -> Point {
    let index = edge / 2
    let isDownward = edge % 2 == 1
    let from = values[index]
    let to = values[isDownward ? index + width : index + 1]
    let along = Double((level - from) / (to - from))
    let x = Double(index % width) + 0.5
    let y = Double(index / width) + 0.5
    return isDownward ? .init(x: x, y: y + along) : .init(x: x + along, y: y)
  }

  func chained() -> [IsoLine] {
    var unused = Set(order)
    var lines: [IsoLine] = []
    // Open lines first, from their ends; what is left then is closed.
    let ends = order.filter { neighbours[$0]?.second == nil }
    for (starts, isClosed) in [(ends, false), (order, true)] {
      for start in starts where unused.contains(start) {
        var points: [Point] = []
        var current: Int? = start
        while let edge = current {
          unused.remove(edge)
          points.append(point(on: edge))
          let pair = neighbours[edge]
          current = [pair?.first, pair?.second].compactMap(\.self).first(where: unused.contains)
        }
        if points.count > 1 { lines.append(IsoLine(points: points, isClosed: isClosed)) }
      }
    }
    return lines
  }
}
