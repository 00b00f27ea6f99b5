/// Gaussian smoothing of a row-major map.
enum Smoothing {
  /// Three running means of equal width: within a few per cent of a Gaussian, at a cost that doesn't depend on
  /// `sigma` (in pixels). Near the border the mean is over what lies inside. Below 0.3 px nothing is done.
  static func gaussian(_ values: [Float], width: Int, height: Int, sigma: Double) -> [Float] {
    guard sigma >= 0.3 else { return values }
    // n means of width w have the variance n (w² - 1) / 12; widths are odd.
    let ideal = (4 * sigma * sigma + 1).squareRoot()
    let radius = max(1, Int((ideal / 2).rounded(.down)))
    var result = values
    for _ in 0..<3 {
      result = meanOfRows(result, width: width, height: height, radius: radius)
      result = meanOfColumns(result, width: width, height: height, radius: radius)
    }
    return result
  }

  private static func meanOfRows(_ values: [Float], width: Int, height: Int, radius: Int) -> [Float] {
    var result = values
    let scale = 1 / Double(2 * radius + 1)
    unsafe values.withUnsafeBufferPointer { input in
      unsafe result.withUnsafeMutableBufferPointer { output in
        for row in 0..<height {
          let base = row * width
          var sum = 0.0
          for column in 0..<min(radius, width) { unsafe sum += Double(input[base + column]) }
          func step(_ column: Int) {
            if column + radius < width { unsafe sum += Double(input[base + column + radius]) }
            if column - radius > 0 { unsafe sum -= Double(input[base + column - radius - 1]) }
            let count = min(column + radius, width - 1) - max(column - radius, 0) + 1
            unsafe output[base + column] = Float(sum / Double(count))
          }
          // Away from the border every mean is over the same number of values.
          let interior = min(radius + 1, width)..<max(width - radius, min(radius + 1, width))
          for column in 0..<interior.lowerBound { step(column) }
          for column in interior {
            unsafe sum += Double(input[base + column + radius]) - Double(input[base + column - radius - 1])
            unsafe output[base + column] = Float(sum * scale)
          }
          for column in interior.upperBound..<width { step(column) }
        }
      }
    }
    return result
  }

  /// All columns at once, so that memory is read in order.
  private static func meanOfColumns(_ values: [Float], width: Int, height: Int, radius: Int) -> [Float] {
    var result = values
    var sums = [Double](repeating: 0, count: width)
    unsafe values.withUnsafeBufferPointer { input in
      unsafe result.withUnsafeMutableBufferPointer { output in
        unsafe sums.withUnsafeMutableBufferPointer { sums in
          for row in 0..<min(radius, height) {
            for column in 0..<width { unsafe sums[column] += Double(input[row * width + column]) }
          }
          for row in 0..<height {
            if row + radius < height {
              let base = (row + radius) * width
              for column in 0..<width { unsafe sums[column] += Double(input[base + column]) }
            }
            if row - radius > 0 {
              let base = (row - radius - 1) * width
              for column in 0..<width { unsafe sums[column] -= Double(input[base + column]) }
            }
            let scale = 1 / Double(min(row + radius, height - 1) - max(row - radius, 0) + 1)
            for column in 0..<width { unsafe output[row * width + column] = Float(sums[column] * scale) }
          }
        }
      }
    }
    return result
  }
}
