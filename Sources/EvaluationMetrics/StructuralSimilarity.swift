/// Structural similarity of two binary masks (Wang et al. 2004) with scikit-image's defaults: uniform 7x7
/// windows wholly inside the image, unbiased variances, data range 1.
enum StructuralSimilarity {
  /// - Parameter a, b: [size * size], row by row.
  static func between(_ a: [Bool], _ b: [Bool], size: Int) -> Double {
    let window = 7
    guard size >= window else { return a == b ? 1 : 0 }
    let width = size + 1
    let tableA = summedArea(size) { a[$0] }
    let tableB = summedArea(size) { b[$0] }
    let tableBoth = summedArea(size) { a[$0] && b[$0] }
    let n = Double(window * window)
    let unbiased = n / (n - 1)
    let (c1, c2) = (0.01 * 0.01, 0.03 * 0.03)
    var sum = 0.0
    for row in 0...size - window {
      for column in 0...size - window {
        func mean(_ t: [Int32]) -> Double {
          let top = row * width + column
          let bottom = (row + window) * width + column
          return Double(t[bottom + window] - t[bottom] - t[top + window] + t[top]) / n
        }
        let (ma, mb, mab) = (mean(tableA), mean(tableB), mean(tableBoth))
        // A pixel's square is the pixel.
        let (va, vb, vab) = (unbiased * (ma - ma * ma), unbiased * (mb - mb * mb), unbiased * (mab - ma * mb))
        sum += (2 * ma * mb + c1) * (2 * vab + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2))
      }
    }
    return sum / Double((size - window + 1) * (size - window + 1))
  }

  /// [size + 1, size + 1]: how many pixels are set above and to the left of each corner.
  private static func summedArea(_ size: Int, _ isSet: (Int) -> Bool) -> [Int32] {
    let width = size + 1
    var sums = [Int32](repeating: 0, count: width * width)
    for row in 0..<size {
      var line: Int32 = 0
      for column in 0..<size {
        line += isSet(row * size + column) ? 1 : 0
        sums[(row + 1) * width + column + 1] = sums[row * width + column + 1] + line
      }
    }
    return sums
  }
}
