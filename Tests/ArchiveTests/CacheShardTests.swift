import Archive
import Foundation
import TestSupport
import Testing

/// A cache of several files: the same pixels as one, built by several, and mended file by file.
@Suite("Cache of several files")
struct CacheShardTests {
  private let folder = PhantomFixture.temporaryDirectory()
  private var file: URL { folder.appending(path: "images-32.cache") }

  private func index() throws -> ArchiveIndex { try ArchiveIndex(scanning: PhantomFixture.directory) }

  private func open(_ index: ArchiveIndex, checksPixels: Bool = true) throws -> ImageCache {
    try ImageCache(
      for: index, root: PhantomFixture.directory, at: file, size: 32, checksPixels: checksPixels,
      shardLength: 4)
  }

  private func prepare(_ index: ArchiveIndex, _ number: Int, of count: Int) throws -> Bool {
    try ImageCache.prepare(
      for: index, root: PhantomFixture.directory, at: file, share: CacheShare(number, of: count), size: 32,
      shardLength: 4)
  }

  private var files: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
  }

  @Test("holds what one file does, and is opened again")
  func contents() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let index = try index()
    let whole = try ImageCache(
      for: index, root: PhantomFixture.directory, at: folder.appending(path: "whole"), size: 32)
    let several = try open(index)
    #expect(files == ["images-32.2.cache", "images-32.3.cache", "images-32.cache", "whole"])
    #expect(several.count == whole.count && several.wasBuilt && several.digest == whole.digest)
    for position in 0..<whole.count {
      #expect(several.imageBytes(position) == whole.imageBytes(position))
      #expect(several.maskBytes(position) == whole.maskBytes(position))
    }
    #expect(try !open(index).wasBuilt)
  }

  @Test("each of several processes builds its own files, and all open the same")
  func together() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let index = try index()
    #expect(try prepare(index, 1, of: 2))
    #expect(files == ["images-32.2.cache"])
    #expect(try prepare(index, 0, of: 2))
    #expect(try !prepare(index, 0, of: 1), "somebody has built all of them")
    let cache = try open(index, checksPixels: false)
    let digest = try open(index).digest
    #expect(!cache.wasBuilt && cache.digest == digest)
  }

  @Test(
    "damage costs one file; a rank that trusts the others still finds a file that is missing or cut short")
  func damage() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let index = try index()
    let digest = try open(index).digest
    let second = folder.appending(path: "images-32.2.cache")
    let third = folder.appending(path: "images-32.3.cache")
    let untouched = try FileManager.default.attributesOfItem(atPath: third.path)[.systemFileNumber] as? Int
    var bytes = try Data(contentsOf: second)
    bytes[4096] ^= 1
    try bytes.write(to: second, options: .atomic)
    #expect(try prepare(index, 1, of: 3))
    #expect(try !open(index).wasBuilt)
    bytes.removeLast(100)
    try bytes.write(to: second, options: .atomic)
    let cache = try open(index, checksPixels: false)
    #expect(cache.wasBuilt && cache.digest == digest)
    try FileManager.default.removeItem(at: file)
    #expect(try open(index, checksPixels: false).wasBuilt)
    #expect(
      try FileManager.default.attributesOfItem(atPath: third.path)[.systemFileNumber] as? Int == untouched)
  }

  @Test("a file of another number of images is another file")
  func lengths() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let index = try index()
    let digest = try open(index).digest
    let whole = try ImageCache(for: index, root: PhantomFixture.directory, at: file, size: 32)
    #expect(whole.wasBuilt && whole.digest == digest)
    let again = try open(index)
    #expect(again.wasBuilt && again.digest == digest)
  }

  @Test("problems of every file are told, by the place of their image")
  func failures() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let root = try PhantomFixture.copy()
    defer { try? FileManager.default.removeItem(at: root.deletingLastPathComponent()) }
    var index = try ArchiveIndex(scanning: root)
    for position in [1, 10] {
      let image = root.appending(path: index.images[position].path)
      let bytes = try Data(contentsOf: image)
      try bytes.prefix(bytes.count * 2 / 3).write(to: image)
    }
    index = try ArchiveIndex(scanning: root)
    let cache = try ImageCache(for: index, root: root, at: file, size: 32, shardLength: 4)
    #expect(cache.failures.map(\.path) == [1, 10].map { index.images[$0].path })
    #expect((0..<cache.count).filter { !cache.hasImage($0) } == [1, 10])
  }
}
