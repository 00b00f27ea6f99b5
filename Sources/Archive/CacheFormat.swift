import Files
import FoundationEssentials

/// Layout of the cache file, little endian throughout:
///
/// | bytes | what |
/// |---|---|
/// | 8 | "MMCACHE2" |
/// | 4, 4, 4 | size of a square's side, number of images, bytes of the failure list |
/// | 8 | bytes of pixels |
/// | 32 | key: SHA-256 of what the pixels depend on |
/// | 32 | SHA-256 of the table and the failure list |
/// | to 4096 | zero |
/// | | images and masks, size x size bytes each |
/// | 80 per image | table: offset of the image, offset of the mask (each + 1, 0 for none), SHA-256 of each |
/// | | failures as JSON |
enum CacheFormat {
  static let magic = Array("MMCACHE2".utf8)
  /// Where the pixels begin.
  static let headerBytes = 4096
  static let entryBytes = 80

  struct Entry: Sendable, Equatable {
    /// Where it begins, counted from the first pixel; nil where the image couldn't be decoded.
    var image: Int?
    var mask: Int?
    /// Of the pixels; zeros where there are none.
    var imageDigest = [UInt8](repeating: 0, count: 32)
    var maskDigest = [UInt8](repeating: 0, count: 32)
  }

  /// All that isn't pixels.
  struct Directory: Sendable, Equatable {
    var size: Int
    var key: [UInt8]
    var entries: [Entry] = []
    var failures: [ArchiveProblem] = []

    /// Images and masks there are, one block of size x size bytes each.
    var blocks: Int { entries.reduce(0) { $0 + ($1.image == nil ? 0 : 1) + ($1.mask == nil ? 0 : 1) } }

    /// The header and what follows the pixels.
    func encoded() throws -> (header: Data, trailer: Data) {
      var trailer = Data(capacity: entries.count * entryBytes)
      for entry in entries {
        append(UInt64((entry.image ?? -1) + 1), to: &trailer)
        append(UInt64((entry.mask ?? -1) + 1), to: &trailer)
        trailer.append(contentsOf: entry.imageDigest + entry.maskDigest)
      }
      let list = try JSONEncoder().encode(failures)
      trailer.append(list)
      var header = Data(magic)
      for value in [size, entries.count, list.count] { append(UInt32(value), to: &header) }
      append(UInt64(blocks * size * size), to: &header)
      header.append(contentsOf: key)
      header.append(contentsOf: ContentDigest(of: trailer).bytes)
      header.append(Data(count: headerBytes - header.count))
      return (header, trailer)
    }

    /// Reads a whole file; nil when its bytes aren't a cache, are damaged or are too few.
    init?(_ data: Data) {
      guard data.count >= headerBytes, data.prefix(8).elementsEqual(magic) else { return nil }
      size = Int(integer(data, 8, 4))
      let count = Int(integer(data, 12, 4))
      let listBytes = Int(integer(data, 16, 4))
      let pixelBytes = Int(clamping: integer(data, 20, 8))
      key = Array(data[28..<60])
      let (table, overflows) = headerBytes.addingReportingOverflow(pixelBytes)
      let list = count * entryBytes
      guard !overflows, table <= data.count, data.count - table == list + listBytes,
        data[60..<92].elementsEqual(ContentDigest(of: data[table...]).bytes)
      else { return nil }
      entries = (0..<count).map { index in
        let start = table + index * entryBytes
        return Entry(
          image: offset(integer(data, start, 8)), mask: offset(integer(data, start + 8, 8)),
          imageDigest: Array(data[start + 16..<start + 48]), maskDigest: Array(data[start + 48..<start + 80]))
      }
      guard let failures = try? JSONDecoder().decode([ArchiveProblem].self, from: data[(table + list)...])
      else { return nil }
      self.failures = failures
      guard pixelBytes == blocks * size * size else { return nil }
    }

    init(size: Int, key: [UInt8]) {
      self.size = size
      self.key = key
    }
  }

  private static func offset(_ stored: UInt64) -> Int? { stored == 0 ? nil : Int(clamping: stored - 1) }

  private static func append(_ value: some FixedWidthInteger, to data: inout Data) {
    for shift in stride(from: 0, to: value.bitWidth, by: 8) {
      data.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  private static func integer(_ data: Data, _ start: Int, _ bytes: Int) -> UInt64 {
    (0..<bytes).reduce(0) { $0 | UInt64(data[start + $1]) << UInt64(8 * $1) }
  }
}
