internal import Foundation

/// The operations of RandAugment (Cubuk et al. 2020) for grey images, as FixMatch's code parameterises them
/// and as Pillow computes them.
enum RandAugment: CaseIterable, Sendable {
  case autoContrast, brightness, contrast, equalise, identity, posterise, rotate, sharpness, shearX, shearY
  case solarise, translateX, translateY

  /// Whether it moves pixels.
  var isGeometric: Bool {
    switch self {
    case .rotate, .shearX, .shearY, .translateX, .translateY: true
    case .autoContrast, .brightness, .contrast, .equalise, .identity, .posterise, .sharpness, .solarise: false
    }
  }

  /// - Parameters:
  ///   - magnitude: 1 ... 9, tenths of the operation's largest.
  ///   - negative: the direction of the geometric ones.
  func apply(to image: GrayImage, magnitude: Int, negative: Bool) -> GrayImage {
    let fraction = Double(magnitude) / 10
    let sign = negative ? -1.0 : 1.0
    switch self {
    case .identity: return image
    case .autoContrast: return image.autoContrast()
    case .equalise: return image.equalised()
    case .brightness: return image.blended(with: { _ in 0 }, factor: 0.9 * fraction + 0.05)
    case .contrast: return image.contrasted(factor: 0.9 * fraction + 0.05)
    case .sharpness: return image.sharpened(factor: 0.9 * fraction + 0.05)
    case .posterise: return image.mapped { $0 & ~(UInt8(0xff) >> UInt8(4 + Int(4 * fraction))) }
    case .solarise:
      let threshold = 256 - Int(256 * fraction)
      return image.mapped { Int($0) < threshold ? $0 : 255 - $0 }
    case .rotate: return image.rotated(degrees: sign * Double(Int(30 * fraction)))
    case .shearX: return image.transformed { x, y in (x + sign * 0.3 * fraction * y, y) }
    case .shearY: return image.transformed { x, y in (x, y + sign * 0.3 * fraction * x) }
    case .translateX:
      let shift = Double(Int(sign * 0.3 * fraction * Double(image.size)))
      return image.transformed { x, y in (x + shift, y) }
    case .translateY:
      let shift = Double(Int(sign * 0.3 * fraction * Double(image.size)))
      return image.transformed { x, y in (x, y + shift) }
    }
  }
}

extension GrayImage {
  func mapped(_ curve: (UInt8) -> UInt8) -> GrayImage {
    let table = (0...255).map { curve(UInt8($0)) }
    return GrayImage(size: size, pixels: pixels.map { table[Int($0)] })
  }

  var histogram: [Int] {
    var counts = [Int](repeating: 0, count: 256)
    for pixel in pixels { counts[Int(pixel)] += 1 }
    return counts
  }

  /// The darkest value becomes 0 and the brightest 255.
  func autoContrast() -> GrayImage {
    guard let low = pixels.min(), let high = pixels.max(), high > low else { return self }
    let scale = 255 / Double(high - low)
    return mapped { level in
      let value = Double(level) * scale - Double(low) * scale
      return UInt8(max(0, min(255, Int(value))))
    }
  }

  /// Pillow's histogram equalisation.
  func equalised() -> GrayImage {
    let counts = histogram
    let used = counts.filter { $0 > 0 }
    guard used.count > 1 else { return self }
    let step = (used.reduce(0, +) - used[used.count - 1]) / 255
    guard step > 0 else { return self }
    var n = step / 2
    var table = [UInt8](repeating: 0, count: 256)
    for level in 0..<256 {
      table[level] = UInt8(min(255, n / step))
      n += counts[level]
    }
    return mapped { table[Int($0)] }
  }

  /// other + factor (self - other), as Pillow's blend: truncated, clipped only outside 0 ... 1.
  func blended(with other: (Int) -> UInt8, factor: Double) -> GrayImage {
    var result = self
    let alpha = Float(factor)
    for i in pixels.indices {
      let base = Float(other(i))
      result.pixels[i] = UInt8(max(0, min(255, base + alpha * (Float(pixels[i]) - base))))
    }
    return result
  }

  func contrasted(factor: Double) -> GrayImage {
    let sum = pixels.reduce(0) { $0 + Int($1) }
    let mean = UInt8(Double(sum) / Double(pixels.count) + 0.5)
    return blended(with: { _ in mean }, factor: factor)
  }

  /// Away from, or towards, the image smoothed by (1 1 1; 1 5 1; 1 1 1) / 13 (the border kept).
  func sharpened(factor: Double) -> GrayImage {
    var smooth = pixels
    for row in 1..<size - 1 {
      for column in 1..<size - 1 {
        let p = row * size + column
        var sum = 4 * Float(pixels[p])
        for r in -1...1 { for c in -1...1 { sum += Float(pixels[p + r * size + c]) } }
        smooth[p] = UInt8(max(0, min(255, sum / 13 + 0.5)))
      }
    }
    return blended(with: { smooth[$0] }, factor: factor)
  }

  /// Every output pixel's centre is looked up in the input: nearest pixel, black outside.
  func transformed(_ source: (Double, Double) -> (Double, Double)) -> GrayImage {
    var result = GrayImage(size: size, pixels: [UInt8](repeating: 0, count: size * size))
    for row in 0..<size {
      for column in 0..<size {
        let (x, y) = source(Double(column) + 0.5, Double(row) + 0.5)
        guard x >= 0, y >= 0, x < Double(size), y < Double(size) else { continue }
        result.pixels[row * size + column] = pixels[Int(y) * size + Int(x)]
      }
    }
    return result
  }

  /// Counter-clockwise about the centre.
  func rotated(degrees: Double) -> GrayImage {
    let angle = -degrees * .pi / 180
    let centre = Double(size) / 2
    return transformed { x, y in
      (
        cos(angle) * (x - centre) + sin(angle) * (y - centre) + centre,
        -sin(angle) * (x - centre) + cos(angle) * (y - centre) + centre
      )
    }
  }
}
