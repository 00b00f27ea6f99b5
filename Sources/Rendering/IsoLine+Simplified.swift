extension IsoLine {
  /// The line with fewer points, none of the others farther from it than `tolerance` (Douglas and Peucker, 1973).
  package func simplified(tolerance: Double) -> IsoLine {
    guard points.count > 2 else { return self }
    guard isClosed else { return IsoLine(points: Self.chain(points[...], tolerance), isClosed: false) }
    // A ring has no ends: the point that is farthest from the first serves as one.
    let first = points[0]
    let far = points.indices.max { Self.square(points[$0], first) < Self.square(points[$1], first) } ?? 0
    guard far > 0 else { return self }
    let there = Self.chain(points[...far], tolerance)
    let back = Self.chain(points[far...] + [first], tolerance)
    return IsoLine(points: there + back.dropFirst().dropLast(), isClosed: true)
  }

  private static func chain(_ points: ArraySlice<Point>, _ tolerance: Double) -> [Point] {
    let points = Array(points)
    var isKept = [Bool](repeating: false, count: points.count)
    isKept[0] = true
    isKept[points.count - 1] = true
    var open = [(0, points.count - 1)]
    while let (start, end) = open.popLast() {
      guard end - start > 1 else { continue }
      var (farthest, distance) = (start, tolerance)
      for index in start + 1..<end {
        let d = distanceToSegment(points[index], points[start], points[end])
        if d > distance { (farthest, distance) = (index, d) }
      }
      guard farthest > start else { continue }
      isKept[farthest] = true
      open += [(start, farthest), (farthest, end)]
    }
    return points.indices.filter { isKept[$0] }.map { points[$0] }
  }

  private static func distanceToSegment(_ point: Point, _ start: Point, _ end: Point) -> Double {
    let (dx, dy) = (end.x - start.x, end.y - start.y)
    let length = dx * dx + dy * dy
    guard length > 0 else { return square(point, start).squareRoot() }
    let along = min(max(((point.x - start.x) * dx + (point.y - start.y) * dy) / length, 0), 1)
    return square(point, Point(x: start.x + along * dx, y: start.y + along * dy)).squareRoot()
  }

  private static func square(_ one: Point, _ other: Point) -> Double {
    (one.x - other.x) * (one.x - other.x) + (one.y - other.y) * (one.y - other.y)
  }
}
