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
    precondition(values.count == width * height)
    var crossings = Crossings(values: values, width: width, level: level)
    unsafe values.withUnsafeBufferPointer { values in
      for row in 0..<height - 1 {
        let upper = row * width
        var leftUp = unsafe values[upper] >= level
        var leftDown = unsafe values[upper + width] >= level
        for column in 0..<width - 1 {
          let rightUp = unsafe values[upper + column + 1] >= level
          let rightDown = unsafe values[upper + width + column + 1] >= level
          if leftUp != leftDown || leftUp != rightUp || leftUp != rightDown {
            crossings.add(row: row, column: column, leftUp, rightUp, rightDown, leftDown)
          }
          leftUp = rightUp
          leftDown = rightDown
        }
      }
    }
    return crossings.chained()
  }
}

/// Where the line crosses the edges of the sampling grid, and which crossings a cell joins. Cells are added row by row.
private struct Crossings {
  let values: [Float]
  let width: Int
  let level: Float

  /// A crossing: its edge, and its one or two neighbours along the line.
  private struct Node {
    let edge: Int
    var first = -1
    var second = -1
  }
  /// In the order found.
  private var nodes: [Node] = []
  /// Of each column, the crossing on the lower edge of the last cell there that had one. A cell whose upper edge is
  /// crossed lies below one whose lower edge is.
  private var lower: [Int]
  /// The crossing on the right edge of the last cell that had one; a cell whose left edge is crossed comes next.
  private var right = -1

  init(values: [Float], width: Int, level: Float) {
    self.values = values
    self.width = width
    self.level = level
    lower = Array(repeating: -1, count: width)
  }

  /// The edge from a sample to the one at its right is 2 x index, to the one below 2 x index + 1.
  private func rightward(_ row: Int, _ column: Int) -> Int { 2 * (row * width + column) }
  private func downward(_ row: Int, _ column: Int) -> Int { 2 * (row * width + column) + 1 }

  private enum Side { case top, right, bottom, left }

  mutating func add(
    row: Int, column: Int, _ leftUp: Bool, _ rightUp: Bool, _ rightDown: Bool, _ leftDown: Bool
  ) {
    var cell = Cell(
      row: row, column: column, top: row > 0 ? lower[column] : -1, left: column > 0 ? right : -1)
    let hasTop = leftUp != rightUp
    let hasRight = rightUp != rightDown
    let hasBottom = leftDown != rightDown
    let hasLeft = leftUp != leftDown
    if hasTop && hasRight && hasBottom && hasLeft {
      // A saddle: the mean of the corners says which pair of opposite corners is connected.
      let index = row * width + column
      let mean = (values[index] + values[index + 1] + values[index + width] + values[index + width + 1]) / 4
      if (mean >= level) == leftUp {
        join(.top, .right, in: &cell)
        join(.bottom, .left, in: &cell)
      } else {
        join(.top, .left, in: &cell)
        join(.bottom, .right, in: &cell)
      }
    } else {
      let one: Side = hasTop ? .top : hasRight ? .right : .bottom
      join(one, hasLeft ? .left : hasBottom ? .bottom : .right, in: &cell)
    }
    if hasBottom { lower[column] = cell.bottom }
    if hasRight { right = cell.right }
  }

  /// The crossings on a cell's edges, -1 where none has been found yet.
  private struct Cell {
    let row, column: Int
    var top: Int
    var right = -1
    var bottom = -1
    var left: Int
  }

  private mutating func join(_ one: Side, _ other: Side, in cell: inout Cell) {
    let (a, b) = (node(on: one, of: &cell), node(on: other, of: &cell))
    link(a, to: b)
    link(b, to: a)
  }

  private mutating func node(on side: Side, of cell: inout Cell) -> Int {
    switch side {
    case .top: return found(&cell.top, on: rightward(cell.row, cell.column))
    case .right: return found(&cell.right, on: downward(cell.row, cell.column + 1))
    case .bottom: return found(&cell.bottom, on: rightward(cell.row + 1, cell.column))
    case .left: return found(&cell.left, on: downward(cell.row, cell.column))
    }
  }

  private mutating func found(_ node: inout Int, on edge: Int) -> Int {
    if node < 0 {
      node = nodes.count
      nodes.append(Node(edge: edge))
    }
    return node
  }

  private mutating func link(_ node: Int, to other: Int) {
    if nodes[node].first < 0 { nodes[node].first = other } else { nodes[node].second = other }
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
    var isUsed = [Bool](repeating: false, count: nodes.count)
    var lines: [IsoLine] = []
    // Open lines first, from their ends; what is left then is closed.
    for (isClosed, starts) in [
      (false, nodes.indices.filter { nodes[$0].second < 0 }), (true, Array(nodes.indices)),
    ] {
      for start in starts where !isUsed[start] {
        var points: [Point] = []
        var current = start
        while current >= 0 {
          isUsed[current] = true
          points.append(point(on: nodes[current].edge))
          let (first, second) = (nodes[current].first, nodes[current].second)
          current = !isUsed[first] ? first : second >= 0 && !isUsed[second] ? second : -1
        }
        if points.count > 1 { lines.append(IsoLine(points: points, isClosed: isClosed)) }
      }
    }
    return lines
  }
}
