import CPNG
public import DICOM
import Files
public import FoundationEssentials

/// 8-bit PNG files: made by ``PNGEncoder``, read by libpng.
public enum PNG {
  /// Writes a colour picture.
  public static func write(_ picture: RGBPicture, to url: URL) throws(PNGError) {
    try write(picture.pixels, width: picture.width, height: picture.height, isColour: true, to: url)
  }

  /// Writes a grey picture.
  public static func write(_ picture: GrayPicture, to url: URL) throws(PNGError) {
    try write(picture.pixels, width: picture.width, height: picture.height, isColour: false, to: url)
  }

  /// Reads any PNG as colour.
  public static func readRGB(_ url: URL) throws(PNGError) -> RGBPicture {
    let (width, height, pixels) = try read(url, isColour: true)
    return RGBPicture(width: width, height: height, pixels: pixels)
  }

  /// Reads any PNG as grey.
  public static func readGray(_ url: URL) throws(PNGError) -> GrayPicture {
    let (width, height, pixels) = try read(url, isColour: false)
    return GrayPicture(width: width, height: height, pixels: pixels)
  }

  private static func write(
    _ pixels: [UInt8], width: Int, height: Int, isColour: Bool, to url: URL
  ) throws(PNGError) {
    let path = url.path
    guard let bytes = PNGEncoder(width: width, height: height, isColour: isColour).encode(pixels) else {
      throw .cannotWrite(path: path, why: "out of memory")
    }
    do { try DurableFile.write(bytes, to: url) } catch { throw .cannotWrite(path: path, why: error.reason) }
  }

  private static func read(
    _ url: URL, isColour: Bool
  ) throws(PNGError) -> (width: Int, height: Int, pixels: [UInt8]) {
    // The "simplified" interface reports errors by status; the classic one would jump over Swift frames.
    var image = unsafe png_image()
    unsafe image.version = png_uint_32(PNG_IMAGE_VERSION)
    guard unsafe png_image_begin_read_from_file(&image, url.path) != 0 else {
      throw unsafe .cannotRead(path: url.path, why: message(of: image))
    }
    // The file's own format was set; ask for ours.
    unsafe image.format = isColour ? png_uint_32(PNG_FORMAT_FLAG_COLOR) : 0
    let width = unsafe Int(image.width)
    let height = unsafe Int(image.height)
    var pixels = [UInt8](repeating: 0, count: width * height * (isColour ? 3 : 1))
    let decoded = unsafe pixels.withUnsafeMutableBytes { bytes in
      unsafe png_image_finish_read(&image, nil, bytes.baseAddress, 0, nil)
    }
    guard decoded != 0 else {
      let why = unsafe message(of: image)
      unsafe png_image_free(&image)
      throw .cannotRead(path: url.path, why: why)
    }
    return (width, height, pixels)
  }

  private static func message(of image: png_image) -> String {
    unsafe withUnsafeBytes(of: image.message) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}

/// Why a PNG file couldn't be written or read.
public enum PNGError: Error, Equatable, CustomStringConvertible {
  case cannotWrite(path: String, why: String)
  case cannotRead(path: String, why: String)

  /// One line: what, where, why.
  public var description: String {
    switch self {
    case .cannotWrite(let path, let why): "can't write \(path): \(why)"
    case .cannotRead(let path, let why): "can't read \(path): \(why)"
    }
  }
}
