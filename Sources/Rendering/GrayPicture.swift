/// A finished 8-bit grey picture.
public struct GrayPicture: Sendable, Equatable {
  public let width: Int
  public let height: Int
  /// 0 black to 255 white, row-major; width x height.
  public let pixels: [UInt8]

  /// - Precondition: `pixels` holds width x height bytes.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0 && pixels.count == width * height)
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Brightness values 0...1, row-major, in 256 steps.
  public init(width: Int, height: Int, values: [Float]) {
    self.init(width: width, height: height, pixels: values.map { UInt8(min(max($0, 0), 1) * 255 + 0.5) })
  }
}
