import Files
import FoundationEssentials

public import struct Foundation.URL

/// Every radiograph of an archive as the network sees it, and its lung mask, decoded once and kept in one
/// file of 8-bit squares that a later run maps into memory.
///
/// Images go the only way from a file to a tensor (`DICOMFile`, `Radiograph`, `ModelInput`); masks take the
/// geometry of their image. Positions are those of ``ArchiveIndex/images``.
public final class ImageCache: Sendable {
  /// Raised whenever the same file would give other pixels; part of the key, so that old caches are rebuilt.
  public static let preprocessingVersion = 3

  /// Side of the squares in pixels.
  public let size: Int
  /// Number of images of the index, decodable or not.
  public var count: Int { directory.entries.count }
  /// Images that can't be decoded, and masks; each is left out.
  public var failures: [ArchiveProblem] { directory.failures }
  /// Whether this open had to build the file.
  public let wasBuilt: Bool

  private let directory: CacheFormat.Directory
  /// The whole file, mapped.
  private let data: Data

  /// Opens the cache of an archive; builds it first when it isn't there, is damaged, or was made of other
  /// files or by another preprocessing.
  /// - Parameters:
  ///   - index: what to decode.
  ///   - root: the archive root that the paths of the index start from.
  ///   - cacheFile: where the cache lies or will lie; it appears there only when complete.
  ///   - size: side of the squares in pixels.
  ///   - threads: how many threads decode; nil takes one for each processor.
  ///   - progress: called on the calling thread with images done and images in all, only when building.
  /// - Throws: ``ImageCacheError`` when the file can't be written.
  public init(
    for index: ArchiveIndex, root: URL, at cacheFile: URL, size: Int = 256, threads: Int? = nil,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws(ImageCacheError) {
    let key = Self.key(index, size: size)
    let threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
    if let opened = CacheReader.open(cacheFile, key: key, count: index.images.count, threads: threads) {
      (directory, data) = opened
      wasBuilt = false
    } else {
      let builder = CacheBuilder(index: index, root: root, size: size, key: key, threads: threads)
      try builder.build(at: cacheFile, progress: progress)
      guard let built = CacheReader.open(cacheFile, key: key, count: index.images.count, threads: threads)
      else { throw .damagedWhileWriting(path: cacheFile.path) }
      (directory, data) = built
      wasBuilt = true
    }
    self.size = size
  }

  static func key(_ index: ArchiveIndex, size: Int) -> [UInt8] {
    ContentDigest(of: "\(index.pixelDigest)\t\(size)\t\(preprocessingVersion)").bytes
  }

  /// Whether the image could be decoded.
  public func hasImage(_ position: Int) -> Bool { directory.entries[position].image != nil }

  /// Whether there is a lung mask for the image.
  public func hasMask(_ position: Int) -> Bool { directory.entries[position].mask != nil }

  /// The image, size x size row by row, 0 black ... 1 white.
  /// - Precondition: ``hasImage(_:)``.
  public func image(_ position: Int) -> [Float] { Self.floats(imageBytes(position)) }

  /// The image as stored, size x size row by row, 0 black ... 255 white.
  /// - Precondition: ``hasImage(_:)``.
  public func imageBytes(_ position: Int) -> [UInt8] {
    guard let offset = directory.entries[position].image else {
      preconditionFailure("image \(position) couldn't be decoded; ask hasImage first")
    }
    return bytes(at: offset)
  }

  /// How much of each pixel is lung, size x size row by row, 0...1; nil without a lung mask.
  public func mask(_ position: Int) -> [Float]? { maskBytes(position).map(Self.floats) }

  /// How much of each pixel is lung, 0...255; nil without a lung mask.
  public func maskBytes(_ position: Int) -> [UInt8]? {
    directory.entries[position].mask.map(bytes(at:))
  }

  private func bytes(at offset: Int) -> [UInt8] {
    let start = CacheFormat.headerBytes + offset
    return Array(data[start..<(start + size * size)])
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
