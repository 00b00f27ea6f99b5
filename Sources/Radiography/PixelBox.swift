/// A rectangle of whole pixels in a row-major matrix.
public struct PixelBox: Hashable, Sendable, Codable {
  /// First row, counted from 0 at the top.
  public let row: Int
  /// First column, counted from 0 at the left.
  public let column: Int
  /// Height in pixels.
  public let rows: Int
  /// Width in pixels.
  public let columns: Int

  /// A box of `rows` x `columns` pixels whose upper left pixel is (`row`, `column`).
  public init(row: Int = 0, column: Int = 0, rows: Int, columns: Int) {
    self.row = row
    self.column = column
    self.rows = rows
    self.columns = columns
  }

  /// Row indices inside the box.
  public var rowRange: Range<Int> { row..<row + rows }

  /// Column indices inside the box.
  public var columnRange: Range<Int> { column..<column + columns }

  /// The smallest box that holds every pixel that is `false` in a row-major mask of `rows` x `columns`,
  /// or nil when all are `true`.
  static func around(unset mask: [Bool], rows: Int, columns: Int) -> PixelBox? {
    var top = rows
    var bottom = -1
    var left = columns
    var right = -1
    for row in 0..<rows {
      let line = mask[row * columns..<(row + 1) * columns]
      guard let first = line.firstIndex(of: false), let last = line.lastIndex(of: false) else { continue }
      top = min(top, row)
      bottom = row
      left = min(left, first - line.startIndex)
      right = max(right, last - line.startIndex)
    }
    guard bottom >= 0 else { return nil }
    return PixelBox(row: top, column: left, rows: bottom - top + 1, columns: right - left + 1)
  }
}
