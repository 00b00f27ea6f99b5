import Archive
internal import Foundation
package import Tensors

/// The views of an image that training draws. Weak and strong are the paper's; the segmentation's moves
/// image and mask alike.
package enum Augmentation {
  /// Horizontal flip with probability 1/2, then a random window after reflect padding of 12.5 %.
  package static func weak(_ image: GrayImage, using generator: inout SplitMix64) -> GrayImage {
    flipAndCrop(image, padding: image.size / 8, using: &generator)
  }

  /// Flip, a window after 4 pixels of reflect padding, then RandAugment: two of its 13 operations (which may be
  /// the same twice), each applied with probability 1/2 at a magnitude of 1 to 9 tenths.
  package static func strong(_ image: GrayImage, using generator: inout SplitMix64) -> GrayImage {
    randAugment(
      flipAndCrop(image, padding: 4, using: &generator), RandAugment.allCases, using: &generator)
  }

  /// Another look of the same pixels, for weak-to-strong consistency: a change of exposure, then those
  /// operations of RandAugment that leave every pixel where it is.
  package static func strongInPlace(_ image: GrayImage, using generator: inout SplitMix64) -> GrayImage {
    randAugment(
      image.mapped(exposure(contrast: 0.5...1.5, using: &generator)),
      RandAugment.allCases.filter { !$0.isGeometric }, using: &generator)
  }

  private static func randAugment(
    _ image: GrayImage, _ operations: [RandAugment], using generator: inout SplitMix64
  ) -> GrayImage {
    var image = image
    for _ in 0..<2 {
      let operation = generator.element(of: operations) ?? .identity
      let magnitude = generator.integer(1...9)
      let negative = generator.coin()
      if generator.coin() {
        image = operation.apply(to: image, magnitude: magnitude, negative: negative)
      }
    }
    return image
  }

  private static func flipAndCrop(_ image: GrayImage, padding: Int, using generator: inout SplitMix64)
    -> GrayImage
  {
    let flipped = generator.coin() ? image.mirrored() : image
    return flipped.shifted(
      dx: generator.integer(-padding...padding),
      dy: generator.integer(-padding...padding))
  }

  /// Flip, rotation within 12 degrees, scale within 15 % (both axes within another 8 % of each other), shift
  /// within 8 %, and a change of contrast, brightness and gamma such as exposure and window bring about.
  package static func segmentation(_ image: GrayImage, mask: GrayImage?, using generator: inout SplitMix64)
    -> (
      image: GrayImage, mask: GrayImage?
    )
  {
    let size = Double(image.size)
    let angle = generator.real(in: -12...12) * .pi / 180
    let scale = exp(generator.real(in: -0.15...0.15))
    let aspect = exp(generator.real(in: -0.04...0.04))
    let flip = generator.coin() ? -1.0 : 1.0
    let shift = (
      generator.real(in: -0.08...0.08) * size,
      generator.real(in: -0.08...0.08) * size
    )
    let affine = Affine(
      a: flip * cos(angle) * scale * aspect, b: sin(angle) * scale, c: -flip * sin(angle) * scale * aspect,
      d: cos(angle) * scale / aspect, dx: shift.0, dy: shift.1, centre: (size - 1) / 2)
    let curve = exposure(contrast: 0.7...1.3, using: &generator)
    return (affine.warp(image).mapped(curve), mask.map { affine.warp($0) })
  }

  /// Another detector's sharpness and noise: a Gaussian blur of up to 1.5 pixels at 256 or an unsharp mask of that
  /// radius, then white noise of up to 3 % of the range, each of them or neither.
  package static func detectorVariation(_ image: GrayImage, using generator: inout SplitMix64) -> GrayImage {
    let sigma = generator.real(in: 0.3...1.5) * Double(image.size) / 256
    let sharpness = generator.real(in: -1...1)
    let noise = max(0, generator.real(in: -0.03...0.03)) * 255
    let soft = image.blurred(sigma: sigma)
    var pixels = image.pixels
    for i in pixels.indices {
      let (here, around) = (Double(image.pixels[i]), Double(soft.pixels[i]))
      // -1 is the blurred image, 1 the image sharpened by as much.
      var value = here + sharpness * (here - around)
      if noise > 0 { value += noise * generator.normal() }
      pixels[i] = UInt8(max(0, min(255, value.rounded())))
    }
    return GrayImage(size: image.size, pixels: pixels)
  }

  /// What a change of gamma, contrast and brightness makes of each grey level.
  private static func exposure(
    contrast range: ClosedRange<Double>, using generator: inout SplitMix64
  ) -> (UInt8) -> UInt8 {
    let gamma = exp(generator.real(in: -0.4...0.4))
    let contrast = generator.real(in: range)
    let brightness = generator.real(in: -0.15...0.15)
    return { level in
      let value = (pow(Double(level) / 255, gamma) - 0.5) * contrast + 0.5 + brightness
      return UInt8(max(0, min(255, (value * 255).rounded())))
    }
  }
}

/// A map from output to input pixels around the centre: (x, y) -> (a x + b y + dx, c x + d y + dy).
package struct Affine {
  let a, b, c, d, dx, dy, centre: Double

  package init(a: Double, b: Double, c: Double, d: Double, dx: Double, dy: Double, centre: Double) {
    (self.a, self.b, self.c, self.d) = (a, b, c, d)
    (self.dx, self.dy, self.centre) = (dx, dy, centre)
  }

  /// Bilinear; black outside.
  package func warp(_ image: GrayImage) -> GrayImage {
    let size = image.size
    var pixels = [UInt8](repeating: 0, count: size * size)
    for row in 0..<size {
      let y = Double(row) - centre
      for column in 0..<size {
        let x = Double(column) - centre
        let u = a * x + b * y + dx + centre
        let v = c * x + d * y + dy + centre
        guard u > -1, v > -1, u < Double(size), v < Double(size) else { continue }
        let left = Int(u.rounded(.down))
        let top = Int(v.rounded(.down))
        let fx = Float(u - Double(left))
        let fy = Float(v - Double(top))
        func pixel(_ r: Int, _ k: Int) -> Float {
          r >= 0 && k >= 0 && r < size && k < size ? Float(image.pixels[r * size + k]) : 0
        }
        let upper = pixel(top, left) * (1 - fx) + pixel(top, left + 1) * fx
        let lower = pixel(top + 1, left) * (1 - fx) + pixel(top + 1, left + 1) * fx
        pixels[row * size + column] = UInt8(max(0, min(255, (upper * (1 - fy) + lower * fy).rounded())))
      }
    }
    return GrayImage(size: size, pixels: pixels)
  }
}
