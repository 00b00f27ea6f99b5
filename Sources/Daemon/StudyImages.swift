package import Analysis
import Files

/// A file of which it is known which image it is.
package struct IdentifiedFile: Sendable {
  package let file: InboxFile
  /// Empty when the header couldn't be read.
  package var identity = ImageIdentity()
  /// SHA-256 of its content, hexadecimal; nil when it isn't known.
  package var digest: String?

  package init(file: InboxFile, identity: ImageIdentity = ImageIdentity(), digest: String? = nil) {
    self.file = file
    self.identity = identity
    self.digest = digest
  }
}

/// The images among the files of a study that are analysed together. Pure.
///
/// In the order of the files' paths, whatever order they came in:
/// - Files with the same bytes are one image: it is analysed once, has one result and one row, and all its files go
///   where the first goes.
/// - Files with the same SOP Instance UID and other bytes are an image each. No two instances may share a UID
///   (PS3.5 section 9) and nobody here can tell which is right: each is analysed and has its row; the first by path
///   has the plain name, the second `UID-2`, the third `UID-3` ..., and their rows are marked
///   `duplicate_sop_instance_uid`.
package struct StudyImages: Sendable {
  package struct Image: Sendable {
    package let source: IdentifiedFile
    /// Other files with the same bytes.
    package var twins: [InboxFile] = []
    /// 2 for the second image with the same SOP Instance UID, 3 for the third ...
    package let copy: Int
  }

  package private(set) var images: [Image] = []

  package init(_ files: [IdentifiedFile]) {
    var copies: [String: Int] = [:]
    var positions: [String: Int] = [:]
    let sorted = files.map { (path: $0.file.path.text, file: $0) }.sorted { $0.path < $1.path }
    for (_, file) in sorted {
      let uid = file.identity.sopInstanceUID
      // Files that no UID names are no images: each is told of by its own name.
      if let digest = file.digest, !uid.isEmpty {
        if let position = positions[digest] {
          images[position].twins.append(file.file)
          continue
        }
        positions[digest] = images.count
      }
      copies[uid, default: 0] += 1
      images.append(Image(source: file, copy: copies[uid] ?? 1))
    }
  }
}
