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
}
