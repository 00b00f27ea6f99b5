import Files

extension ArchiveIndex {
  static func digest(of images: [ArchiveImage]) -> String {
    var digest = ContentDigest.Running()
    for image in images.sorted(by: { ($0.path, $0.sopInstanceUID) < ($1.path, $1.sopInstanceUID) }) {
      var fields =
        [
          image.path, image.sopInstanceUID, String(image.fileSize), image.finding?.rawValue ?? "",
          image.split?.rawValue ?? "",
        ] + image.masks
      // What an archive by itself hasn't.
      if image.source != image.folder { fields.append("source \(image.source)") }
      if let kin = image.kin { fields.append("kin \(kin)") }
      digest.add(fields.joined(separator: "\t") + "\n")
    }
    return digest.finished().description
  }

  static func pixelDigest(of images: [ArchiveImage], records: [FileRecord]) -> String {
    let known = Dictionary(records.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    var digest = ContentDigest.Running()
    for image in images {
      for path in [image.path] + image.masks {
        guard let record = known[path] else { continue }
        digest.add("\(path)\t\(record.size)\t\(record.modified)\t")
      }
      digest.add("\n")
    }
    return digest.finished().description
  }
}
