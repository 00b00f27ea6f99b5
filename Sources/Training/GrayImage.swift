/// A square 8-bit image, row by row.
public struct GrayImage: Sendable, Equatable {
  public let size: Int
  public var pixels: [UInt8]

  public init(size: Int, pixels: [UInt8]) {
    precondition(pixels.count == size * size)
    self.size = size
    self.pixels = pixels
  }

  /// The means of 2x2 pixels until `size` is reached.
  package func reduced(to target: Int) -> GrayImage {
    var image = self
    while image.size > target {
      let half = image.size / 2
      var pixels = [UInt8](repeating: 0, count: half * half)
      for row in 0..<half {
        for column in 0..<half {
          let p = 2 * row * image.size + 2 * column
          let sum =
            Int(image.pixels[p]) + Int(image.pixels[p + 1]) + Int(image.pixels[p + image.size])
            + Int(image.pixels[p + image.size + 1])
          pixels[row * half + column] = UInt8((sum + 2) / 4)
        }
      }
      image = GrayImage(size: half, pixels: pixels)
    }
    return image
  }

  /// 0 ... 1.
  var values: [Float] { pixels.map { Float($0) / 255 } }

  package func mirrored() -> GrayImage {
    var pixels = pixels
    for row in 0..<size {
      for column in 0..<size { pixels[row * size + column] = self.pixels[row * size + size - 1 - column] }
    }
    return GrayImage(size: size, pixels: pixels)
  }

  /// The window of this size that is `dx`, `dy` pixels off, the image continued by reflection (without
  /// repeating its border).
  package func shifted(dx: Int, dy: Int) -> GrayImage {
    func reflect(_ i: Int) -> Int {
      let j = abs(i)
      return j < size ? j : 2 * (size - 1) - j
    }
    var pixels = [UInt8](repeating: 0, count: size * size)
    for row in 0..<size {
      let source = reflect(row + dy) * size
      for column in 0..<size { pixels[row * size + column] = self.pixels[source + reflect(column + dx)] }
    }
    return GrayImage(size: size, pixels: pixels)
  }
}

/// SplitMix64 (Steele, Lea and Flood 2014): a small generator that any number can seed.
public struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(_ seed: UInt64) { state = seed }

  /// A generator of its own for each combination of keys.
  init(_ keys: UInt64...) {
    state = 0
    for key in keys {
      state ^= key
      state = next()
    }
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
