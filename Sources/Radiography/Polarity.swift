/// Is bone white? Judged from what every frontal chest radiograph has: a body that absorbs more than the air
/// beside it, and lungs that absorb less than what lies between and below them.
///
/// Four contrasts are measured on a `Thumbnail`:
/// mediastinum against lungs, abdomen against the upper corners, spine against the border, and neck against
/// the upper corners. Each is positive in a picture of right polarity and changes sign with it. A picture
/// counts as inverted only where all four are negative and their mean is below -0.2: collimators, white
/// borders and rotated plates upset one or two of them, never all.
struct Polarity: Sendable {
  let mediastinumToLungs: Float
  let abdomenToCorners: Float
  let spineToBorder: Float
  let neckToCorners: Float

  /// Measures an upright picture.
  init(of picture: Thumbnail) {
    func mean(_ rows: ClosedRange<Double>, _ columns: ClosedRange<Double>) -> Float {
      let side = Double(Thumbnail.size)
      let rowRange = Int(rows.lowerBound * side)..<Int(rows.upperBound * side)
      let columnRange = Int(columns.lowerBound * side)..<Int(columns.upperBound * side)
      var sum: Float = 0
      for row in rowRange {
        for column in columnRange { sum += picture.values[row * Thumbnail.size + column] }
      }
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

  private var contrasts: [Float] { [mediastinumToLungs, abdomenToCorners, spineToBorder, neckToCorners] }
  private var mean: Float { contrasts.reduce(0, +) / 4 }

  /// Whether the picture is inverted beyond reasonable doubt.
  var isInverted: Bool { contrasts.allSatisfy { $0 < 0 } && mean < -0.2 }

  /// Whether the picture is an upright chest beyond reasonable doubt, inverted or not. Where it would have to be
  /// inverted and turned, two tags would lie at once: that takes more to believe.
  var isDecided: Bool { isInverted && mean < -0.3 || contrasts.allSatisfy { $0 > 0 } && mean > 0.2 }
}
