/// A rectangle in a picture, as shares of its height and width from the upper left: where the lungs are, with a
/// margin, for a classifier that reads nothing else.
public struct LungBox: Sendable, Equatable {
  public let top, bottom, left, right: Double

  /// All of the picture.
  public static let whole = LungBox(top: 0, bottom: 1, left: 0, right: 1)

  /// Cut off at the picture's borders; `top` < `bottom` and `left` < `right`.
  public init(top: Double, bottom: Double, left: Double, right: Double) {
    self.top = min(max(top, 0), 1)
    self.bottom = min(max(bottom, 0), 1)
    self.left = min(max(left, 0), 1)
    self.right = min(max(right, 0), 1)
    precondition(self.top < self.bottom && self.left < self.right)
  }

  /// Around the pixels that are lung; nil where none is.
  /// - Parameters:
  ///   - isLung: [side * side], row by row.
  ///   - margin: of the lungs' height and width, on each side.
  public init?(around isLung: [Bool], side: Int, margin: Double) {
    precondition(isLung.count == side * side)
    var (top, bottom, left, right) = (side, -1, side, -1)
    for row in 0..<side {
      let line = isLung[row * side..<(row + 1) * side]
      guard let first = line.firstIndex(of: true), let last = line.lastIndex(of: true) else { continue }
      top = min(top, row)
      bottom = row
      left = min(left, first - line.startIndex)
      right = max(right, last - line.startIndex)
    }
    guard bottom >= 0 else { return nil }
    let (height, width) = (Double(bottom + 1 - top), Double(right + 1 - left))
    let scale = 1 / Double(side)
    self.init(
      top: (Double(top) - margin * height) * scale, bottom: (Double(bottom + 1) + margin * height) * scale,
      left: (Double(left) - margin * width) * scale, right: (Double(right + 1) + margin * width) * scale)
  }

  public var height: Double { bottom - top }
  public var width: Double { right - left }

  /// The whole pixels of a square of this side that come nearest to it, at least one each way.
  public func pixels(ofSide side: Int) -> (row: Int, column: Int, rows: Int, columns: Int) {
    func run(_ from: Double, _ to: Double) -> (start: Int, count: Int) {
      let start = min(Int((from * Double(side)).rounded()), side - 1)
      return (start, max(1, Int((to * Double(side)).rounded()) - start))
    }
    let (rows, columns) = (run(top, bottom), run(left, right))
    return (rows.start, columns.start, rows.count, columns.count)
  }

  /// A map on the box (`side` x `side`) brought back onto the whole picture's square of the same side, bilinearly;
  /// 0 outside the box.
  public func placed(_ map: [Float], side: Int) -> [Float] {
    precondition(map.count == side * side)
    let box = pixels(ofSide: side)
    let (rows, columns) = (taps(box.rows, side), taps(box.columns, side))
    var placed = [Float](repeating: 0, count: side * side)
    for (row, y) in rows.enumerated() {
      let (upper, lower) = (y.first * side, min(y.first + 1, side - 1) * side)
      for (column, x) in columns.enumerated() {
        let (left, right) = (x.first, min(x.first + 1, side - 1))
        let above = map[upper + left] + x.share * (map[upper + right] - map[upper + left])
        let below = map[lower + left] + x.share * (map[lower + right] - map[lower + left])
        placed[(box.row + row) * side + box.column + column] = above + y.share * (below - above)
      }
    }
    return placed
  }

  /// Where each of `count` pixels lies among `side` samples: the one before it and how far it is to the next. Centres
  /// lie at half integers.
  private func taps(_ count: Int, _ side: Int) -> [(first: Int, share: Float)] {
    (0..<count).map { pixel in
      let position = (Double(pixel) + 0.5) * Double(side) / Double(count) - 0.5
      let held = min(max(position, 0), Double(side - 1))
      return (Int(held), Float(held - Double(Int(held))))
    }
  }
}
