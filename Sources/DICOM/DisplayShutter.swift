/// What of an image its device means to be seen (PS3.3 section C.7.6.11): the rest, collimator and unexposed plate,
/// is covered. Several shapes together leave what all of them leave.
public struct DisplayShutter: Sendable, Equatable {
  public enum Shape: Sendable, Equatable {
    /// The first and the last column and row that are seen, counted from 1.
    case rectangle(left: Int, right: Int, top: Int, bottom: Int)
    /// Center and radius in pixels along the rows; counted from 1.
    case circle(row: Int, column: Int, radius: Int)
    /// Rows and columns of the corners in order, counted from 1.
    case polygon([(row: Int, column: Int)])

    public static func == (left: Shape, right: Shape) -> Bool {
      switch (left, right) {
      case (.rectangle(let a, let b, let c, let d), .rectangle(let e, let f, let g, let h)):
        (a, b, c, d) == (e, f, g, h)
      case (.circle(let a, let b, let c), .circle(let d, let e, let f)): (a, b, c) == (d, e, f)
      case (.polygon(let a), .polygon(let b)): a.elementsEqual(b, by: ==)
      default: false
      }
    }
  }

  /// One or more.
  public let shapes: [Shape]

  /// What a data set states; nil where it states none, or none that makes sense. A bitmap shutter is an overlay and
  /// isn't read.
  public init?(of dataSet: DataSet) {
    let numbers = Self.tags.flatMap { dataSet.integers($0) }
    guard numbers.count <= 4000, numbers.allSatisfy({ (-1_000_000...1_000_000).contains($0) }) else {
      return nil
    }
    let shapes = dataSet.strings(.shutterShape).map { CodeString($0) }.compactMap { Self.shape($0, dataSet) }
    guard !shapes.isEmpty else { return nil }
    self.shapes = shapes
  }

  private static let tags: [Tag] = [
    .shutterLeftVerticalEdge, .shutterRightVerticalEdge, .shutterUpperHorizontalEdge,
    .shutterLowerHorizontalEdge, .centerOfCircularShutter, .radiusOfCircularShutter,
    .verticesOfThePolygonalShutter,
  ]

  private static func shape(_ name: CodeString, _ dataSet: DataSet) -> Shape? {
    switch name {
    case "RECTANGULAR":
      let edges = tags.prefix(4).compactMap { dataSet.integer($0) }
      guard edges.count == 4, edges[1] > edges[0], edges[3] > edges[2] else { return nil }
      return .rectangle(left: edges[0], right: edges[1], top: edges[2], bottom: edges[3])
    case "CIRCULAR":
      let center = dataSet.integers(.centerOfCircularShutter)
      guard center.count == 2, let radius = dataSet.integer(.radiusOfCircularShutter), radius > 0 else {
        return nil
      }
      return .circle(row: center[0], column: center[1], radius: radius)
    case "POLYGONAL":
      let numbers = dataSet.integers(.verticesOfThePolygonalShutter)
      guard numbers.count >= 6, numbers.count % 2 == 0 else { return nil }
      return .polygon(
        stride(from: 0, to: numbers.count, by: 2).map { (row: numbers[$0], column: numbers[$0 + 1]) })
    default: return nil
    }
  }

  /// States it in a presentation state, covering in black.
  func state(in result: inout DataSet) {
    // One of each kind is all that the attributes can hold.
    var names: [String] = []
    for shape in shapes {
      let name: String
      switch shape {
      case .rectangle(let left, let right, let top, let bottom):
        name = "RECTANGULAR"
        result.set(.shutterLeftVerticalEdge, left)
        result.set(.shutterRightVerticalEdge, right)
        result.set(.shutterUpperHorizontalEdge, top)
        result.set(.shutterLowerHorizontalEdge, bottom)
      case .circle(let row, let column, let radius):
        name = "CIRCULAR"
        result.set(.centerOfCircularShutter, [row, column])
        result.set(.radiusOfCircularShutter, radius)
      case .polygon(let corners):
        name = "POLYGONAL"
        result.set(.verticesOfThePolygonalShutter, corners.flatMap { [$0.row, $0.column] })
      }
      if !names.contains(name) { names.append(name) }
    }
    result.set(.shutterShape, names)
    result.set(.shutterPresentationValue, 0)
  }
}
