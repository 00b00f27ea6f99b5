internal import CPNG
internal import DICOM
internal import Files
internal import FoundationEssentials
internal import Glibc
internal import SystemPackage

/// A picture that lies outside DICOM: a PNG or a JPEG, as grey values.
struct GreyPicture: Sendable {
  let width, height: Int
  /// 8, 12 or 16.
  let bits: Int
  /// Row-major.
  let values: [UInt16]
  /// What it lost before it came here; nil for one that lost nothing.
  let compression: LossyCompression?

  /// Bytes of a file, and pixels of a picture, that are read.
  private static let longest = 256 << 20
  private static let mostPixels = 100_000_000
  /// Channels of a picture that is grey differ by the rounding of their compression, and by no more.
  private static let tint = 24

  private static let endings: Set<Substring> = ["png", "jpg", "jpeg"]

  /// Whether a file is called as a picture is. Beside pictures a collection holds tables, notes and the like: they aren't
  /// problems.
  static func isPicture(_ path: String) -> Bool {
    guard let name = path.split(separator: "/").last, name.first != ".", let point = name.lastIndex(of: ".")
    else { return false }
    return endings.contains(Substring(name[point...].dropFirst().lowercased()))
  }

  /// The path of a picture without its ending.
  static func stem(of path: String) -> String { path.lastIndex(of: ".").map { String(path[..<$0]) } ?? path }

  /// The bytes of a file below a folder; its path may come from a table.
  /// - Throws: in one line, without the path, why it can't be read.
  static func bytes(of path: String, below root: URL) throws(PictureProblem) -> [UInt8] {
    let place = FilePath(text: path)
    guard place.isRelative, place.components.allSatisfy({ $0.kind == .regular }) else {
      throw PictureProblem("lies outside its folder")
    }
    guard let status = FilePath(of: root).pushing(place).status(followingLink: true) else {
      throw PictureProblem("isn't there")
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw PictureProblem("is no file") }
    guard status.st_size <= longest else { throw PictureProblem("has more than \(longest >> 20) MB") }
    return try withArchiveFile(path, root: root) { url throws(PictureProblem) in
      guard let data = try? Data(contentsOf: url) else {
        throw PictureProblem("can't be read; check its rights")
      }
      return Array(data)
    }
  }

  /// - Throws: in one line why it can't be used.
  init(_ bytes: [UInt8]) throws(PictureProblem) {
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
      self = try Self.png(bytes)
    } else if bytes.starts(with: [0xFF, 0xD8]) {
      self = try Self.jpeg(bytes)
    } else {
      throw PictureProblem(bytes.isEmpty ? "is empty" : "is neither a PNG nor a JPEG")
    }
  }

  private init(width: Int, height: Int, bits: Int, values: [UInt16], compression: LossyCompression?) {
    self.width = width
    self.height = height
    self.bits = bits
    self.values = values
    self.compression = compression
  }

  private static func png(_ bytes: [UInt8]) throws(PictureProblem) -> GreyPicture {
    var picture = unsafe cpng_picture()
    let isDone = unsafe cpng_decode(bytes, bytes.count, mostPixels, &picture) != 0
    defer { unsafe free(picture.samples) }
    guard isDone, let samples = unsafe picture.samples else {
      let why = unsafe withUnsafeBytes(of: picture.failure) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      throw PictureProblem("is no sound PNG: \(why)")
    }
    let (width, height) = unsafe (Int(picture.width), Int(picture.height))
    let (bits, channels) = unsafe (Int(picture.bits), Int(picture.channels))
    let count = width * height * channels
    let values: [UInt16] =
      if bits == 16 {
        unsafe samples.withMemoryRebound(to: UInt16.self, capacity: count) {
          unsafe Array(UnsafeBufferPointer(start: $0, count: count))
        }
      } else {
        unsafe UnsafeBufferPointer(start: samples, count: count).map { UInt16($0) }
      }
    return try GreyPicture(
      width: width, height: height, bits: bits,
      values: channels == 1 ? values : grey(values, tint: bits == 16 ? tint << 8 : tint), compression: nil
    )
  }

  private static func jpeg(_ bytes: [UInt8]) throws(PictureProblem) -> GreyPicture {
    let picture: JPEGPicture
    do throws(DICOMPixelError) { picture = try JPEGPicture(bytes) } catch {
      throw PictureProblem("is no JPEG that is read: \(error.detail)")
    }
    let frame = picture.frame
    guard frame.rows * frame.columns <= mostPixels else { throw PictureProblem("has too many pixels") }
    let values = frame.pixels.map { UInt16(clamping: $0) }
    return try GreyPicture(
      width: frame.columns, height: frame.rows, bits: frame.bitsStored,
      values: frame.samplesPerPixel == 1 ? values : grey(values, tint: tint << (frame.bitsStored - 8)),
      compression: picture.compression)
  }

  /// Many collections keep grey pictures as colour.
  /// - Throws: where it is really coloured.
  private static func grey(_ values: [UInt16], tint: Int) throws(PictureProblem) -> [UInt16] {
    var grey: [UInt16] = []
    grey.reserveCapacity(values.count / 3)
    var strange = 0
    for start in stride(from: 0, to: values.count - 2, by: 3) {
      let (red, green, blue) = (Int(values[start]), Int(values[start + 1]), Int(values[start + 2]))
      if max(red, green, blue) - min(red, green, blue) > tint { strange += 1 }
      // ITU-R BT.601, as JPEG has it: of three alike exactly theirs.
      grey.append(UInt16((red * 299 + green * 587 + blue * 114 + 500) / 1000))
    }
    // A marker in colour is no coloured picture.
    guard strange * 200 <= grey.count else { throw PictureProblem("is a picture in colour") }
    return grey
  }

  /// 1 where it is bright.
  var mask: [UInt8] {
    let half = UInt16(1) << UInt16(bits - 1)
    // Masks of 0 and 1, too.
    let highest = values.max() ?? 0
    let threshold = highest < half ? max(1, highest / 2 + highest % 2) : half
    return values.map { $0 >= threshold ? 1 : 0 }
  }
}
