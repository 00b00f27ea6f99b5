import Crypto
import FoundationEssentials

extension ArchiveIndex {
  static func digest(of images: [ArchiveImage]) -> String {
    var hash = SHA256()
    for image in images.sorted(by: { $0.path < $1.path }) {
      let fields =
        [
          image.path, image.sopInstanceUID, String(image.fileSize), image.finding?.rawValue ?? "",
          image.split?.rawValue ?? "",
        ] + image.masks
      hash.update(data: Data((fields.joined(separator: "\t") + "\n").utf8))
    }
    return hexadecimal(hash.finalize())
  }

  static func pixelDigest(of images: [ArchiveImage], records: [FileRecord]) -> String {
    let known = Dictionary(records.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    var hash = SHA256()
    for image in images {
      for path in [image.path] + image.masks {
        guard let record = known[path] else { continue }
        hash.update(data: Data("\(path)\t\(record.size)\t\(record.modified)\t".utf8))
      }
      hash.update(data: Data("\n".utf8))
    }
    return hexadecimal(hash.finalize())
  }

  static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}
