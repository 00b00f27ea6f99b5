import Archive
import Foundation
import Tensors
import TestSupport
import Testing
import Training

/// A few radiographs of every source of the shared archive at 128 pixels, and the lung masks of those that
/// have one.
struct RealRadiographs: Sendable {
  /// The archive, where there is one.
  static let archive: URL? = {
    let url = TestEnvironment.shared?.appending(path: "data/archive")
    return url.flatMap { FileManager.default.fileExists(atPath: $0.path) ? $0 : nil }
  }()
  static let python = TestEnvironment.python(importing: "numpy", "PIL", "scipy")
  /// Read once for all tests.
  static let all: Result<RealRadiographs, any Error> = Result { try RealRadiographs() }

  let images, masks: [GrayImage]

  /// Links to the first patient of each source, and to those a third and two thirds down the list, are
  /// indexed and decoded like an archive; nothing of it is kept.
  private init() throws {
    let manager = FileManager.default
    let root = try #require(Self.archive)
    let folder = try Self.privateFolder()
    defer { try? manager.removeItem(at: folder) }
    let part = folder.appending(path: "archive")
    for source in try manager.contentsOfDirectory(atPath: root.path).sorted() {
      let place = root.appending(path: source)
      // labels.csv is no folder.
      guard let patients = try? manager.contentsOfDirectory(atPath: place.path).sorted(), !patients.isEmpty
      else { continue }
      let links = part.appending(path: source)
      try manager.createDirectory(at: links, withIntermediateDirectories: true)
      for patient in Set((0..<3).map { patients[$0 * patients.count / 3] }) {
        try manager.createSymbolicLink(
          at: links.appending(path: patient), withDestinationURL: place.appending(path: patient))
      }
    }
    let index = try ArchiveIndex(scanning: part)
    let cache = try ImageCache(
      for: index, root: part, at: folder.appending(path: "images.cache"), size: 128)
    try #require(cache.failures.isEmpty)
    let (size, positions) = (cache.size, 0..<cache.count)
    let outlines = positions.compactMap { cache.maskBytes($0) }
    let (read, outlined) = (positions.count, outlines.count)
    try #require(read >= 18 && outlined >= 9)
    images = positions.map { GrayImage(size: size, pixels: cache.imageBytes($0)) }
    masks = outlines.map { GrayImage(size: size, pixels: $0) }
  }

  /// A fresh folder that nobody else can look into; who asks for it removes it.
  static func privateFolder() throws -> URL {
    let folder = try TestEnvironment.temporaryFolder()
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path)
    return folder
  }
}

/// The operations, the flips and windows, and the warp on real radiographs, against what Pillow makes of the
/// same pixels there and then (`Goldens/pillow_views.py`). A failure says how many pixels differ and never
/// shows one: images and their pixels stay out of the expectations, which print what they are made of.
@Suite(
  .enabled(
    if: RealRadiographs.archive != nil && RealRadiographs.python != nil,
    "needs MMDICOM_SHARED with data/archive and MMDICOM_PYTHON with NumPy, SciPy and Pillow"))
struct RealImageAugmentationTests {
  /// One of the script's views of an image.
  private struct View: Encodable {
    let name: String
    let numbers: [Double]
  }

  private struct Request: Encodable {
    let size: Int
    let views: [View]
  }

  /// How many pixels of two images differ, and by how many levels at most.
  private struct Difference: CustomStringConvertible {
    private(set) var pixels = 0
    private(set) var levels = 0

    init(_ one: GrayImage, _ other: GrayImage) {
      for (a, b) in zip(one.pixels, other.pixels) where a != b {
        pixels += 1
        levels = max(levels, abs(Int(a) - Int(b)))
      }
    }

    var description: String { "\(pixels) pixels differ, by up to \(levels)" }
  }

  private let images: [GrayImage]
  private let masks: [GrayImage]

  init() throws {
    let radiographs = try RealRadiographs.all.get()
    (images, masks) = (radiographs.images, radiographs.masks)
  }

  /// For each view, what Pillow makes of every image.
  private func pillow(_ views: [View], of images: [GrayImage]) throws -> [[GrayImage]] {
    let folder = try RealRadiographs.privateFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let size = images[0].size
    try JSONEncoder().encode(Request(size: size, views: views))
      .write(to: folder.appending(path: "request.json"))
    try Data(images.flatMap(\.pixels)).write(to: folder.appending(path: "images.bin"))
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "Goldens/pillow_views.py")
    let result = try TestEnvironment.run(#require(RealRadiographs.python), [script.path, folder.path])
    try #require(result.status == 0, "\(result.output)")
    let bytes = try [UInt8](Data(contentsOf: folder.appending(path: "views.bin")))
    let (given, wanted) = (bytes.count, views.count * images.count * size * size)
    try #require(given == wanted)
    return views.indices.map { view in
      images.indices.map { image in
        let start = (view * images.count + image) * size * size
        return GrayImage(size: size, pixels: Array(bytes[start..<start + size * size]))
      }
    }
  }

