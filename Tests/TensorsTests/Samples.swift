import Tensors
import TestSupport

/// Deterministic values for tests.
struct Samples: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

  // SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }

  /// `count` values within -1 ... 1 that float32 holds exactly.
  mutating func values(_ count: Int) -> [Double] {
    (0..<count).map { _ in Double(Float.random(in: -1...1, using: &self)) }
  }

  mutating func map(_ size: Size, _ channels: Int) -> Reference.Map<Double> {
    Reference.Map(
      height: size.height, width: size.width, channels: channels,
      values: values(size.height * size.width * channels))
  }
}

struct Size: Sendable, CustomStringConvertible {
  let height, width: Int
  init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }
  var description: String { "\(height)x\(width)" }

  /// Smaller than a Winograd tile, odd, a whole number of tiles, and several blocks of tiles.
  static let all = [Size(1, 1), Size(2, 3), Size(7, 5), Size(13, 10), Size(16, 16), Size(33, 18)]
}

extension FeatureMap {
  /// A map for the kernels with the same values.
  init(_ map: Reference.Map<Double>) {
    self.init(height: map.height, width: map.width, channels: map.channels)
    set(map)
  }

  func set(_ map: Reference.Map<Double>) {
    for c in 0..<map.channels {
      setPlane(
        c, Swift.stride(from: c, to: map.values.count, by: map.channels).map { Element(map.values[$0]) })
    }
  }

  /// The first `channels` channels.
  func reference(_ channels: Int) -> Reference.Map<Double> {
    var map = Reference.Map<Double>(height: height, width: width, channels: channels)
    for c in 0..<channels {
      for (pixel, value) in plane(c).enumerated() { map.values[pixel * channels + c] = Double(value) }
    }
    return map
  }

  /// Whether the channels from `first` on hold zeros.
  func isZero(from first: Int) -> Bool {
    (first..<channels).allSatisfy { plane($0).allSatisfy { $0 == 0 } }
  }
}

extension MemorySlice {
  init(_ values: [Double]) {
    let memory = Memory<Element>(count: values.count)
    memory.values = values.map { Element($0) }
    self.init(memory, 0..<values.count)
  }

  var doubles: [Double] { (0..<count).map { Double(self[$0]) } }
}

/// ||a - b|| / ||b||, or ||a|| where b is zero. NaN where either has one.
func relativeError(_ a: [Double], _ b: [Double]) -> Double {
  precondition(a.count == b.count)
  let difference = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
  let norm = b.reduce(0) { $0 + $1 * $1 }.squareRoot()
  return norm > 0 ? difference / norm : difference
}

/// What a relative error in the 2-norm may be. One wrong element of the largest map here makes 1e-3.
struct Bounds {
  let output, gradient: Double
  static func of<Element: Scalar>(_: Element.Type) -> Bounds {
    Element.self == Float.self ? Bounds(output: 1e-5, gradient: 2e-5) : Bounds(output: 1e-13, gradient: 1e-13)
  }
}
