/// Exact quantiles of millions of brightness values without sorting them.
package enum Quantiles {
  /// The quantiles at `fractions` (0...1) of the values that `excluded` doesn't mark, interpolated linearly
  /// between neighbours as numpy's `percentile` does. Values must not be negative or NaN; 0 where none is left.
  ///
  /// Bit patterns of floats that aren't negative sort as the floats do, so counting their upper 16 bits finds
  /// the bin of each wanted rank, and counting the lower 16 bits within these bins finds its value.
  package static func of(_ values: [Float], excluding excluded: [Bool]?, at fractions: [Double]) -> [Float] {
    let coarse = upperCounts(values, excluding: excluded)
    let total = coarse.reduce(0, +)
    guard total > 0 else { return fractions.map { _ in 0 } }

    let positions = fractions.map { $0 * Double(total - 1) }
    let ranks = Set(positions.flatMap { [Int($0), min(Int($0) + 1, total - 1)] }).sorted()
    var found: [Int: Float] = [:]
    var bins: [(bin: Int, ranks: [(rank: Int, within: Int)])] = []
    var before = 0
    var next = 0
    for (bin, count) in coarse.enumerated() where count > 0 {
      var inside: [(rank: Int, within: Int)] = []
      while next < ranks.count, ranks[next] < before + count {
        inside.append((ranks[next], ranks[next] - before))
        next += 1
      }
      if !inside.isEmpty { bins.append((bin, inside)) }
      before += count
    }
    for (bin, inside) in bins {
      let fine = lowerCounts(values, excluding: excluded, bin: UInt32(bin))
      var below = 0
      var wanted = inside[...]
      for (low, count) in fine.enumerated() where count > 0 {
        while let first = wanted.first, first.within < below + count {
          found[first.rank] = Float(bitPattern: UInt32(bin) << 16 | UInt32(low))
          wanted.removeFirst()
        }
        below += count
      }
    }
    return positions.map { position in
      let rank = Int(position)
      let low = found[rank] ?? 0
      let high = found[min(rank + 1, total - 1)] ?? low
      return Float(Double(low) + (Double(high) - Double(low)) * (position - Double(rank)))
    }
  }

  /// How many values share each upper half of a bit pattern. Four counters take turns, because neighbouring
  /// pixels are alike and would wait for each other's increment.
  private static func upperCounts(_ values: [Float], excluding excluded: [Bool]?) -> [Int] {
    let bins = 1 << 16
    var counts = [UInt32](repeating: 0, count: 4 * bins)
    unsafe values.withUnsafeBufferPointer { values in
      unsafe counts.withUnsafeMutableBufferPointer { counts in
        if let excluded {
          for index in 0..<values.count where !excluded[index] {
            unsafe counts[(index & 3) << 16 | Int(values[index].bitPattern >> 16)] += 1
          }
        } else {
          for index in 0..<values.count {
            unsafe counts[(index & 3) << 16 | Int(values[index].bitPattern >> 16)] += 1
          }
        }
      }
    }
    return (0..<bins).map { bin in
      Int(counts[bin]) + Int(counts[bins + bin]) + Int(counts[2 * bins + bin]) + Int(counts[3 * bins + bin])
    }
  }

  /// How many of the values in one bin share each lower half of a bit pattern.
  private static func lowerCounts(_ values: [Float], excluding excluded: [Bool]?, bin: UInt32) -> [Int] {
    var counts = [Int](repeating: 0, count: 1 << 16)
    if let excluded {
      for (value, isExcluded) in zip(values, excluded)
      where !isExcluded && value.bitPattern >> 16 == bin {
        counts[Int(value.bitPattern & 0xFFFF)] += 1
      }
    } else {
      for value in values where value.bitPattern >> 16 == bin {
        counts[Int(value.bitPattern & 0xFFFF)] += 1
      }
    }
    return counts
  }
}
