internal import CDCMTK

/// Native frames (PS3.5 section 8.1 and annex D) as stored values: shifted down to bit 0, masked to Bits Stored,
/// sign-extended, colour interleaved.
struct NativePixels {
  let image: ImageAttributes
  let bytes: [UInt8]
  let isBigEndian, isWords: Bool

  func frame(_ index: Int) throws(ToolkitError) -> [Int32] {
    if image.isSubsampled {
      throw ToolkitError(CDCMTK_UNSUPPORTED_PIXELS, "native pixels of subsampled colour are not supported")
    }
    guard let bits = image.nativeBits(frames: 1), let first = image.nativeBits(frames: index),
      (first + bits + 7) / 8 <= bytes.count
    else { throw ToolkitError(CDCMTK_CORRUPT_PIXEL_DATA, "the pixel data is too short") }
    if image.bitsAllocated == 1 { return singleBits(first..<first + bits) }
    let width = image.bitsAllocated / 8
    var cells = self.cells(first / 8..<(first + bits) / 8, width: width)
    if image.samplesPerPixel > 1, image.isPlanar { cells = interleaved(cells, width: width) }
    return unpacked(cells, width: width)
  }

  private func singleBits(_ range: Range<Int>) -> [Int32] {
    range.map { bit in
      // Big-endian words of eight pixels in each byte come swapped.
      let byte = isBigEndian && isWords ? min((bit >> 3) ^ 1, bytes.count - 1) : bit >> 3
      return Int32(bytes[byte] >> (bit & 7) & 1)
    }
  }

  /// The bytes of a frame, little-endian.
  private func cells(_ range: Range<Int>, width: Int) -> [UInt8] {
    guard isBigEndian else { return range == bytes.indices ? bytes : Array(bytes[range]) }
    // 8-bit pixels in words are swapped in pairs, which frames of odd length share.
    let unit = width == 1 ? (isWords ? 2 : 1) : width
    return range.map { at in
      let swapped = at / unit * unit + (unit - 1 - at % unit)
      return bytes[min(swapped, bytes.count - 1)]
    }
  }

  /// Colour by plane to colour by pixel.
  private func interleaved(_ planes: [UInt8], width: Int) -> [UInt8] {
    var pixels = planes
    let (samples, count) = (image.samplesPerPixel, image.rows * image.columns)
    for sample in 0..<samples {
      for pixel in 0..<count {
        for byte in 0..<width {
          pixels[(pixel * samples + sample) * width + byte] = planes[(sample * count + pixel) * width + byte]
        }
      }
    }
    return pixels
  }

  private func unpacked(_ cells: [UInt8], width: Int) -> [Int32] {
    let (shift, unused) = (image.highBit + 1 - image.bitsStored, 32 - image.bitsStored)
    let (isSigned, count) = (image.isSigned, image.count)
    return unsafe [Int32](unsafeUninitializedCapacity: count) { values, initialized in
      unsafe cells.withUnsafeBytes { cells in
        func fill<Cell: FixedWidthInteger & UnsignedInteger>(_: Cell.Type) {
          for index in 0..<count {
            let cell = unsafe cells.loadUnaligned(fromByteOffset: index * width, as: Cell.self)
            let bits =
              (UInt32(truncatingIfNeeded: Cell(littleEndian: cell)) >> UInt32(shift)) << UInt32(unused)
            unsafe values[index] =
              isSigned ? Int32(bitPattern: bits) >> Int32(unused) : Int32(bitPattern: bits >> UInt32(unused))
          }
        }
        switch width {
        case 1: fill(UInt8.self)
        case 2: fill(UInt16.self)
        default: fill(UInt32.self)
        }
      }
      initialized = count
    }
  }
}
