/// SplitMix64 (Steele, Lea and Flood 2014): a small generator that any number can seed. It isn't a
/// `RandomNumberGenerator`: how the standard library makes ranges, elements and orders of a generator's numbers may
/// change with its version, so every draw stands here, and is the same on every machine. What trainings draw (`real`,
/// `coin`, `integer`, `element`, `shuffle`) is what Swift 6.3's library drew for them.
package struct SplitMix64: Sendable {
  private var state: UInt64

  package init(_ seed: UInt64) { state = seed }

  /// A generator of its own for each combination of keys.
  package init(_ keys: UInt64...) {
    state = 0
    for key in keys {
      state ^= key
      state = next()
    }
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in 0..<1.
  package mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  package mutating func uniform(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * unit()
  }

  /// Uniform in 0..<limit.
  package mutating func real(below limit: Double) -> Double {
    let value = Double(next() & (1 << 53 - 1)) * 0x1p-53 * limit
    return value < limit ? value : real(below: limit)
  }

  package mutating func real(in range: ClosedRange<Double>) -> Double {
    let parts = index(below: 1 << 53 + 1)
    if parts == 1 << 53 { return range.upperBound }
    return (range.upperBound - range.lowerBound) * (Double(parts) * 0x1p-53) + range.lowerBound
  }

  package mutating func coin() -> Bool { next() >> 17 & 1 == 0 }

  /// Uniform in 0..<count, by the upper half of a product (Lemire 2019, without its correction: the bias is below
  /// count / 2^64).
  /// - Precondition: count > 0.
  package mutating func index(below count: Int) -> Int {
    precondition(count > 0)
    return Int(next().multipliedFullWidth(by: UInt64(count)).high)
  }

  package mutating func integer(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + index(below: range.count)
  }

  /// Nil of an empty array.
  package mutating func element<Element>(of array: [Element]) -> Element? {
    array.isEmpty ? nil : array[index(below: array.count)]
  }

  /// Brings the elements into an order of which each is as likely (Fisher and Yates).
  package mutating func shuffle<Element>(_ array: inout [Element]) {
    for place in array.indices.dropLast() {
      array.swapAt(place, place + index(below: array.endIndex - place))
    }
  }

  /// About normal, mean 0 and standard deviation 1: the sum of twelve uniform numbers, without the ends of a
  /// true Gaussian and without a logarithm.
  package mutating func normal() -> Double {
    var sum = -6.0
    for _ in 0..<4 {
      let bits = next()
      for shift in [0, 21, 42] as [UInt64] { sum += Double((bits >> shift) & 0x1F_FFFF) * 0x1p-21 }
    }
    return sum
  }

  package mutating func chance(_ probability: Double) -> Bool { unit() < probability }
}
