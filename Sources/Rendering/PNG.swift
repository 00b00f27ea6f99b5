import CPNG
public import DICOM
import Files
public import FoundationEssentials
import Glibc

/// 8-bit PNG files (ISO/IEC 15948), written and read by libpng; what they hold is compressed by libdeflate.
public enum PNG {
  /// Writes a colour picture.
  public static func write(_ picture: RGBPicture, to url: URL) throws(PNGError) {
    try write(picture.pixels, width: picture.width, height: picture.height, isColour: true, to: url)
  }

  /// A colour picture as the bytes of a file; `path` is for messages.
  package static func encoded(_ picture: RGBPicture, for path: String) throws(PNGError) -> [UInt8] {
    try encoded(picture.pixels, width: picture.width, height: picture.height, isColour: true, for: path)
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
    let bytes = try encoded(pixels, width: width, height: height, isColour: isColour, for: path)
    do { try DurableFile.write(bytes, to: url) } catch { throw .cannotWrite(path: path, why: error.reason) }
  }

  /// A picture as the bytes of a PNG file.
  private static func encoded(
    _ pixels: [UInt8], width: Int, height: Int, isColour: Bool, for path: String
  ) throws(PNGError) -> [UInt8] {
    precondition(pixels.count == width * height * (isColour ? 3 : 1))
    var file = unsafe cpng_file()
    let done = unsafe cpng_encode(pixels, png_uint_32(width), png_uint_32(height), isColour ? 1 : 0, 8, &file)
    defer { unsafe free(file.bytes) }
    guard done != 0 else { throw unsafe .cannotWrite(path: path, why: text(file.failure)) }
    return unsafe Array(UnsafeBufferPointer(start: file.bytes, count: file.count))
  }

  private static func read(
    _ url: URL, isColour: Bool
  ) throws(PNGError) -> (width: Int, height: Int, pixels: [UInt8]) {
    // The "simplified" interface reports errors by status; the classic one would jump over Swift frames.
    var image = unsafe png_image()
    unsafe image.version = png_uint_32(PNG_IMAGE_VERSION)
    guard unsafe png_image_begin_read_from_file(&image, url.path) != 0 else {
      throw unsafe .cannotRead(path: url.path, why: text(image.message))
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
      let why = unsafe text(image.message)
      unsafe png_image_free(&image)
      throw .cannotRead(path: url.path, why: why)
    }
    return (width, height, pixels)
  }

  /// An array of C characters, which comes as a tuple.
  private static func text(_ characters: some BitwiseCopyable) -> String {
    unsafe withUnsafeBytes(of: characters) { bytes in
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
