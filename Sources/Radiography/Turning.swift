/// How a picture is turned to stand upright: transposed first, if at all, then mirrored along rows or columns. The
/// eight ways in which a rectangle can lie on itself.
public struct Turning: Hashable, Sendable {
  /// Rows become columns, as the first step.
  public let transposes: Bool
  /// The order of the rows is reversed: top becomes bottom.
  public let reversesRows: Bool
  /// The order of the columns is reversed: left becomes right.
  public let reversesColumns: Bool

  /// Nothing is turned.
  public static let none = Turning()
  /// By 180 degrees.
  static let half = Turning(reversesRows: true, reversesColumns: true)
  /// By 90 degrees clockwise: the left edge becomes the top.
  static let clockwise = Turning(transposes: true, reversesColumns: true)
  /// By 90 degrees against the clock: the right edge becomes the top.
  static let counterclockwise = Turning(transposes: true, reversesRows: true)

  public init(transposes: Bool = false, reversesRows: Bool = false, reversesColumns: Bool = false) {
    self.transposes = transposes
    self.reversesRows = reversesRows
    self.reversesColumns = reversesColumns
  }

  /// What leads back.
  public var inverse: Turning {
    transposes
      ? Turning(transposes: true, reversesRows: reversesColumns, reversesColumns: reversesRows) : self
  }

  /// This turning and then another.
  func then(_ next: Turning) -> Turning {
    let (rows, columns) =
      next.transposes ? (reversesColumns, reversesRows) : (reversesRows, reversesColumns)
    return Turning(
      transposes: transposes != next.transposes, reversesRows: rows != next.reversesRows,
      reversesColumns: columns != next.reversesColumns)
  }

  /// The size of what is `rows` x `columns` before.
  public func size(rows: Int, columns: Int) -> (rows: Int, columns: Int) {
    transposes ? (columns, rows) : (rows, columns)
  }

  /// A row-major matrix of `rows` x `columns`, turned; its size then is `size(rows:columns:)`.
  public func callAsFunction<Element>(_ values: [Element], rows: Int, columns: Int) -> [Element] {
    precondition(values.count == rows * columns)
    if self == .none { return values }
    let turned = size(rows: rows, columns: columns)
    var result: [Element] = []
    result.reserveCapacity(values.count)
    for row in 0..<turned.rows {
      let fromRow = reversesRows ? turned.rows - 1 - row : row
      for column in 0..<turned.columns {
        let fromColumn = reversesColumns ? turned.columns - 1 - column : column
        result.append(values[transposes ? fromColumn * columns + fromRow : fromRow * columns + fromColumn])
      }
    }
    return result
  }

  /// A place on a picture of `width` x `height`, from its upper left corner, turned with it.
  public func callAsFunction(x: Double, y: Double, width: Double, height: Double) -> (x: Double, y: Double) {
    let (across, down) = transposes ? (y, x) : (x, y)
    let (wide, high) = transposes ? (height, width) : (width, height)
    return (reversesColumns ? wide - across : across, reversesRows ? high - down : down)
  }

  /// A box on a matrix of `rows` x `columns`, turned with it.
  func callAsFunction(_ box: PixelBox, rows: Int, columns: Int) -> PixelBox {
    let turned = size(rows: rows, columns: columns)
    let (row, column, height, width) =
      transposes ? (box.column, box.row, box.columns, box.rows) : (box.row, box.column, box.rows, box.columns)
    return PixelBox(
      row: reversesRows ? turned.rows - row - height : row,
      column: reversesColumns ? turned.columns - column - width : column, rows: height, columns: width)
  }
}
