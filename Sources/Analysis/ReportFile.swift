public import Files
public import FoundationEssentials
import Glibc

/// `report.csv`: append-only, so that a reader may look at it at any time.
///
/// A record is written by one `write` and made durable by `fsync`. A crash can still leave half a record at
/// the end; ``init(at:)`` cuts such a tail off before the next record goes in.
public final class ReportFile {
  /// The file.
  public let url: URL
  private let descriptor: Int32
  /// Length in bytes of the complete records.
  public private(set) var length: Int

  /// Opens the report, or creates it with its header.
  /// One of an earlier version, which had no column for notes, is written anew first.
  /// - Throws: ``WriteFailure`` when it can't be written, or when the file there has another header.
  public convenience init(at url: URL) throws(WriteFailure) {
    let found = try Self.look(url)
    try self.init(at: url, found)
  }

  /// The same where it was looked at: what is no report is nil.
  package convenience init?(ifReportAt url: URL) throws(WriteFailure) {
    let found = try Self.look(url)
    guard found != .other else { return nil }
    try self.init(at: url, found)
  }

  private init(at url: URL, _ found: Found) throws(WriteFailure) {
    if found == .earlierReport { try Self.bringUpToDate(url) }
    let creation = found == .other ? 0 : O_CREAT
    descriptor = unsafe open(url.path, O_RDWR | creation | O_CLOEXEC, 0o640)
    self.url = url
    length = 0
    guard descriptor >= 0 else { throw WriteFailure(path: url.path, action: "open", code: errno) }
    // What was put there meanwhile isn't cut either.
    guard found != .other, try Self.look(into: descriptor, of: url) == .report else {
      throw WriteFailure(path: url.path, message: "exists and isn't a report of this program")
    }
    let end = Int(lseek(descriptor, 0, SEEK_END))
    length = try endOfLastRecord(fileLength: end)
    if length < end { try truncate(to: length) }
    if length == 0 { try append(text: ReportCSV.header) }
  }

  deinit { close(descriptor) }

  private static func bringUpToDate(_ url: URL) throws(WriteFailure) {
    guard let bytes = FileManager.default.contents(atPath: url.path) else {
      throw WriteFailure(path: url.path, message: "can't be read")
    }
    let lines = bytes.dropFirst(ReportCSV.earlierHeader.utf8.count).split(separator: UInt8(ascii: "\n"))
      .filter { $0.last == UInt8(ascii: "\r") }
    let records = lines.map { ReportCSV.upToDate(String(decoding: $0, as: UTF8.self) + "\n") }
    try DurableFile.write(ReportCSV.header + records.joined(), to: url)
  }

  /// Appends one row and waits until it is on the disk.
  public func append(_ row: ReportRow) throws(WriteFailure) {
    try append(text: ReportCSV.record(row))
  }

  /// Appends records, each with its line end, and waits until they are on the disk.
  package func append(_ records: String) throws(WriteFailure) {
    if !records.isEmpty { try append(text: records) }
  }

  /// The records from byte `offset` on, each with its line end.
  package func records(from offset: Int) throws(WriteFailure) -> [String] {
    let bytes = try read(from: offset, count: max(0, length - offset))
    return bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) + "\n" }
  }

  private func append(text: String) throws(WriteFailure) {
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes[written...].withUnsafeBytes { buffer in
        unsafe pwrite(descriptor, buffer.baseAddress!, buffer.count, off_t(length + written))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        let code = errno
        _ = ftruncate(descriptor, off_t(length))
        throw WriteFailure(path: url.path, action: "write", code: code)
      }
      written += count
    }
    guard fsync(descriptor) == 0 else { throw WriteFailure(path: url.path, action: "sync", code: errno) }
    length += bytes.count
  }

  private func truncate(to end: Int) throws(WriteFailure) {
    guard ftruncate(descriptor, off_t(end)) == 0 else {
      throw WriteFailure(path: url.path, action: "truncate", code: errno)
    }
    length = end
  }

  /// Where the last complete record ends: behind the last LF, since no record holds one (``ReportCSV``).
  private func endOfLastRecord(fileLength: Int) throws(WriteFailure) -> Int {
    var end = fileLength
    while end > 0 {
      let count = min(end, 4096)
      let block = try read(from: end - count, count: count)
      if let index = block.lastIndex(of: UInt8(ascii: "\n")) { return end - count + index + 1 }
      end -= count
    }
    return 0
  }

  private func read(from offset: Int, count: Int) throws(WriteFailure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let got = unsafe bytes[done...].withUnsafeMutableBytes { buffer in
        unsafe pread(descriptor, buffer.baseAddress!, buffer.count, off_t(offset + done))
      }
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else { throw WriteFailure(path: url.path, action: "read", code: errno) }
      if got == 0 { break }
      done += got
    }
    return Array(bytes[..<done])
  }
}
