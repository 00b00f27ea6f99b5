/// Is bone white? Judged from what every frontal chest radiograph has: a body that absorbs more than the air
/// beside it, and lungs that absorb less than what lies between and below them.
///
/// Four contrasts are measured on a 64 x 64 picture whose 1st and 99th percentiles are stretched to 0 and 1:
/// mediastinum against lungs, abdomen against the upper corners, spine against the border, and neck against
/// the upper corners. Each is positive in a picture of right polarity and changes sign with it. A picture
/// counts as inverted only where all four are negative and their mean is below -0.2: collimators, white
/// borders and rotated plates upset one or two of them, never all.
struct Polarity: Sendable {
  let mediastinumToLungs: Float
  let abdomenToCorners: Float
  let spineToBorder: Float
  let neckToCorners: Float

  /// Side of the picture that the contrasts are measured on.
  private static let size = 64

  /// Measures the part `box` of a picture, row-major, 0 black to 1 white; nil where it is too small to judge.
  init?(of values: [Float], stride: Int, box: PixelBox) {
    guard min(box.rows, box.columns) >= Self.size else { return nil }
    let picture = resample(
      values, stride: stride, box: box, rows: ResamplingAxis(from: box.rows, to: Self.size),
      columns: ResamplingAxis(from: box.columns, to: Self.size))
    let ordered = picture.sorted()
    let low = ordered[ordered.count / 100]
    let span = max(ordered[ordered.count * 99 / 100] - low, 1e-6)
    let stretched = picture.map { min(max(($0 - low) / span, 0), 1) }
    func mean(_ rows: ClosedRange<Double>, _ columns: ClosedRange<Double>) -> Float {
      let side = Double(Self.size)
      let rowRange = Int(rows.lowerBound * side)..<Int(rows.upperBound * side)
      let columnRange = Int(columns.lowerBound * side)..<Int(columns.upperBound * side)
      var sum: Float = 0
      for row in rowRange { for column in columnRange { sum += stretched[row * Self.size + column] } }
      return sum / Float(rowRange.count * columnRange.count)
    }
    let lungs = (mean(0.25...0.6, 0.2...0.35) + mean(0.25...0.6, 0.65...0.8)) / 2
    let corners = (mean(0...0.15, 0...0.12) + mean(0...0.15, 0.88...1)) / 2
    let sides = (mean(0...1, 0...0.05) + mean(0...1, 0.95...1)) / 2
    mediastinumToLungs = mean(0.3...0.7, 0.45...0.55) - lungs
    abdomenToCorners = mean(0.85...1, 0.3...0.7) - corners
    spineToBorder = mean(0.2...0.8, 0.45...0.55) - (sides + mean(0...0.05, 0...1)) / 2
    neckToCorners = mean(0...0.3, 0.42...0.58) - corners
  }

  /// Whether the picture is inverted beyond reasonable doubt.
  var isInverted: Bool {
    let contrasts = [mediastinumToLungs, abdomenToCorners, spineToBorder, neckToCorners]
    return contrasts.allSatisfy { $0 < 0 } && contrasts.reduce(0, +) / 4 < -0.2
  }
}
