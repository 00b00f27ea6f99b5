import DICOM
package import Files
package import FoundationEssentials

/// A file, read and parsed once: which image it is, what its content is, and what is analysed later come from the
/// same bytes.
package struct ReadFile: Sendable {
  package let url: URL
  /// Which image it is, as far as the file tells.
  package let identity: ImageIdentity
  /// Of its content; nil where it can't be read.
  package let digest: ContentDigest?
  let content: Result<DICOMFile, DICOMReadError>

  /// - Parameter wantsDigest: Whether `digest` is asked for.
  package init(_ url: URL, wantsDigest: Bool) {
    self.url = url
    var digest: ContentDigest?
    do throws(DICOMReadError) {
      let file = try DICOMFile(reading: url) { bytes in
        if wantsDigest { digest = ContentDigest(of: bytes) }
      }
      identity = ImageIdentity(file.dataSet)
      content = .success(file)
    } catch {
      // A truncated file still tells in its header which image it was meant to be.
      identity = ImageIdentity(ofFileAt: url)
      content = .failure(error)
    }
    self.digest = digest
  }

  /// The digest of its picture; nil where it can't be decoded.
  package func pictureDigest() -> ContentDigest? {
    guard case .success(let file) = content else { return nil }
    return try? file.pictureDigest()
  }

  /// What decides where its results go.
  package var traits: SourceTraits {
    guard case .success(let file) = content else { return SourceTraits() }
    return SourceTraits(file.dataSet)
  }

  /// It was read, to its end, as the object with this SOP Instance UID.
  package func isSound(_ sopInstanceUID: String) -> Bool {
    guard case .success = content else { return false }
    return identity.sopInstanceUID == sopInstanceUID
  }
}
