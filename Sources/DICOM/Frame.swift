/// One decoded frame: stored values before any LUT, sign-extended and masked to Bits Stored (PS3.5 section 8.1.1),
/// so that overlay bits are gone.
public struct Frame: Sendable, Equatable {
  public let rows: Int
  public let columns: Int
  public let samplesPerPixel: Int
  public let bitsAllocated: Int
  public let bitsStored: Int
  public let isSigned: Bool
  /// Of the decoded pixels: a JPEG image stored as YBR comes back as RGB and says so.
  public let photometricInterpretation: String
  /// Row-major, colour interleaved; rows x columns x samplesPerPixel. One-bit frames hold 0 and 1.
  public let pixels: [Int32]

  public init(
    rows: Int, columns: Int, samplesPerPixel: Int, bitsAllocated: Int, bitsStored: Int, isSigned: Bool,
    photometricInterpretation: String, pixels: [Int32]
  ) {
    precondition(pixels.count == rows * columns * samplesPerPixel)
    self.rows = rows
    self.columns = columns
    self.samplesPerPixel = samplesPerPixel
    self.bitsAllocated = bitsAllocated
    self.bitsStored = bitsStored
    self.isSigned = isSigned
    self.photometricInterpretation = photometricInterpretation
    self.pixels = pixels
  }
}
