/// Pixels to be written, all frames in order. What a value means (sign, bits stored, colour) is said by the data
/// set's image pixel module.
public enum PixelData: Sendable {
  /// Bits Allocated 8: each frame rows x columns x samples, colour interleaved.
  case bytes(frames: [[UInt8]])
  /// Bits Allocated 16: each frame rows x columns x samples; signed values as their bit pattern.
  case words(frames: [[UInt16]])
  /// Bits Allocated 1: each frame rows x columns, zero or anything else; packed without gaps between frames.
  case bits(frames: [[UInt8]])

  public var bitsAllocated: Int {
    switch self {
    case .bytes: 8
    case .words: 16
    case .bits: 1
    }
  }

  public var frameSizes: [Int] {
    switch self {
    case .bytes(let frames), .bits(let frames): frames.map(\.count)
    case .words(let frames): frames.map(\.count)
    }
  }

  /// As Pixel Data (7FE0,0010) holds it, little-endian, without trailing padding.
  var nativeBytes: [UInt8] {
    switch self {
    case .bytes(let frames):
      if frames.count == 1 { return frames[0] }
      var bytes: [UInt8] = []
      bytes.reserveCapacity(frames.reduce(0) { $0 + $1.count })
      for frame in frames { bytes += frame }
      return bytes
    case .words(let frames):
      var bytes: [UInt8] = []
      bytes.reserveCapacity(2 * frames.reduce(0) { $0 + $1.count })
      for frame in frames {
        for word in frame {
          bytes.append(UInt8(truncatingIfNeeded: word))
          bytes.append(UInt8(truncatingIfNeeded: word >> 8))
        }
      }
      return bytes
    case .bits(let frames):
      let count = frames.reduce(0) { $0 + $1.count }
      var bytes = [UInt8](repeating: 0, count: (count + 7) / 8)
      var index = 0
      for frame in frames {
        for bit in frame {
          if bit != 0 { bytes[index >> 3] |= 1 << (index & 7) }
          index += 1
        }
      }
      return bytes
    }
  }
}
