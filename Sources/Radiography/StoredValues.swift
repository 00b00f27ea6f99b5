/// How the stored values outside the padding are distributed.
struct StoredValues: Sendable {
  /// From the smallest to the largest; 0...0 where there is none.
  let range: ClosedRange<Int32>
  /// The 0th, 1st ... 100th percentile; beyond a span of 2^17 to within 1/65536 of it.
  let percentiles: [Int32]

  init(_ pixels: [Int32], padding: [Bool]?) {
    var low = Int32.max
    var high = Int32.min
    Self.forEach(pixels, padding) { pixel in
      low = min(low, pixel)
      high = max(high, pixel)
    }
    guard low <= high else {
      range = 0...0
      percentiles = [Int32](repeating: 0, count: 101)
      return
    }
    range = low...high
    let span = Int(high) - Int(low)
    var shift = 0
    while span >> shift >= 1 << 17 { shift += 1 }
    var counts = [Int](repeating: 0, count: span >> shift + 1)
    Self.forEach(pixels, padding) { counts[(Int($0) - Int(low)) >> shift] += 1 }
    let total = counts.reduce(0, +)
    var percentiles: [Int32] = []
    var below = 0
    for (bin, count) in counts.enumerated() where count > 0 {
      below += count
      let value = min(Int(low) + bin << shift, Int(high))
      while percentiles.count <= 100, percentiles.count * (total - 1) / 100 < below {
        percentiles.append(Int32(value))
      }
    }
    self.percentiles = percentiles
  }

  @inline(__always)
  private static func forEach(_ pixels: [Int32], _ padding: [Bool]?, _ body: (Int32) -> Void) {
    if let padding {
      for (pixel, isPadding) in zip(pixels, padding) where !isPadding { body(pixel) }
    } else {
      for pixel in pixels { body(pixel) }
    }
  }
}
