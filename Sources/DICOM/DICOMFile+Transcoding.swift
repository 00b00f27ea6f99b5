internal import CDCMTK
internal import FoundationEssentials

extension DICOMFile {
  /// The whole data set, its pixels not compressed, in explicit or implicit VR little endian: for peers that take
  /// nothing else. What stands behind the pixel data is left out.
  public func dataSetBytes(isImplicit: Bool) throws(DICOMPixelError) -> [UInt8] {
    guard let pixels else { return dataSet.bytes(isImplicit: isImplicit) }
    guard isCurrent else {
      throw DICOMPixelError(.unreadable, path: url.path, "the file has changed since it was read")
    }
    var whole = dataSet
    let image = ImageAttributes(dataSet)
    let isWords = isImplicit || image.bitsAllocated > 8
    if case .native(isBigEndian: false, _) = pixels.layout {
      whole[.pixelData] = DataElement(.pixelData, isWords ? .OW : .OB, .bytes(pixels.bytes))
      return whole.bytes(isImplicit: isImplicit)
    }
    var bytes: [UInt8] = []
    for index in 0..<numberOfFrames {
      let frame = try frame(index)
      if index == 0 {
        whole[.photometricInterpretation] = DataElement(
          .photometricInterpretation, .CS, .text(frame.photometricInterpretation))
        if frame.samplesPerPixel > 1 {
          whole[.planarConfiguration] = DataElement(.planarConfiguration, .US, .integers([0]))
        }
      }
      image.append(frame, to: &bytes)
    }
    if image.bitsAllocated == 1 { bytes = PixelData.bits(frames: [bytes]).nativeBytes }
    // It lost what it lost (PS3.3 section C.7.6.1.1.5).
    if transferSyntax.isLossy, !whole.contains(.lossyImageCompression), mayOvershoot {
      whole[.lossyImageCompression] = DataElement(.lossyImageCompression, .CS, .text("01"))
    }
    whole[.pixelData] = DataElement(.pixelData, isWords ? .OW : .OB, .bytes(bytes))
    return whole.bytes(isImplicit: isImplicit)
  }
}

extension ImageAttributes {
  /// Appends the cells of a frame as native pixels have them: where the attributes say, little-endian, and nothing beside
  /// the stored bits. Of single bits each takes a byte.
  fileprivate func append(_ frame: Frame, to bytes: inout [UInt8]) {
    let width = max(1, bitsAllocated / 8)
    let shift = UInt32(highBit + 1 - bitsStored)
    let mask = bitsStored == 32 ? UInt32.max : (1 << UInt32(bitsStored)) - 1
    bytes.reserveCapacity(bytes.count + frame.pixels.count * width)
    for value in frame.pixels {
      let cell = (UInt32(bitPattern: value) & mask) << shift
      for byte in 0..<width { bytes.append(UInt8(truncatingIfNeeded: cell >> UInt32(8 * byte))) }
    }
  }
}