  @Test(arguments: RandAugment.allCases) func operationsGivePillowsBytes(_ operation: RandAugment) throws {
    let directed: Set<RandAugment> = [.rotate, .shearX, .shearY, .translateX, .translateY]
    let signs = directed.contains(operation) ? [false, true] : [false]
    for negative in signs {
      let views = (1...9).map { magnitude in
        View(name: operation.rawValue, numbers: [Double(magnitude), negative ? -1 : 1])
      }
      for (magnitude, expected) in zip(1...9, try pillow(views, of: images)) {
        for (number, image) in images.enumerated() {
          let result = operation.apply(to: image, magnitude: magnitude, negative: negative)
          let difference = Difference(result, expected[number])
          #expect(
            difference.pixels == 0,
            "image \(number) magnitude \(magnitude)\(negative ? " negative" : ""): \(difference)")
        }
      }
    }
  }

  @Test func flipsAndWindowsGivePillowsBytes() throws {
    let draws: [(flip: Bool, dx: Int, dy: Int)] = [
      (false, 0, 0), (true, 0, 0), (false, 16, -16), (true, -16, 16), (true, 5, -11), (false, -4, 3),
    ]
    let pictures = images + masks
    let views = draws.map { View(name: "window", numbers: [$0.flip ? 1 : 0, Double($0.dx), Double($0.dy)]) }
    for (draw, expected) in zip(draws, try pillow(views, of: pictures)) {
      for (number, picture) in pictures.enumerated() {
        let result = (draw.flip ? picture.mirrored() : picture).shifted(dx: draw.dx, dy: draw.dy)
        let difference = Difference(result, expected[number])
        #expect(difference.pixels == 0, "image \(number) \(draw): \(difference)")
      }
    }
  }

  /// An affine map as the segmentation's augmentation draws it: a, b, c, d, dx, dy.
  private func affineMap(
    degrees: Double, scale: Double, aspect: Double, flip: Double, dx: Double, dy: Double
  ) -> [Double] {
    let (cosine, sine) = (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
    return [
      flip * cosine * scale * aspect, sine * scale, -flip * sine * scale * aspect, cosine * scale / aspect,
      dx, dy,
    ]
  }

  /// Equal but for a few pixels where sums in Float and in Double end on different sides of a half.
  @Test func warpsAreBilinearOnImagesAndMasks() throws {
    let maps = [
      affineMap(degrees: 11.7, scale: 1.16, aspect: 1.04, flip: 1, dx: 10.2, dy: -9.7),
      affineMap(degrees: -7.3, scale: 0.87, aspect: 0.97, flip: -1, dx: -6.4, dy: 3.1),
      affineMap(degrees: 2.6, scale: 1.03, aspect: 1.01, flip: -1, dx: 0.4, dy: 8.8),
    ]
    let pictures = images + masks
    let views = maps.map { View(name: "warp", numbers: $0) }
    for (map, expected) in zip(maps, try pillow(views, of: pictures)) {
      for (number, picture) in pictures.enumerated() {
        let affine = Affine(
          a: map[0], b: map[1], c: map[2], d: map[3], dx: map[4], dy: map[5],
          centre: Double(picture.size - 1) / 2)
        let difference = Difference(affine.warp(picture), expected[number])
        let few = picture.size * picture.size / 100
        #expect(
          difference.levels <= 1 && difference.pixels < few, "image \(number) \(map): \(difference)")
      }
    }
  }

  /// What a seed's change of exposure makes of each grey level: read off flat images, which no geometry
  /// changes in the middle.
  private func exposure(_ seed: UInt64) -> [UInt8] {
    (0...UInt8.max).map { level in
      let flat = GrayImage(size: 16, pixels: [UInt8](repeating: level, count: 256))
      var generator = SplitMix64(seed)
      return Augmentation.segmentation(flat, mask: nil, using: &generator).image.pixels[8 * 16 + 8]
    }
  }

  @Test func aMaskMovesAsTheSamePixelsDoAsAnImage() {
    for seed in 0..<4 as Range<UInt64> {
      let curve = exposure(seed)
      for (number, mask) in masks.enumerated() {
        var generator = SplitMix64(seed)
        let view = Augmentation.segmentation(mask, mask: mask, using: &generator)
        let moved = view.mask ?? mask
        let movement = Difference(moved, mask)
        #expect(movement.pixels > 0, "seed \(seed) mask \(number)")
        // But for the exposure, which is the image's alone.
        let exposed = GrayImage(size: moved.size, pixels: moved.pixels.map { curve[Int($0)] })
        let difference = Difference(view.image, exposed)
        #expect(difference.pixels == 0, "seed \(seed) mask \(number): \(difference)")
        // The mask goes the same way whatever the image.
        var again = SplitMix64(seed)
        let other = Augmentation.segmentation(images[0], mask: mask, using: &again).mask ?? mask
        let deviation = Difference(other, moved)
        #expect(deviation.pixels == 0, "seed \(seed) mask \(number): \(deviation)")
      }
    }
  }
}
