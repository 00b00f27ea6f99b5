internal import CDCMTK

/// Pixel Data (7FE0,0010) as it stands in a file (PS3.5 section 8 and annex A.4).
struct StoredPixels: Sendable {
  enum Layout: Sendable {
    /// - Parameter isWords: In 16-bit words (OW): big-endian bytes come in pairs then.
    case native(isBigEndian: Bool, isWords: Bool)
    /// Fragments as ranges of the bytes, without the offset table; `frameOffsets` count from the tag of the first, as
    /// the basic or the extended offset table has them.
    case encapsulated(fragments: [Range<Int>], frameOffsets: [Int])
  }

  let bytes: [UInt8]
  let layout: Layout

  var isEncapsulated: Bool { if case .encapsulated = layout { true } else { false } }

  /// Nil where they are as many as the attributes ask for; otherwise what is missing.
  func shortage(of image: ImageAttributes) -> String? {
    switch layout {
    case .encapsulated(let fragments, _):
      if fragments.isEmpty { return "the pixel data holds no fragment" }
      // Frames never share a fragment (PS3.5 section A.4).
      if fragments.count >= image.frames { return nil }
      return "\(image.frames) frames declared, \(fragments.count) fragments present"
    case .native:
      guard let bits = image.nativeBits(frames: image.frames) else { return "absurdly many pixels declared" }
      let needed = (bits + 7) / 8
      return bytes.count < needed ? "the pixel data holds \(bytes.count) of \(needed) bytes" : nil
    }
  }

  /// The codestream of a frame, its fragments joined.
  func codestream(_ index: Int, of image: ImageAttributes, codec: cdcmtk_codec) throws(ToolkitError)
    -> [UInt8]
  {
    guard case .encapsulated(let all, let offsets) = layout else { return [] }
    let parts: [Range<Int>]
    if image.frames == 1 {
      parts = all
    } else if all.count == image.frames {
      parts = [all[index]]
    } else if offsets.count == image.frames, let base = all.first?.lowerBound {
      let end = index + 1 < offsets.count ? offsets[index + 1] : Int.max
      parts = all.filter { $0.lowerBound - base >= offsets[index] && $0.lowerBound - base < end }
    } else {
      parts = try partsByStart(all, index, of: image, codec: codec)
    }
    let joined = parts.count == 1 ? Array(bytes[parts[0]]) : parts.flatMap { bytes[$0] }
    guard !joined.isEmpty else { throw ToolkitError(CDCMTK_CORRUPT_PIXEL_DATA, "the frame is empty") }
    return joined
  }

  /// Without a table of offsets a frame begins where a codestream does.
  private func partsByStart(
    _ fragments: [Range<Int>], _ index: Int, of image: ImageAttributes, codec: cdcmtk_codec
  ) throws(ToolkitError) -> [Range<Int>] {
    if codec == CDCMTK_RLE {
      throw ToolkitError(
        CDCMTK_CORRUPT_PIXEL_DATA, "fragments of several frames without an offset table")
    }
    var frames: [[Range<Int>]] = []
    for fragment in fragments {
      let head = bytes[fragment].prefix(3)
      if head.elementsEqual([0xFF, 0xD8, 0xFF]) || head.elementsEqual([0xFF, 0x4F, 0xFF]) {
        frames.append([])
      }
      if !frames.isEmpty { frames[frames.count - 1].append(fragment) }
    }
    guard frames.count == image.frames else {
      throw ToolkitError(CDCMTK_CORRUPT_PIXEL_DATA, "fragments and frames don't match")
    }
    return frames[index]
  }
}
