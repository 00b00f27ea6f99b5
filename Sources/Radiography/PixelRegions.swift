import DICOM

/// Connected regions (by edges) of the pixels of a frame whose stored values lie in a range.
struct PixelRegions {
  private let rows, columns: Int
  private let pixels: [Int32]
  private let values: ClosedRange<Int>
  /// The pixels of the regions taken so far, row-major.
  private(set) var joined: [Bool]

  init(_ frame: Frame, values: ClosedRange<Int>) {
    rows = frame.rows
    columns = frame.columns
    pixels = frame.pixels
    self.values = values
    joined = [Bool](repeating: false, count: frame.pixels.count)
  }

  /// Whether a pixel in the range is in no region taken so far.
  var hasUnjoined: Bool { pixels.indices.contains { !joined[$0] && values.contains(Int(pixels[$0])) } }

  /// Takes the regions that touch the border.
  mutating func joinBorder() {
    for row in 0..<rows {
      _ = join(from: row * columns)
      _ = join(from: row * columns + columns - 1)
    }
    for column in 0..<columns {
      _ = join(from: column)
      _ = join(from: (rows - 1) * columns + column)
    }
  }

  /// Takes every other region whose surroundings have only values for which `isApart` holds.
  mutating func joinIslands(where isApart: (Int) -> Bool) {
    var seen = joined
    for start in pixels.indices where !seen[start] && values.contains(Int(pixels[start])) {
      let (region, shore) = join(from: start)
      let isApart = shore.allSatisfy { isApart(Int(pixels[$0])) }
      for pixel in region {
        seen[pixel] = true
        joined[pixel] = isApart
      }
    }
  }

  /// Takes the region of one pixel.
  /// - Returns: its pixels, and those around it that aren't in the range.
  private mutating func join(from start: Int) -> (region: [Int], shore: [Int]) {
    guard !joined[start], values.contains(Int(pixels[start])) else { return ([], []) }
    joined[start] = true
    var region = [start]
    var shore: [Int] = []
    var next = 0
    while next < region.count {
      let (row, column) = region[next].quotientAndRemainder(dividingBy: columns)
      next += 1
      for (row, column) in [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
      where row >= 0 && column >= 0 && row < rows && column < columns {
        let pixel = row * columns + column
        if joined[pixel] { continue }
        if values.contains(Int(pixels[pixel])) {
          joined[pixel] = true
          region.append(pixel)
        } else {
          shore.append(pixel)
        }
      }
    }
    return (region, shore)
  }
}
