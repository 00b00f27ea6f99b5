internal import CDCMTK

extension TransferSyntax {
  /// Which of the shim's codecs reads it; nil where none does.
  var codec: cdcmtk_codec? {
    switch self {
    case .rleLossless: CDCMTK_RLE
    case .jpegBaseline, .jpegExtended, .jpegSpectralSelection, .jpegFullProgression, .jpegLossless,
      .jpegLosslessSV1:
      CDCMTK_JPEG
    case .jpegLSLossless, .jpegLSNearLossless: CDCMTK_JPEG_LS
    case .jpeg2000Lossless, .jpeg2000, .htj2kLossless, .htj2kLosslessRPCL, .htj2k: CDCMTK_JPEG_2000
    default: nil
    }
  }
}

extension cdcmtk_codec {
  /// The codec of a codestream by its first bytes: what stands under the label of a syntax without compression.
  init?(codestream: [UInt8]) {
    switch codestream.prefix(4) {
    case [0xFF, 0x4F, 0xFF, 0x51]: self = CDCMTK_JPEG_2000
    case [0xFF, 0xD8, 0xFF, 0xF7]: self = CDCMTK_JPEG_LS
    case let head where head.starts(with: [0xFF, 0xD8, 0xFF]): self = CDCMTK_JPEG
    default: return nil
    }
  }
}

/// Decodes the codestream of a frame.
enum EncapsulatedPixels {
  static func decode(
    _ codestream: [UInt8], codec: cdcmtk_codec, of image: ImageAttributes, isLossy: Bool
  ) throws(ToolkitError) -> Frame {
    let isYBR = image.photometricInterpretation.hasPrefix("YBR")
    var attributes = cdcmtk_image(
      rows: UInt32(image.rows), columns: UInt32(image.columns),
      samples_per_pixel: UInt32(image.samplesPerPixel), bits_allocated: UInt32(image.bitsAllocated),
      bits_stored: UInt32(image.bitsStored), high_bit: UInt32(image.highBit), is_signed: image.isSigned,
      is_ybr: isYBR, is_lossy: isLossy)
    var status = cdcmtk_status()
    var isRGB = false
    let count = image.count
    let pixels = unsafe [Int32](unsafeUninitializedCapacity: count) { values, initialized in
      unsafe codestream.withUnsafeBufferPointer { source in
        guard let start = source.baseAddress, let target = values.baseAddress else { return }
        unsafe cdcmtk_decode(codec, start, source.count, &attributes, target, count, &isRGB, &status)
      }
      // A failed decode leaves the buffer in any state; nothing of it is read.
      initialized = status.reason == CDCMTK_OK ? count : 0
    }
    guard status.reason == CDCMTK_OK else { throw ToolkitError(status) }
    // JPEG 2000 undoes the multiple component transformation itself.
    let isTransformed = ["YBR_RCT", "YBR_ICT"].contains(image.photometricInterpretation)
    if codec == CDCMTK_JPEG_2000, isTransformed { isRGB = true }
    return image.frame(
      pixels, photometricInterpretation: isRGB ? "RGB" : image.photometricInterpretation)
  }
}
