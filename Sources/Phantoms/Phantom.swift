public import Archive
internal import Tensors

/// A synthetic chest radiograph with exact lung masks; the same seed gives the same picture.
///
/// A made-up patient (thorax, lungs, heart, great vessels, trachea, diaphragm, gastric bubble, ribs, clavicles,
/// shoulders, spine, pulmonary vessels, on demand a consolidation) is projected along parallel rays, attenuated
/// and recorded with scatter and quantum noise. Lungs are outlined to the edge of the spine and down to the
/// diaphragm, behind the heart too, as the public lung masks are that networks learn from.
public struct Phantom: Sendable {
  public let seed: UInt64
  /// Height and width in pixels.
  public let rows, columns: Int
  /// Row by row, 0 black ... 1 white.
  public let values: [Float]
  /// The patient's right lung, on the left of the picture: 1 inside, row by row.
  public let rightLung: [UInt8]
  /// The patient's left lung: 1 inside, row by row.
  public let leftLung: [UInt8]
  /// Pneumonia when an opacity was drawn.
  public let finding: Finding
  /// Millimeters from one pixel center to the next, both ways.
  public let pixelSpacing: Double
  /// Whether the picture shows a child.
  public let isChild: Bool
  /// Distance of the shutter's edge from the border of the picture, in pixels; 0 without a visible shutter.
  public let border: Int

  /// Draws a phantom.
  /// - Parameters:
  ///   - seed: decides everything but the finding and the size.
  ///   - size: longer side in pixels, at least 64.
  ///   - finding: whether to draw an opacity.
  public init(seed: UInt64, size: Int, finding: Finding) {
    precondition(size >= 64, "a phantom needs 64 pixels at least")
    var random = SplitMix64(seed)
    let anatomy = PhantomAnatomy(random: &random)
    let aspect = anatomy.scale < 0.8 ? random.uniform(0.72...0.95) : random.uniform(0.88...1.15)
    rows = aspect > 1 ? size : Int((Double(size) * aspect).rounded())
    columns = aspect > 1 ? Int((Double(size) / aspect).rounded()) : size
    let pose = Self.pose(anatomy, rows: rows, columns: columns, random: &random)
    var projection = PhantomProjection(anatomy: anatomy, pose: pose, rows: rows, columns: columns)
    // The skeleton and vessels have generators of their own: an opacity leaves all else as it was.
    var skeleton = SplitMix64(random.next())
    var vessels = SplitMix64(random.next())
    var opacity = SplitMix64(random.next())
    projection.addSkeleton(random: &skeleton)
    projection.addVessels(random: &vessels)
    if finding == .pneumonia { projection.addOpacity(random: &opacity) }
    var picture = PhantomDetector(random: &random).expose(projection, random: &random)
    border = random.chance(0.5) ? Int(Double(size) * random.uniform(0.012...0.035)) : 0
    Self.drawMarker(on: &picture, random: &random)
    Self.shut(&picture, border: border)
    self.seed = seed
    self.finding = finding
    values = picture.values.map { min(max($0, 0), 1) }
    rightLung = projection.rightLung
    leftLung = projection.leftLung
    pixelSpacing = pose.spacing * 10
    isChild = anatomy.scale < 0.8
  }

  /// Puts the lungs into the picture, with some room around them.
  private static func pose(
    _ anatomy: PhantomAnatomy, rows: Int, columns: Int, random: inout SplitMix64
  ) -> PhantomProjection.Pose {
    let width = anatomy.lungWidth.values.reduce(0, +)
    let height = anatomy.lungHeight.values.max() ?? 1
    let spacing = max(
      width * random.uniform(1.12...1.3) / Double(columns), height * random.uniform(1.2...1.38) / Double(rows)
    )
    let top = (Double(rows) * spacing - height) * random.uniform(0.42...0.62)
    return PhantomProjection.Pose(
      row: top / spacing, column: Double(columns) * (0.5 + random.normal() * 0.012),
      angle: random.normal() * 0.022, spacing: spacing)
  }

  /// The side marker: an R of lead at the patient's right shoulder.
  private static func drawMarker(on picture: inout PhantomField, random: inout SplitMix64) {
    let height = Double(picture.rows) * random.uniform(0.035...0.05)
    let row = Double(picture.rows) * random.uniform(0.06...0.12)
    let column = Double(picture.columns) * random.uniform(0.05...0.09)
    let strokes: [[(Double, Double)]] = [
      [(0, 1), (0, 0), (0.42, 0), (0.6, 0.1), (0.65, 0.25), (0.6, 0.4), (0.42, 0.5), (0, 0.5)],
      [(0.3, 0.5), (0.68, 1)],
    ]
    for stroke in strokes {
      for (from, to) in zip(stroke, stroke.dropFirst()) {
        for step in 0...40 {
          let share = Double(step) / 40
          let x = column + (from.0 + (to.0 - from.0) * share) * height
          let y = row + (from.1 + (to.1 - from.1) * share) * height
          picture.stamp(row: y, column: x, radius: 0.075 * height * picture.spacing) { _ in 1 }
        }
      }
    }
  }

  private static func shut(_ picture: inout PhantomField, border: Int) {
    guard border > 0 else { return }
    for r in 0..<picture.rows {
      for c in 0..<picture.columns
      where min(r, c, picture.rows - 1 - r, picture.columns - 1 - c) < border {
        picture.values[r * picture.columns + c] = 0
      }
    }
  }
}
