/// A lung's outline on the pixel grid.
enum PhantomOutline {
  /// Leaves only the largest piece (pixels that touch at a side or a corner): at its tips a lung may be thinner
  /// than a pixel, and sampling then leaves specks beside it.
  static func largestPiece(of mask: [UInt8], columns: Int) -> [UInt8] {
    var open = mask
    var largest: [Int] = []
    for start in mask.indices where open[start] == 1 {
      open[start] = 0
      var piece = [start]
      var next = 0
      while next < piece.count {
        let pixel = piece[next]
        next += 1
        for row in [pixel - columns, pixel, pixel + columns] {
          for neighbour in (row - 1)...(row + 1)
          where mask.indices.contains(neighbour) && open[neighbour] == 1
            && abs(neighbour % columns - pixel % columns) <= 1
          {
            open[neighbour] = 0
            piece.append(neighbour)
          }
        }
      }
      if piece.count > largest.count { largest = piece }
    }
    var result = [UInt8](repeating: 0, count: mask.count)
    for pixel in largest { result[pixel] = 1 }
    return result
  }
}
