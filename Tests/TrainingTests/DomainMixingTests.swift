import Testing
import Training

@Suite struct DomainMixingTests {
  private let image = Self.picture { 1 + ($0 * $0 * 7 + $0 * 3) % 90 }
  private let reference = Self.picture { 100 + ($0 * 37 + $0 * $0) % 120 }

  private static func picture(_ level: (Int) -> Int) -> GrayImage {
    GrayImage(size: 8, pixels: (0..<64).map { UInt8(level($0)) })
  }

  /// scikit-image 0.26: `match_histograms(image, reference)`, and `image + 0.25 * (that - image)`, rounded.
  private let matched: [UInt8] = [
    115, 146, 159, 211, 159, 146, 115, 124, 148, 186, 146, 207, 186, 175, 194, 115, 170, 124, 211, 194,
    207, 115, 159, 214, 186, 170, 170, 186, 214, 159, 115, 207, 194, 211, 124, 170, 115, 194, 175, 186,
    207, 146, 186, 148, 124, 115, 146, 159, 211, 159, 146, 115, 124, 148, 186, 146, 207, 186, 175, 194,
    115, 170, 124, 211,
  ]
  private let quarter: [UInt8] = [
    30, 45, 66, 108, 66, 45, 30, 35, 54, 88, 45, 105, 88, 83, 97, 30, 73, 35, 108, 97, 105, 30, 66, 116,
    88, 73, 73, 88, 116, 66, 30, 105, 97, 108, 35, 73, 30, 97, 83, 88, 105, 45, 88, 54, 35, 30, 45, 66,
    108, 66, 45, 30, 35, 54, 88, 45, 105, 88, 83, 97, 30, 73, 35, 108,
  ]

  @Test func levelsAgreeWithScikitImage() {
    #expect(image.matched(to: reference, strength: 1).pixels == matched)
    #expect(image.matched(to: reference, strength: 0.25).pixels == quarter)
    #expect(image.matched(to: reference, strength: 0) == image)
    #expect(image.matched(to: image, strength: 1) == image)
  }

  /// Padding changes nothing in what lies inside it, in whichever of the two images it is.
  @Test func blackHasNoPart() {
    func padded(_ image: GrayImage) -> GrayImage {
      var pixels = [UInt8](repeating: 0, count: 256)
      for i in 0..<64 { pixels[(i / 8 + 3) * 16 + i % 8 + 5] = image.pixels[i] }
      return GrayImage(size: 16, pixels: pixels)
    }
    let expected = GrayImage(size: 8, pixels: matched)
    #expect(padded(image).matched(to: reference, strength: 1) == padded(expected))
    #expect(image.matched(to: padded(reference), strength: 1) == expected)
    let black = GrayImage(size: 8, pixels: [UInt8](repeating: 0, count: 64))
    #expect(image.matched(to: black, strength: 1) == image)
    #expect(black.matched(to: reference, strength: 1) == black)
  }

  /// One level only, and pixels of all levels.
  @Test func flatImages() {
    let flat = GrayImage(size: 8, pixels: [UInt8](repeating: 77, count: 64))
    #expect(image.matched(to: flat, strength: 1) == flat)
    #expect(Set(flat.matched(to: reference, strength: 1).pixels) == [214])
  }
}
