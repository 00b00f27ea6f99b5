import Files
import FoundationEssentials
import Radiography

public import struct Foundation.URL

/// Every radiograph of an archive as the network sees it, and its lung mask, decoded once and kept in
/// files of 8-bit squares that a later run maps into memory.
///
/// Images go the only way from a file to a tensor (`DICOMFile`, `Radiograph`, `ModelInput`); masks take the
/// geometry of their image. Positions are those of ``ArchiveIndex/images``.
public final class ImageCache: Sendable {
  /// Raised whenever the same file would give other pixels; part of the key, so that old caches are rebuilt.
  public static let preprocessingVersion = 3

  /// Side of the squares in pixels.
  public let size: Int
  /// Number of images of the index, decodable or not.
  public var count: Int { places.count }
  /// Images that can't be decoded, and masks; each is left out.
  public let failures: [ArchiveProblem]
  /// The same images as larger squares, for a classifier that looks closely at a part; nil where none does.
  public let detail: ImageCache?
  /// Whether this open had to build the file, or one of them.
  public let wasBuilt: Bool

  private let parts: [CacheReader.Opened]
  /// Where each image is: in which part, and at which place of its table.
  private let places: [(part: Int, entry: Int)]

  /// Opens the cache of an archive; builds it first when it isn't there, is damaged, or was made of other
  /// files or by another preprocessing.
  /// - Parameters:
  ///   - index: what to decode.
  ///   - root: the archive root that the paths of the index start from.
  ///   - cacheFile: where the cache lies or will lie; a file appears there only when complete, and further ones of an
  ///     archive of more than `shardLength` images beside it.
  ///   - size: side of the squares in pixels.
  ///   - threads: how many threads decode; nil takes one for each processor.
  ///   - masks: whether the lung masks are kept too.
  ///   - detail: what ``detail`` shall be, of the same index.
  ///   - checksPixels: whether every pixel is compared with its digest, or the tables alone, after somebody else has
  ///     checked: see ``prepare(for:root:at:share:size:threads:masks:shardLength:progress:)``.
  ///   - progress: called on the calling thread with images done and images in all, only when building.
  /// - Throws: ``ImageCacheError`` when the file can't be written.
  public init(
    for index: ArchiveIndex, root: URL, at cacheFile: URL, size: Int = 256, threads: Int? = nil,
    masks: Bool = true, detail: ImageCache? = nil, checksPixels: Bool = true,
    shardLength: Int? = nil, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(ImageCacheError) {
    precondition(detail.map { $0.count == index.images.count } ?? true)
    let files = CacheFiles(index, root, cacheFile, size, threads, masks, shardLength)
    var wasBuilt = false
    var parts: [CacheReader.Opened] = []
    for shard in 0..<files.shards.count {
      let (part, isNew) = try files.opened(shard, checksPixels: checksPixels, progress: progress)
      parts.append(part)
      wasBuilt = wasBuilt || isNew
    }
    self.parts = parts
    self.wasBuilt = wasBuilt
    places = parts.enumerated().flatMap { number, part in part.directory.entries.indices.map { (number, $0) }
    }
    failures = parts.flatMap(\.directory.failures)
    self.size = size
    self.detail = detail
  }

  /// Checks, and builds where that is necessary, one process's share of the files; when all have done so, each opens
  /// the whole without looking at every pixel again.
  /// - Returns: whether one had to be built.
  /// - Throws: ``ImageCacheError`` when a file can't be written.
  public static func prepare(
    for index: ArchiveIndex, root: URL, at cacheFile: URL, share: CacheShare, size: Int = 256,
    threads: Int? = nil, masks: Bool = true, shardLength: Int? = nil,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws(ImageCacheError) -> Bool {
    let files = CacheFiles(index, root, cacheFile, size, threads, masks, shardLength)
    var wasBuilt = false
    for shard in stride(from: share.index, to: files.shards.count, by: share.count) {
      if try files.opened(shard, checksPixels: true, progress: progress).isNew { wasBuilt = true }
    }
    return wasBuilt
  }

  /// SHA-256 over the pixels of every image and mask.
  public var digest: String {
    var digest = ContentDigest.Running()
    for position in 0..<count {
      digest.add(entry(position).imageDigest)
      digest.add(entry(position).maskDigest)
    }
    if let detail { digest.add(detail.digest) }
    return digest.finished().description
  }

  /// The caches of a set's members as one, by the positions of its index.
  /// - Parameter caches: one for each member, in their order, all of one size.
  public init(_ caches: [ImageCache], of set: ArchiveSet) {
    precondition(caches.count == set.members.count && Set(caches.map(\.size)).count == 1)
    size = caches[0].size
    wasBuilt = caches.contains(where: \.wasBuilt)
    var first: [Int] = []
    var parts: [CacheReader.Opened] = []
    for cache in caches {
      first.append(parts.count)
      parts += cache.parts
    }
    self.parts = parts
    let details = caches.compactMap(\.detail)
    detail = details.count == caches.count ? ImageCache(details, of: set) : nil
    places = set.places.map { place in
      let inside = caches[place.member].places[place.position]
      return (first[place.member] + inside.part, inside.entry)
    }
    failures =
      caches.count == 1
      ? caches[0].failures
      : zip(set.members, caches).flatMap { member, cache in cache.failures.map { $0.inside(member.name) } }
  }

  static func key(_ index: ArchiveIndex, size: Int, masks: Bool = true) -> [UInt8] {
    let kept = masks ? "" : "\timages alone"
    return ContentDigest(of: "\(index.pixelDigest)\t\(size)\t\(preprocessingVersion)\(kept)").bytes
  }

  /// Whether the image could be decoded.
  public func hasImage(_ position: Int) -> Bool { entry(position).image != nil }

  /// Whether there is a lung mask for the image.
  public func hasMask(_ position: Int) -> Bool { entry(position).mask != nil }

  private func entry(_ position: Int) -> CacheFormat.Entry {
    parts[places[position].part].directory.entries[places[position].entry]
  }

  /// SHA-256 of the image as stored; nil where it couldn't be decoded.
  func imageDigest(_ position: Int) -> [UInt8]? {
    let entry = entry(position)
    return entry.image == nil ? nil : entry.imageDigest
  }

  /// SHA-256 of the lung mask as stored; nil where there's none.
  func maskDigest(_ position: Int) -> [UInt8]? {
    let entry = entry(position)
    return entry.mask == nil ? nil : entry.maskDigest
  }

  /// The image, size x size row by row, 0 black ... 1 white.
  /// - Precondition: ``hasImage(_:)``.
  public func image(_ position: Int) -> [Float] { Self.floats(imageBytes(position)) }

  /// The image as stored, size x size row by row, 0 black ... 255 white.
  /// - Precondition: ``hasImage(_:)``.
  public func imageBytes(_ position: Int) -> [UInt8] {
    guard let offset = entry(position).image else {
      preconditionFailure("image \(position) couldn't be decoded; ask hasImage first")
    }
    return bytes(of: position, at: offset)
  }

  /// A part of the image as a network of input side `size` reads it by itself: see `SquareView`. Cut from the squares
  /// of ``detail`` where there are some, else from these.
  /// - Parameter box: its pixels on a square of a given side.
  /// - Precondition: ``hasImage(_:)``.
  public func part(
    _ position: Int, size: Int,
    box: (_ side: Int) -> (row: Int, column: Int, rows: Int, columns: Int)
  ) -> [Float] {
    let squares = detail ?? self
    let part = box(squares.size)
    return SquareView.values(
      of: squares.image(position), side: squares.size,
      box: PixelBox(row: part.row, column: part.column, rows: part.rows, columns: part.columns), size: size)
  }

  /// How much of each pixel is lung, size x size row by row, 0...1; nil without a lung mask.
  public func mask(_ position: Int) -> [Float]? { maskBytes(position).map(Self.floats) }

  /// How much of each pixel is lung, 0...255; nil without a lung mask.
  public func maskBytes(_ position: Int) -> [UInt8]? {
    entry(position).mask.map { bytes(of: position, at: $0) }
  }

  private func bytes(of position: Int, at offset: Int) -> [UInt8] {
    let start = CacheFormat.headerBytes + offset
    return Array(parts[places[position].part].data[start..<(start + size * size)])
  }

  private static func floats(_ bytes: [UInt8]) -> [Float] { bytes.map { Float($0) * (1 / 255) } }
}

/// Why a cache can't be built.
public enum ImageCacheError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file, or its folder, can't be written.
  case cannotWrite(path: String, reason: String)
  /// What was written doesn't read back; the disk is full or broken.
  case damagedWhileWriting(path: String)

  public var description: String {
    switch self {
    case .cannotWrite(let path, let reason): "\(path): cache can't be written: \(reason)"
    case .damagedWhileWriting(let path): "\(path): cache doesn't read back as written; check the disk"
    }
  }

  /// Whether trying again without a change by the user may help.
  public var isRetryable: Bool { false }
}
