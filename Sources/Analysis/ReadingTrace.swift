package import Files

/// The digests that lead from a file to what the network saw, and what decides where its results go. With those of the weights (the row's `model_sha256`) and of
/// the results they are the chain that `mmdicom explain` shows.
package struct ReadingTrace: Sendable, Hashable, Codable {
  /// Of the bytes that were read; nil where they couldn't be.
  package var content: ContentDigest?
  /// Of the decoded picture (`PictureDigest`); nil where it wasn't needed or couldn't be decoded.
  package var pixels: ContentDigest?
  /// Of the network's input: 32-bit floating-point values, little endian, row-major.
  package var tensor: ContentDigest?
  /// Of the picture that stood under the UID before, where it had to be decoded to be compared.
  package var standingPixels: ContentDigest?
  /// What of the file decides where its results go.
  package var traits = SourceTraits()
  /// How others refer to the objects that were written of it, each of another kind.
  package var objects: [ReplacedResult] = []
  /// What it held, where it is an archive; in the output folder.
  package var members: [ArchiveMember] = []

  package init(
    content: ContentDigest? = nil, pixels: ContentDigest? = nil, tensor: ContentDigest? = nil,
    standingPixels: ContentDigest? = nil
  ) {
    self.content = content
    self.pixels = pixels
    self.tensor = tensor
    self.standingPixels = standingPixels
  }
}
