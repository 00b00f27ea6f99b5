/// A finished colour picture.
public struct RGBPicture: Sendable, Equatable {
  public let width: Int
  public let height: Int
  /// Red, green, blue interleaved, row-major; 3 x width x height.
  public let pixels: [UInt8]

  /// - Precondition: `pixels` holds 3 x width x height bytes.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0 && pixels.count == 3 * width * height)
    self.width = width
    self.height = height
    self.pixels = pixels
  }
}
