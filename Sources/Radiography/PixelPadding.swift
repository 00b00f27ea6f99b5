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
  /// Lossy compression leaves padding only nearly what it was (an edge rings by 1 to 2 % of full scale). There,
  /// values that near to it count too, as far as they are joined to the image's border.
  func mask(of frame: Frame, isLossy: Bool) -> [Bool]? {
    let mask = isLossy ? joinedToBorder(frame) : frame.pixels.map(values.contains)
    return mask.contains(true) ? mask : nil
  }

  private func joinedToBorder(_ frame: Frame) -> [Bool] {
    let tolerance = 1 << max(0, frame.bitsStored - 6)
    let near = (Int(values.lowerBound) - tolerance)...(Int(values.upperBound) + tolerance)
    let (rows, columns) = (frame.rows, frame.columns)
    var mask = [Bool](repeating: false, count: rows * columns)
    var open: [Int] = []
    func visit(_ row: Int, _ column: Int) {
      guard row >= 0, column >= 0, row < rows, column < columns else { return }
      let pixel = row * columns + column
      guard !mask[pixel], near.contains(Int(frame.pixels[pixel])) else { return }
      mask[pixel] = true
      open.append(pixel)
    }
    for row in 0..<rows { for column in [0, columns - 1] { visit(row, column) } }
    for column in 0..<columns { for row in [0, rows - 1] { visit(row, column) } }
    while let pixel = open.popLast() {
      let (row, column) = pixel.quotientAndRemainder(dividingBy: columns)
      visit(row - 1, column)
      visit(row + 1, column)
      visit(row, column - 1)
      visit(row, column + 1)
    }
    return mask
  }
}
