import Files
import FoundationEssentials

/// How the cache of an archive is cut into files, each of so many images in the index's order: several processes build
/// it together, one that was cut off goes on where it was, and damage costs no more than a file.
struct CacheShards {
  /// Images of a file: at 256 pixels with masks 134 MB, a minute's work of a processor.
  static let defaultLength = 1024

  /// The first one; the others have a number in their name.
  let file: URL
  let key: [UInt8]
  let images: Int
  let length: Int

  var count: Int { max(1, (images + length - 1) / length) }

  /// The positions of a shard's images.
  func range(_ shard: Int) -> Range<Int> { shard * length..<min((shard + 1) * length, images) }

  func url(_ shard: Int) -> URL {
    guard shard > 0 else { return file }
    let (name, ending) = (file.deletingPathExtension().lastPathComponent, file.pathExtension)
    return file.deletingLastPathComponent()
      .appending(path: "\(name).\(shard + 1)" + (ending.isEmpty ? "" : ".\(ending)"))
  }

  /// What a shard's pixels depend on.
  func key(_ shard: Int) -> [UInt8] {
    guard count > 1 else { return key }
    return ContentDigest(of: Data(key) + Data("\t\(range(shard).lowerBound)\t\(range(shard).count)".utf8))
      .bytes
  }

  /// Opens a shard that is there and right.
  /// - Parameter checksPixels: whether every pixel is looked at, or the table alone.
  func open(_ shard: Int, checksPixels: Bool, threads: Int) -> CacheReader.Opened? {
    CacheReader.open(
      url(shard), key: key(shard), count: range(shard).count, checksPixels: checksPixels, threads: threads)
  }
}

/// Which part of a cache's files is checked and built by one of several processes that share a folder.
public struct CacheShare: Sendable, Equatable {
  public let index, count: Int

  public init(_ index: Int, of count: Int) {
    precondition((0..<count).contains(index))
    (self.index, self.count) = (index, count)
  }
}
