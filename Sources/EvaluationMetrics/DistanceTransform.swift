/// The exact Euclidean distance transform by integers alone, in time proportional to the pixels (Meijster,
/// Roerdink and Hesselink 2000).
package enum DistanceTransform {
  /// The squared distance of every pixel to the nearest pixel of the mask, in pixels.
  /// - Parameter mask: [size * size], row by row, not empty.
  package static func squared(to mask: [Bool], size: Int) -> [Int] {
    precondition(mask.count == size * size)
    var distance = columnDistances(mask, size)
    // A row's pixels as parabolas: `vertices` of those on the lower envelope, `starts` where each takes over.
    var vertices = [Int](repeating: 0, count: size)
    var starts = vertices
    var heights = vertices
    for row in 0..<size {
      let first = row * size
      for column in 0..<size { heights[column] = distance[first + column] * distance[first + column] }
      func value(_ x: Int, _ vertex: Int) -> Int { (x - vertex) * (x - vertex) + heights[vertex] }
      var top = 0
      (vertices[0], starts[0]) = (0, 0)
      for column in 1..<max(1, size) {
        while top >= 0, value(starts[top], vertices[top]) > value(starts[top], column) { top -= 1 }
        if top < 0 {
          top = 0
          vertices[0] = column
          continue
        }
        let vertex = vertices[top]
        let rise = column * column - vertex * vertex + heights[column] - heights[vertex]
        let start = 1 + rise / (2 * (column - vertex))
        if start < size {
          top += 1
          (vertices[top], starts[top]) = (column, start)
        }
      }
      for column in (0..<size).reversed() {
        distance[first + column] = value(column, vertices[top])
        if column == starts[top] { top -= 1 }
      }
    }
    return distance
  }

  /// The distance to the nearest pixel of the mask in the same column; more than any real one where there is
  /// none.
  private static func columnDistances(_ mask: [Bool], _ size: Int) -> [Int] {
    let far = 2 * size
    var distance = mask.map { $0 ? 0 : far }
    for i in size..<max(size, mask.count) { distance[i] = min(distance[i], distance[i - size] + 1) }
    for i in (0..<max(0, mask.count - size)).reversed() {
      distance[i] = min(distance[i], distance[i + size] + 1)
    }
    return distance.map { min($0, far) }
  }
}
