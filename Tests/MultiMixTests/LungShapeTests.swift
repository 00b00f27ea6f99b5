import MultiMix
import Testing

/// What the gate behind the network makes of masks.
@Suite struct LungShapeTests {
  private let side = 64

  /// Two lungs as ellipses, each with its upper end nearer the middle; between them and around lies brightness.
  private func chest(certainty: Float = 0.97, lungs: [Int] = [0, 1], turned: Bool = false)
    -> (mask: [Float], image: [Float])
  {
    var mask = [Float](repeating: 1 - certainty, count: side * side)
    var image = [Float](repeating: 0.8, count: side * side)
    for row in 0..<side {
      for column in 0..<side {
        let (y, x) = turned ? (column, row) : (row, column)
        for lung in lungs {
          let v = (Double(y) - 30) / 22
          let middle = lung == 0 ? 19 - 3 * v : 45 + 3 * v
          let u = (Double(x) - middle) / 9
          if u * u + v * v <= 1 {
            mask[row * side + column] = certainty
            image[row * side + column] = 0.3
          }
        }
      }
    }
    return (mask, image)
  }

  @Test func aPairOfLungs() {
    let (mask, image) = chest()
    let shape = LungShape(mask, in: image, side: side)
    #expect(shape.regions == 2 && shape.verdict == .lungs && shape.likeness > 0.8)
    #expect(abs(shape.certainty - 0.94) < 0.01 && abs(shape.contrast - 0.5) < 1e-6)
  }

  @Test func nothingAndOneAreNone() {
    let nothing = LungShape([Float](repeating: 0.01, count: side * side), in: chest().image, side: side)
    #expect(nothing.regions == 0 && nothing.area == 0 && nothing.verdict == .notFound)
    let one = chest(lungs: [0])
    #expect(LungShape(one.mask, in: one.image, side: side).verdict == .notFound)
  }

  /// The same two regions, lying, bright or doubtful, are stranger each, and together too strange.
  @Test func whatIsStrangeAddsUp() {
    let (mask, image) = chest()
    let usual = LungShape(mask, in: image, side: side)
    let lying = chest(turned: true)
    let onItsSide = LungShape(lying.mask, in: lying.image, side: side)
    #expect(onItsSide.strangeness > usual.strangeness + 2)
    let bright = LungShape(mask, in: image.map { 1 - $0 }, side: side)
    #expect(bright.contrast < 0 && bright.strangeness > usual.strangeness + 1 && bright.verdict != .notFound)
    let doubt = chest(certainty: 0.85)
    let doubtful = LungShape(doubt.mask, in: doubt.image, side: side)
    #expect(doubtful.strangeness > usual.strangeness + 4 && doubtful.verdict != .lungs)
    let both = chest(certainty: 0.85, turned: true)
    #expect(LungShape(both.mask, in: both.image, side: side).verdict == .notFound)
  }

  @Test func aSpeckIsNoPairOfLungs() {
    let (mask, image) = chest()
    var small = [Float](repeating: 0.01, count: side * side)
    for row in 0..<side / 4 {
      for column in 0..<side / 4 {
        small[(row + 20) * side + column + 20] = mask[4 * row * side + 4 * column]
      }
    }
    #expect(LungShape(small, in: image, side: side).verdict == .notFound)
  }
}
