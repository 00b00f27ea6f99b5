internal import Foundation

/// The operations of RandAugment (Cubuk et al. 2020) for grey images, with the ranges of FixMatch's published
/// code. Every one gives Pillow's bytes: ImageOps.autocontrast, equalize, posterize and solarize,
/// ImageEnhance.Brightness, Contrast and Sharpness, Image.rotate and Image.transform. The geometric ones take
/// the nearest pixel and fill with black, as FixMatch's code does (and torchvision's RandAugment by default).
package enum RandAugment: String, CaseIterable, Sendable {
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
  package func apply(to image: GrayImage, magnitude: Int, negative: Bool) -> GrayImage {
    /// In the reference's order of operations, so that no product ends beside an integer.
    func level(of largest: Double) -> Double { Double(magnitude) * largest / 10 }
    let sign = negative ? -1.0 : 1.0
    switch self {
    case .identity: return image
    case .autoContrast: return image.autoContrast()
    case .equalise: return image.equalised()
    case .brightness: return image.blended(with: { _ in 0 }, factor: level(of: 0.9) + 0.05)
    case .contrast: return image.contrasted(factor: level(of: 0.9) + 0.05)
    case .sharpness: return image.sharpened(factor: level(of: 0.9) + 0.05)
    case .posterise: return image.mapped { $0 & ~(0xff >> (4 + Int(level(of: 4)))) }
    case .solarise:
      let threshold = 256 - Int(level(of: 256))
      return image.mapped { Int($0) < threshold ? $0 : 255 - $0 }
    case .rotate: return image.rotated(degrees: sign * level(of: 30).rounded(.towardZero))
    case .shearX: return image.transformed([1, sign * level(of: 0.3), 0, 0, 1, 0])
    case .shearY: return image.transformed([1, 0, 0, sign * level(of: 0.3), 1, 0])
    case .translateX: return image.transformed([1, 0, shift(sign * level(of: 0.3), image), 0, 1, 0])
    case .translateY: return image.transformed([1, 0, 0, 0, 1, shift(sign * level(of: 0.3), image)])
    }
  }

  private func shift(_ fraction: Double, _ image: GrayImage) -> Double {
    (fraction * Double(image.size)).rounded(.towardZero)
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

  /// Output pixel (x, y) is the input pixel that holds (a x + b y + c, d x + e y + f), both counted from pixel
  /// centres; black outside. In 16.16 fixed point, as Pillow does it.
  func transformed(_ matrix: [Double]) -> GrayImage {
    func fixed(_ value: Double) -> Int { Int((value * 65536 + 0.5).rounded(.down)) }
    let (a, b, d, e) = (fixed(matrix[0]), fixed(matrix[1]), fixed(matrix[3]), fixed(matrix[4]))
    let x0 = fixed(matrix[2] + matrix[0] * 0.5 + matrix[1] * 0.5)
    let y0 = fixed(matrix[5] + matrix[3] * 0.5 + matrix[4] * 0.5)
    var result = GrayImage(size: size, pixels: [UInt8](repeating: 0, count: size * size))
    for row in 0..<size {
      for column in 0..<size {
        let x = (x0 + row * b + column * a) >> 16
        let y = (y0 + row * e + column * d) >> 16
        guard x >= 0, y >= 0, x < size, y < size else { continue }
        result.pixels[row * size + column] = pixels[y * size + x]
      }
    }
    return result
  }

  /// Counter-clockwise about the centre.
  func rotated(degrees: Double) -> GrayImage {
    let angle = -degrees * .pi / 180
    let centre = Double(size) / 2
    // A cosine or sine that should be a round number is one.
    func rounded(_ value: Double) -> Double { (value * 1e15).rounded(.toNearestOrEven) / 1e15 }
    let (c, s) = (rounded(cos(angle)), rounded(sin(angle)))
    return transformed([
      c, s, c * -centre + s * -centre + centre, -s, c, -s * -centre + c * -centre + centre,
    ])
  }
}
