internal import CDCMTK

/// A JPEG picture that lies outside DICOM, decoded as the same codestream in a DICOM object would be.
public struct JPEGPicture: Sendable {
  /// One sample each, or three in RGB; 8 or 12 bits.
  public let frame: Frame
  /// What it lost, for the object that it becomes.
  public let compression: LossyCompression

  /// - Throws: where it is no JPEG, is cut short, or is of a kind that isn't read. The error names no path.
  public init(_ bytes: [UInt8]) throws(DICOMPixelError) {
    guard let head = JPEGHead(bytes) else {
      throw DICOMPixelError(.corruptPixelData, path: "", "no JPEG picture, or its beginning is damaged")
    }
    guard head.components == 1 || head.components == 3, head.precision == 8 || head.precision == 12 else {
      throw DICOMPixelError(
        .unsupportedPixels, path: "", "a JPEG of \(head.components) components and \(head.precision) bits")
    }
    let colour = head.isRGB ? "RGB" : "YBR_FULL_422"
    var attributes = DataSet()
    attributes.set(.rows, head.rows)
    attributes.set(.columns, head.columns)
    attributes.set(.samplesPerPixel, head.components)
    attributes.set(.photometricInterpretation, head.components == 1 ? "MONOCHROME2" : colour)
    attributes.set(.bitsAllocated, head.precision == 8 ? 8 : 16)
    attributes.set(.bitsStored, head.precision)
    attributes.set(.highBit, head.precision - 1)
    attributes.set(.pixelRepresentation, 0)
    let image = ImageAttributes(attributes)
    do throws(ToolkitError) {
      try image.validate()
      frame = try EncapsulatedPixels.decode(bytes, codec: CDCMTK_JPEG, of: image, isLossy: true)
    } catch { throw DICOMPixelError(error, path: "") }
    let ratio = (Double(image.count * image.bitsAllocated / 8) / Double(bytes.count) * 100).rounded() / 100
    compression = LossyCompression(ratios: ratio > 0 ? [ratio] : [], methods: ["ISO_10918_1"])
  }
}

/// What the segments before the first scan of a JPEG say (ISO/IEC 10918-1, B.2). Pure.
private struct JPEGHead {
  let precision, rows, columns, components: Int
  /// Three components that aren't luminance and chrominance: an Adobe segment says so, or they are called R, G and B.
  let isRGB: Bool

  init?(_ bytes: [UInt8]) {
    func number(_ at: Int) -> Int { Int(bytes[at]) << 8 | Int(bytes[at + 1]) }
    guard bytes.count > 4, number(0) == 0xFFD8 else { return nil }
    var transform: UInt8?
    var position = 2
    while position + 4 <= bytes.count {
      guard bytes[position] == 0xFF else { return nil }
      let marker = bytes[position + 1]
      if marker == 0xFF {
        position += 1
        continue
      }
      let length = number(position + 2)
      guard length >= 2, position + 2 + length <= bytes.count else { return nil }
      let content = bytes[(position + 4)..<(position + 2 + length)]
      // APP14, whose last byte is the colour transform.
      if marker == 0xEE, content.count >= 12, content.starts(with: Array("Adobe".utf8)) {
        transform = content[content.startIndex + 11]
      }
      // SOF0 to SOF15, but for DHT, JPG and DAC.
      if 0xC0...0xCF ~= marker, ![0xC4, 0xC8, 0xCC].contains(marker) {
        guard content.count >= 6 else { return nil }
        precision = Int(bytes[position + 4])
        rows = number(position + 5)
        columns = number(position + 7)
        components = Int(bytes[position + 9])
        let names = stride(from: position + 10, to: content.endIndex, by: 3).map { bytes[$0] }
        isRGB = transform == 0 || transform == nil && names == Array("RGB".utf8)
        return
      }
      position += 2 + length
    }
    return nil
  }
}
