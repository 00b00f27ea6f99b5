import DICOM
import Radiography
import Rendering
import Testing

@Suite("Size of an overlay")
struct OverlaySizeTests {
  @Test(
    "no side of a frame is longer than asked for, bands and all", arguments: [512, 600, 1000, 1300, 4000])
  func longestSide(side: Int) throws {
    for aspect in [1.0, 2.0, 0.5] {
      let radiograph = Radiograph(
        rows: 1000, columns: 800, values: [Float](repeating: 0.4, count: 800_000), pixelAspect: aspect)
      let lung = (0..<800_000).map { index -> Float in
        (200..<600).contains(index / 800) && (100..<300).contains(index % 800) ? 1 : 0
      }
      let whole = try Overlay(
        radiograph, lungProbability: lung, saliency: lung, caption: OverlayTests.caption
      ).frames()
      let frames = try Overlay(
        radiograph, lungProbability: lung, saliency: lung, caption: OverlayTests.caption, longestSide: side
      ).frames()
      #expect(frames.allSatisfy { max($0.width, $0.height) <= side })
      // Nothing is magnified, and nothing is smaller than it must be.
      let natural = max(whole[0].width, whole[0].height)
      #expect(max(frames[0].width, frames[0].height) >= min(natural, side * 9 / 10))
      if natural <= side { #expect(frames == whole) }
    }
  }

  @Test("a line with fewer points stays where it was")
  func simplified() {
    let circle = (0..<1000).map { index -> Point in
      let angle = Double(index) / 1000 * 2 * .pi
      return Point(x: 500 + 400 * cosine(angle), y: 500 + 400 * cosine(angle - .pi / 2))
    }
    let line = IsoLine(points: circle, isClosed: true)
    let short = line.simplified(tolerance: 0.5)
    #expect(short.isClosed && short.points.count < 130 && short.points.count > 20)
    // The corners of a polygon within half a pixel of the circle lie on it, and so do the middles of its sides.
    for (point, next) in zip(short.points, short.points.dropFirst() + short.points.prefix(1)) {
      for place in [point, Point(x: (point.x + next.x) / 2, y: (point.y + next.y) / 2)] {
        let (dx, dy): (Double, Double) = (place.x - 500, place.y - 500)
        #expect(abs((dx * dx + dy * dy).squareRoot() - 400) < 0.6)
      }
    }
    let straight = IsoLine(points: (0...9).map { Point(x: Double($0), y: 2) }, isClosed: false)
    #expect(straight.simplified(tolerance: 0.1).points == [Point(x: 0, y: 2), Point(x: 9, y: 2)])
  }

  private func cosine(_ angle: Double) -> Double {
    var x = angle.truncatingRemainder(dividingBy: 2 * .pi)
    if x > .pi { x -= 2 * .pi }
    var (term, sum) = (1.0, 1.0)
    for index in stride(from: 2, through: 30, by: 2) {
      term *= -x * x / Double(index * (index - 1))
      sum += term
    }
    return sum
  }

  @Test("the lungs' outline lies on their edges, within a fraction of a network's pixel")
  func outline() throws {
    let (radiograph, lung) = OverlayTests.square()
    let lines = LungOutline.lines(lung, of: radiograph)
    #expect(lines.count == 1 && lines[0].isClosed)
    let (x, y) = (lines[0].points.map(\.x), lines[0].points.map(\.y))
    #expect(abs((x.min() ?? 0) - 50) < 0.7 && abs((x.max() ?? 0) - 120) < 0.7)
    #expect(abs((y.min() ?? 0) - 60) < 0.7 && abs((y.max() ?? 0) - 140) < 0.7)
  }
}
