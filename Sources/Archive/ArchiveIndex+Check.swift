import FoundationEssentials
import Tensors

public import struct Foundation.URL

extension ArchiveIndex {
  /// Decodes the pixels of every image and mask, which indexing leaves alone: finds files that are cut short or damaged
  /// behind a sound header.
  /// - Parameters:
  ///   - root: the archive root that the paths of the index start from.
  ///   - threads: how many threads decode; nil takes one for each processor.
  ///   - progress: called on the calling thread with images done and images in all.
  /// - Returns: one problem for each file that can't be decoded, or whose mask doesn't fit; sorted by path.
  public func undecodable(
    root: URL, threads: Int? = nil, progress: (Int, Int) -> Void = { _, _ in }
  ) -> [ArchiveProblem] {
    // What is checked is that there are pixels, so the squares may be small.
    let decoder = CachedImageDecoder(root: root, size: 64)
    var problems: [ArchiveProblem] = []
    progress(0, images.count)
    concurrentMap(
      count: images.count, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, chunk: 64,
      transform: { decoder.decode(images[$0]).problems },
      chunkDone: { range, found in
        problems += found.flatMap(\.self)
        progress(range.upperBound, images.count)
      })
    return problems.sorted { $0.path < $1.path }
  }

  /// Notes problems that were found later.
  public mutating func add(_ problems: [ArchiveProblem]) { self.problems += problems }
}
