import Archive
import Foundation
import Tensors
import Testing
import Training

/// The operations against Pillow, NumPy and SciPy (`Goldens/make_augmentations.py`). All of RandAugment's, the
/// flips and the windows are equal byte for byte; the bilinear warp is within one level, where SciPy's sums and
/// ours end on different sides of a half.
@Suite struct AugmentationTests {
  private struct Golden: Decodable {
    struct Operation: Decodable {
      let operation: String
      let magnitude: Int
      let negative: Bool
      let adler32: UInt32
      let pixels: Data?
    }
    struct Window: Decodable {
      let flip: Bool
      let dx, dy: Int
      let adler32: UInt32
    }
    struct Warp: Decodable {
      let a, b, c, d, dx, dy: Double
      let pixels: Data
    }
    let name: String
    let size: Int
    let pixels: Data
    let operations: [Operation]
    let windows: [Window]
    let warps: [Warp]

    var image: GrayImage { GrayImage(size: size, pixels: Array(pixels)) }
  }

  private let goldens: [Golden]
  /// Lungs, ribs and noise at 64 pixels.
  private var thorax: GrayImage { goldens[0].image }

  init() throws {
    let url = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "Goldens/augmentations.json")
    goldens = try JSONDecoder().decode([Golden].self, from: Data(contentsOf: url))
  }

  /// Of RFC 1950.
  private func adler32(_ image: GrayImage) -> UInt32 {
    var (a, b): (UInt32, UInt32) = (1, 0)
    for pixel in image.pixels {
      a = (a + UInt32(pixel)) % 65_521
      b = (b + a) % 65_521
    }
    return b << 16 | a
  }

  @Test(arguments: RandAugment.allCases) func operationsGivePillowsBytes(_ operation: RandAugment) {
    var count = 0
    for golden in goldens {
      for expected in golden.operations where expected.operation == operation.rawValue {
        let result = operation.apply(
          to: golden.image, magnitude: expected.magnitude, negative: expected.negative)
        let difference = expected.pixels.map { pixels in
          zip(pixels, result.pixels).map { abs(Int($0) - Int($1)) }.filter { $0 > 0 }
        }
        #expect(
          adler32(result) == expected.adler32,
          """
          \(golden.name) magnitude \(expected.magnitude)\(expected.negative ? " negative" : ""): \
          \(difference.map { "\($0.count) pixels differ, by up to \($0.max() ?? 0)" } ?? "other pixels")
          """)
        count += 1
      }
    }
    // Four images, nine magnitudes, some with both signs.
    #expect(count == 36 || count == 72)
  }

  @Test func windowsAreThoseOfReflectPadding() {
    for golden in goldens {
      for expected in golden.windows {
        let image = expected.flip ? golden.image.mirrored() : golden.image
        #expect(adler32(image.shifted(dx: expected.dx, dy: expected.dy)) == expected.adler32)
      }
    }
  }

  @Test func warpsAreBilinear() {
    #expect(goldens[0].warps.count == 3)
    for expected in goldens[0].warps {
      let affine = Affine(
        a: expected.a, b: expected.b, c: expected.c, d: expected.d, dx: expected.dx, dy: expected.dy,
        centre: Double(thorax.size - 1) / 2)
      let differences = zip(affine.warp(thorax).pixels, expected.pixels).map { abs(Int($0) - Int($1)) }
      #expect(differences.allSatisfy { $0 <= 1 })
      #expect(differences.count { $0 > 0 } < differences.count / 100)
    }
  }

  /// Every flip and window within `margin` pixels.
  private func windows(_ margin: Int) -> Set<[UInt8]> {
    var all: Set<[UInt8]> = []
    for image in [thorax, thorax.mirrored()] {
      for dy in -margin...margin {
        for dx in -margin...margin { all.insert(image.shifted(dx: dx, dy: dy).pixels) }
      }
    }
    return all
  }

  @Test func weakViewsAreFlipsAndWindows() {
    let all = windows(8)
    var seen: Set<[UInt8]> = []
    for seed in 0..<200 {
      var generator = SplitMix64(UInt64(seed))
      let view = Augmentation.weak(thorax, using: &generator).pixels
      #expect(all.contains(view))
      seen.insert(view)
    }
    // 200 draws of 578.
    #expect(seen.count > 140)
  }

  @Test func strongViewsApplyEachOperationHalfOfTheTime() {
    let all = windows(4)
    let plain = (0..<1000).count { seed in
      var generator = SplitMix64(UInt64(seed))
      return all.contains(Augmentation.strong(thorax, using: &generator).pixels)
    }
    // Neither of the two applied, or applied without effect: at least (1/2 + 1/26)^2, and few more, since a
    // rotation or a change of levels always shows. A translation within the window's range may not.
    #expect((240...400).contains(plain), "\(plain)")
  }

  @Test func maskAndImageMoveAlike() throws {
    // The image is its own mask. Its levels may then change, but one level of the mask is everywhere one of the
    // image, and a brighter one never darker.
    for seed in 0..<20 {
      var generator = SplitMix64(UInt64(seed))
      let (image, mask) = Augmentation.segmentation(thorax, mask: thorax, using: &generator)
      let moved = try #require(mask)
      #expect(moved != thorax)
      var levels = [UInt8?](repeating: nil, count: 256)
      for (before, after) in zip(moved.pixels, image.pixels) {
        #expect(levels[Int(before)] == nil || levels[Int(before)] == after)
        levels[Int(before)] = after
      }
      let curve = levels.compactMap(\.self)
      #expect(curve == curve.sorted() && Set(curve).count > 16)
      // The mask does not depend on there being an image beside it, nor the image on a mask.
      var again = SplitMix64(UInt64(seed))
      #expect(Augmentation.segmentation(thorax, mask: nil, using: &again).image == image)
    }
  }
}
