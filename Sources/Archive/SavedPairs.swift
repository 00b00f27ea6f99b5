import Files
import FoundationEssentials

/// The pictures that two archives both hold, kept so that they are compared once.
struct SavedPairs: Codable {
  /// What they depend on: both archives' pixels, and how pictures are compared.
  var key: String
  /// SOP Instance UIDs, the first archive's first.
  var pairs: [[String]]

  static func key(_ first: ArchiveIndex, _ second: ArchiveIndex) -> String {
    ContentDigest(
      of:
        "\(SamePictures.revision)\t\(ImageCache.preprocessingVersion)\t\(first.pixelDigest)\t\(second.pixelDigest)"
    ).description
  }

  /// Nil where there are none, or of other archives.
  init?(reading url: URL, key: String) {
    guard let data = try? Data(contentsOf: url),
      let saved = try? JSONDecoder().decode(SavedPairs.self, from: data),
      saved.key == key, saved.pairs.allSatisfy({ $0.count == 2 })
    else { return nil }
    self = saved
  }

  init(key: String, pairs: [[String]]) { (self.key, self.pairs) = (key, pairs) }

  func write(to url: URL) throws {
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try DurableFile.write(JSONEncoder().encode(self), to: url)
  }
}
