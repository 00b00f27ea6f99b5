internal import CDCMTK

/// The image pixel module (PS3.3 section C.7.6.3) as it stands in a data set, in whatever representation.
struct ImageAttributes: Sendable {
  let rows, columns, samplesPerPixel: Int
  let bitsAllocated, bitsStored, highBit: Int
  let isPlanar: Bool
  let frames: Int
  let isSigned: Bool
  let photometricInterpretation: String

  init(_ dataSet: DataSet) {
    func number(_ tag: Tag, _ otherwise: Int) -> Int {
      guard let stated = dataSet.integer(tag) else { return otherwise }
      // A 16-bit number that was written as a signed one. Text and 64-bit numbers may say anything.
      let value = -0x8000..<0 ~= stated ? stated + 0x10000 : stated
      return 0...0xFFFF ~= value ? value : otherwise
    }
    rows = number(.rows, 0)
    columns = number(.columns, 0)
    samplesPerPixel = number(.samplesPerPixel, 1)
    bitsAllocated = number(.bitsAllocated, 0)
    bitsStored = number(.bitsStored, bitsAllocated)
    highBit = number(.highBit, bitsStored - 1)
    isSigned = number(.pixelRepresentation, 0) == 1
    isPlanar = number(.planarConfiguration, 0) == 1
    frames = max(1, dataSet.integer(.numberOfFrames) ?? 1)
    photometricInterpretation = dataSet.string(.photometricInterpretation) ?? ""
  }

  /// Values in a frame.
  var count: Int { rows * columns * samplesPerPixel }

  /// Native colour at half the chroma: one byte pair for each pixel.
  var isSubsampled: Bool {
    photometricInterpretation.hasSuffix("_422") || photometricInterpretation.hasSuffix("_420")
  }

  /// Bits that native frames take; nil where that overflows.
  func nativeBits(frames: Int) -> Int? {
    var bits = frames
    for factor in [rows, columns, isSubsampled && samplesPerPixel == 3 ? 2 : samplesPerPixel, bitsAllocated] {
      let (product, overflow) = bits.multipliedReportingOverflow(by: factor)
      if overflow || product < 0 { return nil }
      bits = product
    }
    return bits > Int.max / 4 ? nil : bits
  }

  /// Throws where the attributes can't describe pixels.
  func validate() throws(ToolkitError) {
    func require(_ condition: Bool, _ message: String) throws(ToolkitError) {
      if !condition { throw ToolkitError(CDCMTK_INVALID_IMAGE, message) }
    }
    let sides = 1...65535
    try require(sides.contains(rows) && sides.contains(columns), "rows or columns are missing or zero")
    try require(1...4 ~= samplesPerPixel, "samples per pixel out of range")
    guard [1, 8, 16, 32].contains(bitsAllocated) else {
      throw ToolkitError(CDCMTK_UNSUPPORTED_PIXELS, "\(bitsAllocated) bits allocated are not supported")
    }
    try require(1...bitsAllocated ~= bitsStored, "bits stored out of range")
    try require(highBit < bitsAllocated && highBit + 1 >= bitsStored, "high bit contradicts bits stored")
    if bitsStored == 32, !isSigned {
      throw ToolkitError(CDCMTK_UNSUPPORTED_PIXELS, "32 unsigned bits are not supported")
    }
    // More values than any radiograph has, and half a gigabyte as decoded.
    try require(count <= 1 << 27, "absurdly many pixels in a frame")
  }

  /// A decoded frame of this image.
  func frame(_ pixels: [Int32], photometricInterpretation: String) -> Frame {
    Frame(
      rows: rows, columns: columns, samplesPerPixel: samplesPerPixel, bitsAllocated: bitsAllocated,
      bitsStored: bitsStored, isSigned: isSigned, photometricInterpretation: photometricInterpretation,
      pixels: pixels)
  }
}
