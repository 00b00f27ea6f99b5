internal import Foundation

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

  /// Convolved with a Gaussian of `sigma` pixels, cut off at three; the border's pixels continue it.
  package func blurred(sigma: Double) -> GrayImage {
    let radius = Int((3 * sigma).rounded(.up))
    guard radius > 0 else { return self }
    var kernel = (-radius...radius).map { Float(exp(-Double($0 * $0) / (2 * sigma * sigma))) }
    let sum = kernel.reduce(0, +)
    for i in kernel.indices { kernel[i] /= sum }
    let places = (0..<size + 2 * radius).map { min(max($0 - radius, 0), size - 1) }
    var rows = [Float](repeating: 0, count: size * size)
    for row in 0..<size {
      for column in 0..<size {
        var value: Float = 0
        for k in kernel.indices { value += kernel[k] * Float(pixels[row * size + places[column + k]]) }
        rows[row * size + column] = value
      }
    }
    var blurred = pixels
    for row in 0..<size {
      for column in 0..<size {
        var value: Float = 0
        for k in kernel.indices { value += kernel[k] * rows[places[row + k] * size + column] }
        blurred[row * size + column] = UInt8(max(0, min(255, value.rounded())))
      }
    }
    return GrayImage(size: size, pixels: blurred)
  }

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
