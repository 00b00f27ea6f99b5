import Files
import FoundationEssentials
import Tensors

/// Decodes images and masks of an index and writes a cache file.
struct CacheBuilder {
  let index: ArchiveIndex
  /// The positions of the images that the file is for.
  let range: Range<Int>
  let root: URL
  let size: Int
  /// Whether lung masks are kept too.
  let masks: Bool
  let key: [UInt8]
  let threads: Int

  /// Writes under a temporary name, makes sure it's on the disk, renames.
  func build(at cacheFile: URL, progress: (Int, Int) -> Void) throws(ImageCacheError) {
    let folder = cacheFile.deletingLastPathComponent()
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch { throw .cannotWrite(path: folder.path, reason: "its folder can't be made") }
    do throws(WriteFailure) {
      let file = try DurableFile(replacing: cacheFile)
      try write(to: file, progress: progress)
      try file.commit()
    } catch { throw .cannotWrite(path: error.path, reason: error.reason) }
  }

  private func write(to file: borrowing DurableFile, progress: (Int, Int) -> Void) throws(WriteFailure) {
    let decoder = CachedImageDecoder(root: root, size: size, masks: masks)
    let images = index.images[range]
    var directory = CacheFormat.Directory(size: size, key: key)
    var offset = 0
    // The header can be written only when all is known.
    try file.append(Data(count: CacheFormat.headerBytes))
    progress(0, images.count)
    try concurrentMap(
      count: images.count, threads: threads, chunk: 64,
      transform: { decoder.decode(images[images.startIndex + $0]) },
      chunkDone: { (range: Range<Int>, decoded: [CachedImage]) throws(WriteFailure) in
        var chunk = Data(capacity: 2 * range.count * size * size)
        for image in decoded {
          var entry = CacheFormat.Entry()
          (entry.image, entry.imageDigest) = Self.place(image.image, &chunk, &offset)
          (entry.mask, entry.maskDigest) = Self.place(image.mask, &chunk, &offset)
          directory.entries.append(entry)
          directory.failures += image.problems
        }
        try file.append(chunk)
        progress(range.upperBound, images.count)
      })
    guard let (header, trailer) = try? directory.encoded() else {
      throw WriteFailure(path: file.url.path, message: "its table can't be encoded")
    }
    try file.append(trailer)
    try file.overwriteStart(with: header)
  }

  private static func place(
    _ block: [UInt8]?, _ chunk: inout Data, _ offset: inout Int
  ) -> (offset: Int?, digest: [UInt8]) {
    guard let block else { return (nil, [UInt8](repeating: 0, count: 32)) }
    defer { offset += block.count }
    chunk.append(contentsOf: block)
    return (offset, ContentDigest(of: block).bytes)
  }
}
