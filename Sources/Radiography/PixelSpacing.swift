/// Distance between pixel centers in millimeters, and whether it holds inside the patient.
public struct PixelSpacing: Hashable, Sendable {
  /// Between adjacent rows (vertical), mm.
  public let row: Double
  /// Between adjacent columns (horizontal), mm.
  public let column: Double
  /// True when the figure is corrected for magnification or calibrated against a known object, so that
  /// lengths and areas in the patient may be stated (DICOM PS3.3 10.7.1). False: detector plane, or unknown.
  public let isCalibrated: Bool

  /// A spacing in mm.
  public init(row: Double, column: Double, isCalibrated: Bool) {
    self.row = row
    self.column = column
    self.isCalibrated = isCalibrated
  }

  /// Area of one pixel in mm².
  public var pixelArea: Double { row * column }
}
