import DICOM

/// Stored values that mean "no image here" (DICOM PS3.3 C.7.5.1.1.2): one value, or the closed range to
/// Pixel Padding Range Limit.
struct PixelPadding: Sendable, Equatable {
  let values: ClosedRange<Int32>

  /// The declaration of an image, or nil.
  init?(_ dataSet: DataSet, signedPixels: Bool) {
    guard let stated = dataSet.integer(.pixelPaddingValue) else { return nil }
    // The VR is US or SS as Pixel Representation says; a reader that doesn't know gives the wrong one.
    func value(_ number: Int) -> Int32 {
      if signedPixels, number > 32767, number < 65536 { return Int32(number - 65536) }
      if !signedPixels, number < 0 { return Int32(truncatingIfNeeded: number + 65536) }
      return Int32(truncatingIfNeeded: number)
    }
    let first = value(stated)
    let limit = dataSet.integer(.pixelPaddingRangeLimit).map(value) ?? first
    values = min(first, limit)...max(first, limit)
  }

  /// Which pixels are padding; nil when none is.
  ///
  /// Lossy compression leaves padding only nearly what it was (an edge rings by 1 to 3 % of the scale in use, which
  /// may be a small part of what Bits Stored allows). There, values that near to it count too, as far as they are
  /// joined to the image's border. Without loss a value counts wherever it stands, except where the picture itself
  /// reaches it, as saturated bone does that lies amid what is nearly as bright.
  func mask(of frame: Frame, isLossy: Bool) -> [Bool]? {
    let margin = isLossy ? tolerance(of: frame) : 0
    var regions = PixelRegions(
      frame, values: (Int(values.lowerBound) - margin)...(Int(values.upperBound) + margin))
    regions.joinBorder()
    if !isLossy, regions.hasUnjoined {
      let tolerance = tolerance(of: frame)
      let near = (Int(values.lowerBound) - tolerance)...(Int(values.upperBound) + tolerance)
      regions.joinIslands { !near.contains($0) }
    }
    return regions.joined.contains(true) ? regions.joined : nil
  }

  /// How far from padding a value may be that belongs to it, or to what fades into it.
  private func tolerance(of frame: Frame) -> Int {
    let levels = StoredValues(frame.pixels, padding: nil).percentiles
    let used = max(Int(levels[99]) - Int(values.upperBound), Int(values.lowerBound) - Int(levels[1]))
    return max(0, min(1 << max(0, frame.bitsStored - 6), used / 30))
  }
}
