import Files
import FoundationEssentials
import Synchronization
import Tensors

/// Opens a cache file and makes sure that it's whole and the right one.
enum CacheReader {
  /// A cache file: its table, and all of it, mapped.
  typealias Opened = (directory: CacheFormat.Directory, data: Data)

  /// - Parameter checksPixels: whether the pixels are compared with the table's digests, which reads all of them.
  /// - Returns: nil when there's no such file, or it's damaged, truncated, or of another key.
  static func open(_ url: URL, key: [UInt8], count: Int, checksPixels: Bool, threads: Int) -> Opened? {
    guard let data = try? Data(contentsOf: url, options: .alwaysMapped),
      let directory = CacheFormat.Directory(data),
      directory.key == key, directory.entries.count == count
    else { return nil }
    guard checksPixels else { return (directory, data) }
    let block = directory.size * directory.size
    let isWhole = Mutex(true)
    _ = concurrentMap(0..<count, threads: threads) { index in
      if !isIntact(directory.entries[index], data, block: block) {
        isWhole.withLock { $0 = false }
      }
    }
    return isWhole.withLock { $0 } ? (directory, data) : nil
  }

  private static func isIntact(
    _ entry: CacheFormat.Entry, _ data: Data, block: Int
  ) -> Bool {
    func matches(_ offset: Int?, _ digest: [UInt8]) -> Bool {
      guard let offset else { return true }
      let (start, overflows) = CacheFormat.headerBytes.addingReportingOverflow(offset)
      guard !overflows, start <= data.count - block else { return false }
      return ContentDigest(of: data[start..<(start + block)]).bytes == digest
    }
    return matches(entry.image, entry.imageDigest) && matches(entry.mask, entry.maskDigest)
  }
}
