import Archive
import Tensors
import Testing
import Training

@Suite struct ViewTests {
  /// Two flat halves stay two flat halves on the same side of the same line, whatever else is drawn; only sharpening
  /// reaches across it, by one pixel; or by two where it is drawn twice.
  @Test func strongViewsInPlaceMoveNothing() {
    let image = GrayImage(size: 32, pixels: (0..<1024).map { $0 % 32 < 16 ? 60 : 200 })
    var looks: Set<[UInt8]> = []
    for seed in 0..<200 as Range<UInt64> {
      var generator = SplitMix64(seed)
      let view = Augmentation.strongInPlace(image, using: &generator)
      let left = Set(view.pixels.indices.filter { $0 % 32 < 14 }.map { view.pixels[$0] })
      let right = Set(view.pixels.indices.filter { $0 % 32 > 17 }.map { view.pixels[$0] })
      #expect(left.count == 1 && right.count == 1, "seed \(seed)")
      looks.insert([left.first!, right.first!])
    }
    #expect(looks.count > 100)
  }

  /// scipy 1.17: `np.rint(gaussian_filter(image, 1, mode="nearest", truncate=3))`.
  @Test func blurAgreesWithSciPy() {
    let levels: [Int] = (0..<64).map { 1 + ($0 * $0 * 7 + $0 * 3) % 90 }
    let image = GrayImage(size: 8, pixels: levels.map { UInt8($0) })
    #expect(
      image.blurred(sigma: 1).pixels == [
        13, 23, 38, 49, 42, 27, 17, 12, 25, 31, 42, 52, 49, 38, 32, 28, 37, 38, 46, 55, 52, 40, 39, 47, 49,
        44, 44, 48, 46, 39, 41, 53, 57, 46, 38, 34, 32, 33, 38, 46, 59, 44, 32, 24, 20, 24, 31, 36, 61, 46,
        34, 24, 18, 22, 29, 35, 64, 53, 44, 35, 24, 25, 33, 45,
      ])
    let flat = GrayImage(size: 8, pixels: [UInt8](repeating: 255, count: 64))
    #expect(flat.blurred(sigma: 2.3) == flat && image.blurred(sigma: 0) == image)
  }

  /// About half of the detectors are noisy; without noise a flat image stays flat, and edges become softer in some
  /// and harder in others.
  @Test func detectorsDifferInSharpnessAndNoise() {
    let flat = GrayImage(size: 128, pixels: [UInt8](repeating: 128, count: 128 * 128))
    let edge = GrayImage(size: 128, pixels: (0..<128 * 128).map { $0 % 128 < 64 ? 60 : 200 })
    var (silent, softer, harder) = (0, 0, 0)
    for seed in 0..<400 as Range<UInt64> {
      var generator = SplitMix64(seed)
      let noise = Augmentation.detectorVariation(flat, using: &generator).pixels.map { Double($0) - 128 }
      let deviation = (noise.map { $0 * $0 }.reduce(0, +) / (128 * 128)).squareRoot()
      #expect(deviation < 0.04 * 255 && abs(noise.reduce(0, +)) < 0.5 * 128 * 128)
      guard deviation == 0 else { continue }
      silent += 1
      generator = SplitMix64(seed)
      let row = Augmentation.detectorVariation(edge, using: &generator).pixels[0..<128]
      #expect(row[0] == 60 && row[127] == 200)
      if row[63] > 60 || row[64] < 200 { softer += 1 }
      if row[63] < 60 || row[64] > 200 { harder += 1 }
    }
    #expect((160..<240).contains(silent) && softer > 40 && harder > 40)
    #expect(softer + harder <= silent)
  }
}
