import FoundationEssentials

/// The files of one cache: opened, or built first.
struct CacheFiles {
  let shards: CacheShards
  private let index: ArchiveIndex
  private let root: URL
  private let size, threads: Int
  private let masks: Bool

  init(
    _ index: ArchiveIndex, _ root: URL, _ file: URL, _ size: Int, _ threads: Int?, _ masks: Bool,
    _ shardLength: Int?
  ) {
    (self.index, self.root, self.size, self.masks) = (index, root, size, masks)
    self.threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
    shards = CacheShards(
      file: file, key: ImageCache.key(index, size: size, masks: masks), images: index.images.count,
      length: shardLength ?? CacheShards.defaultLength)
  }

  /// - Parameter progress: called with images done and images of all files, only when building.
  func opened(_ shard: Int, checksPixels: Bool, progress: (Int, Int) -> Void) throws(ImageCacheError)
    -> (part: CacheReader.Opened, isNew: Bool)
  {
    if let part = shards.open(shard, checksPixels: checksPixels, threads: threads) { return (part, false) }
    let (url, range) = (shards.url(shard), shards.range(shard))
    let builder = CacheBuilder(
      index: index, range: range, root: root, size: size, masks: masks, key: shards.key(shard),
      threads: threads)
    try builder.build(at: url) { done, _ in progress(range.lowerBound + done, index.images.count) }
    guard let part = shards.open(shard, checksPixels: true, threads: threads) else {
      throw .damagedWhileWriting(path: url.path)
    }
    return (part, true)
  }
}
