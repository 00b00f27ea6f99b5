import DICOM

/// What a data set says about the size and shape of its pixels (DICOM PS3.3 10.7, C.7.6.3.1.7, C.8.11.4).
struct PixelGeometry: Sendable, Equatable {
  /// Height of a pixel divided by its width.
  let aspect: Double
  let spacing: PixelSpacing?
  let note: QualityNote?

  /// Aspects outside are writing errors: no detector or scan comes near.
  private static let plausibleAspects = 0.2...5.0

  init(_ dataSet: DataSet) {
    let stated = Self.spacing(of: dataSet)
    let aspect =
      stated.map { $0.row / $0.column }
      ?? Self.pair(dataSet.decimals(.nominalScannedPixelSpacing)).map { $0.row / $0.column }
      // "vertical\horizontal", as two integers.
      ?? Self.pair(dataSet.decimals(.pixelAspectRatio)).map { $0.row / $0.column } ?? 1
    if Self.plausibleAspects.contains(aspect) {
      self.aspect = aspect
      spacing = stated
      note = nil
    } else {
      self.aspect = 1
      spacing = nil
      note = .aspectIgnored(aspect)
    }
  }

  private init(aspect: Double, spacing: PixelSpacing?, note: QualityNote?) {
    self.aspect = aspect
    self.spacing = spacing
    self.note = note
  }

  /// The same pixels in a picture that has been turned.
  func turned(by turning: Turning) -> PixelGeometry {
    guard turning.transposes else { return self }
    let turned = spacing.map {
      PixelSpacing(row: $0.column, column: $0.row, isCalibrated: $0.isCalibrated)
    }
    return PixelGeometry(aspect: 1 / aspect, spacing: turned, note: note)
  }

  /// The best known spacing. It is calibrated where Pixel Spacing says so or differs from the detector's as
  /// magnification makes it differ (10.7.1.1, 10.7.1.2), or where the magnification factor is known.
  private static func spacing(of dataSet: DataSet) -> PixelSpacing? {
    let pixel = pair(dataSet.decimals(.pixelSpacing))
    let imager = pair(dataSet.decimals(.imagerPixelSpacing))
    if let pixel {
      let calibration = dataSet.code(.pixelSpacingCalibrationType)
      let detector = imager ?? pair(dataSet.decimals(.nominalScannedPixelSpacing))
      let isCorrected = detector.map { isMagnified(pixel, at: $0) } ?? false
      let isCalibrated =
        switch calibration {
        case "FIDUCIAL": true
        case "GEOMETRY": detector == nil || isCorrected
        default: isCorrected
        }
      if isCalibrated || imager == nil {
        return PixelSpacing(row: pixel.row, column: pixel.column, isCalibrated: isCalibrated)
      }
    }
    guard let imager else { return nil }
    // A factor of exactly 1 is a default that devices write, not a measurement.
    if let factor = dataSet.decimal(.estimatedRadiographicMagnificationFactor), factor > 1, factor <= 3 {
      return PixelSpacing(row: imager.row / factor, column: imager.column / factor, isCalibrated: true)
    }
    let uncalibrated = pixel ?? imager
    return PixelSpacing(row: uncalibrated.row, column: uncalibrated.column, isCalibrated: false)
  }

  /// Whether a spacing in the patient follows from one at the detector by magnification: smaller by more than
  /// rounding, by less than a factor 3, and alike in both directions. Pixel Spacing larger than the detector's
  /// comes from resampling, not from calibration.
  private static func isMagnified(
    _ pixel: (row: Double, column: Double), at detector: (row: Double, column: Double)
  ) -> Bool {
    let vertical = detector.row / pixel.row
    let horizontal = detector.column / pixel.column
    return vertical > 1.002 && vertical < 3 && abs(vertical / horizontal - 1) < 0.05
  }

  /// Two positive numbers, or nil.
  private static func pair(_ values: [Double]) -> (row: Double, column: Double)? {
    guard values.count >= 2, values[0].isFinite, values[1].isFinite, values[0] > 0, values[1] > 0 else {
      return nil
    }
    return (values[0], values[1])
  }
}
