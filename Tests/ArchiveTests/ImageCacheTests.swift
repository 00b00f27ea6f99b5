import Archive
import DICOM
import Foundation
import Radiography
import TestSupport
import Testing

@Suite("Image cache")
struct ImageCacheTests {
  let folder = PhantomFixture.temporaryDirectory()
  var file: URL { folder.appending(path: "images.cache") }

  @Test("holds what Radiography makes of each file, to the nearest of 256 levels")
  func contents() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let root = try PhantomFixture.directory
    let index = try ArchiveIndex(scanning: root)
    var seen: [Int] = []
    let cache = try ImageCache(for: index, root: root, at: file, size: 64) { done, all in
      #expect(all == PhantomFixture.count)
      seen.append(done)
    }
    #expect(cache.wasBuilt)
    #expect(seen.first == 0 && seen.last == PhantomFixture.count && seen == seen.sorted())
    #expect(cache.failures == [])
    #expect(cache.count == index.images.count)
    for (position, image) in index.images.enumerated() {
      let radiograph = try Radiograph(DICOMFile(reading: root.appending(path: image.path)))
      let input = ModelInput(radiograph, size: 64).values
      let cached = cache.image(position)
      #expect(zip(input, cached).allSatisfy { abs($0 - $1) <= 0.5 / 255 + 1e-6 })
      #expect(cache.imageBytes(position).map { Float($0) * (1 / 255) } == cached)

      let lungs = try Segmentation(reading: DICOMFile(reading: root.appending(path: image.masks[0])))
      let both = zip(lungs.segments[0].mask, lungs.segments[1].mask).map { $0 | $1 }
      let expected = ModelInput.mask(
        both, columns: radiograph.columns, box: radiograph.contentBox, size: 64)
      let mask = try #require(cache.mask(position))
      #expect(zip(expected, mask).allSatisfy { abs($0 - $1) <= 0.5 / 255 + 1e-6 })
      // Lungs are darker than what is around them, whatever the file's polarity: image and mask belong together.
      let inside = zip(cached, mask).filter { $1 > 0.9 }.map(\.0)
      let middle = (0..<64 * 64).filter { $0 % 64 > 12 && $0 % 64 < 52 }
      let outside = middle.filter { mask[$0] < 0.1 }.map { cached[$0] }
      #expect(mean(inside) < mean(outside))
    }
  }

  @Test("an opened cache is the built one, with any number of threads")
  func reopened() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let root = try PhantomFixture.directory
    let index = try ArchiveIndex(scanning: root)
    let built = try ImageCache(for: index, root: root, at: file, size: 32, threads: 1)
    let bytes = try Data(contentsOf: file)
    let opened = try ImageCache(for: index, root: root, at: file, size: 32) { _, _ in
      Issue.record("opening an intact cache must not build")
    }
    #expect(built.wasBuilt && !opened.wasBuilt)
    for position in index.images.indices {
      #expect(opened.imageBytes(position) == built.imageBytes(position))
      #expect(opened.maskBytes(position) == built.maskBytes(position))
    }
    let again = folder.appending(path: "again.cache")
    _ = try ImageCache(for: index, root: root, at: again, size: 32, threads: 4)
    #expect(try Data(contentsOf: again) == bytes)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
        "again.cache", "images.cache",
      ])
  }

  @Test("labels and splits don't spoil a cache; another size or changed files do")
  func keys() throws {
    let root = try PhantomFixture.copy()
    defer {
      try? FileManager.default.removeItem(at: folder)
      try? FileManager.default.removeItem(at: root.deletingLastPathComponent())
    }
    let index = try ArchiveIndex(scanning: root)
    _ = try ImageCache(for: index, root: root, at: file, size: 32)
    let split = index.assigningSplits(validation: 0.5, seed: 1)
    #expect(try !ImageCache(for: split, root: root, at: file, size: 32).wasBuilt)
    #expect(try ImageCache(for: index, root: root, at: file, size: 48).wasBuilt)
    #expect(try ImageCache(for: index, root: root, at: file, size: 32).wasBuilt)
    try FileManager.default.removeItem(at: root.appending(path: "PHANTOM-001"))
    let smaller = try ArchiveIndex(scanning: root)
    let cache = try ImageCache(for: smaller, root: root, at: file, size: 32)
    #expect(cache.wasBuilt && cache.count == PhantomFixture.count - 1)
  }

  enum Damage: CaseIterable {
    case truncated, lengthened, header, table, firstPixel, lastPixel, empty, notACache
  }

  @Test("a damaged cache is rebuilt", arguments: Damage.allCases)
  func damaged(_ damage: Damage) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let root = try PhantomFixture.directory
    let index = try ArchiveIndex(scanning: root)
    let good = try ImageCache(for: index, root: root, at: file, size: 32)
    var bytes = try Data(contentsOf: file)
    let pixelEnd = 4096 + 2 * PhantomFixture.count * 32 * 32
    switch damage {
    case .truncated: bytes.removeLast()
    case .lengthened: bytes.append(0)
    case .header: bytes[20] ^= 1
    case .table: bytes[pixelEnd + 3] ^= 1
    case .firstPixel: bytes[4096] ^= 1
    case .lastPixel: bytes[pixelEnd - 1] ^= 0x80
    case .empty: bytes = Data()
    case .notACache: bytes = Data(repeating: 0x41, count: bytes.count)
    }
    // A new file in its place: the mapped one must not shrink under the cache that is still open.
    try bytes.write(to: file, options: .atomic)
    let cache = try ImageCache(for: index, root: root, at: file, size: 32)
    #expect(cache.wasBuilt)
    #expect(cache.imageBytes(0) == good.imageBytes(0))
    #expect(try !ImageCache(for: index, root: root, at: file, size: 32).wasBuilt)
  }

  @Test("an image that can't be decoded is reported and left out, a bad mask leaves its image")
  func failures() throws {
    let root = try PhantomFixture.copy()
    defer {
      try? FileManager.default.removeItem(at: folder)
      try? FileManager.default.removeItem(at: root.deletingLastPathComponent())
    }
    let index = try ArchiveIndex(scanning: root)
    for path in ["PHANTOM-001/dx.dcm", "PHANTOM-004/lungs.seg.dcm"] {
      let url = root.appending(path: path)
      let bytes = try Data(contentsOf: url)
      try bytes.prefix(bytes.count * 2 / 3).write(to: url)
    }
    let cache = try ImageCache(for: index, root: root, at: file, size: 32)
    #expect(!cache.hasImage(0) && !cache.hasMask(0))
    #expect(cache.hasImage(3) && !cache.hasMask(3) && cache.mask(3) == nil)
    #expect((1..<cache.count).allSatisfy { cache.hasImage($0) })
    #expect(cache.failures.map(\.kind) == [.undecodableImage, .undecodableMask])
    #expect(cache.failures.map(\.path) == ["PHANTOM-001/dx.dcm", "PHANTOM-004/lungs.seg.dcm"])
    let opened = try ImageCache(for: index, root: root, at: file, size: 32)
    #expect(!opened.wasBuilt && opened.failures == cache.failures)
  }

  @Test("a place that can't be written is an error that names it")
  func unwritable() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let index = try ArchiveIndex(scanning: PhantomFixture.directory)
    try Data("a file".utf8).write(to: folder.appending(path: "file"))
    let place = folder.appending(path: "file/images.cache")
    #expect {
      try ImageCache(for: index, root: PhantomFixture.directory, at: place, size: 32)
    } throws: { error in
      guard case .cannotWrite(let path, _)? = error as? ImageCacheError else { return false }
      return path == folder.appending(path: "file").path
    }
  }
}
