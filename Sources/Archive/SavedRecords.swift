import Files
import FoundationEssentials

/// The file records of the last scan, saved beside the cache so that unchanged files aren't read again.
struct SavedRecords: Codable {
  /// Raised whenever a header would be read differently.
  static let currentFormat = 3

  var format: Int
  var records: [FileRecord]

  /// The records by path; none when there's no such file, or it is damaged or of another format: a scan
  /// then starts from nothing.
  static func records(at url: URL) -> [String: FileRecord] {
    guard let data = try? Data(contentsOf: url),
      let saved = try? JSONDecoder().decode(SavedRecords.self, from: data), saved.format == currentFormat
    else { return [:] }
    return Dictionary(saved.records.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Writes the records under a temporary name and renames.
  static func write(_ records: [FileRecord], to url: URL) throws {
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    let data = try JSONEncoder().encode(SavedRecords(format: currentFormat, records: records))
    try DurableFile.write(data, to: url)
  }
}
