import Analysis
import DICOM
import Radiography
import Testing

@Suite("Masks of the lungs")
struct LungMasksTests {
  private let rows = 600
  private let columns = 500

  /// Probabilities of ellipses: center, half axes.
  private func map(_ ellipses: [(row: Double, column: Double, high: Double, wide: Double)]) -> [Float] {
    (0..<rows * columns).map { pixel in
      let (row, column) = (Double(pixel / columns), Double(pixel % columns))
      return ellipses.contains {
        let (y, x) = ((row - $0.row) / $0.high, (column - $0.column) / $0.wide)
        return x * x + y * y <= 1
      } ? 0.9 : 0.1
    }
  }

  private func masks(_ map: [Float]) -> [LungMasks.Lung] {
    let radiograph = Radiograph(
      rows: rows, columns: columns, values: [Float](repeating: 0.5, count: rows * columns))
    return LungMasks(map, of: radiograph).lungs
  }

  /// Whether a mask holds a place.
  private func holds(_ lung: LungMasks.Lung, _ row: Int, _ column: Int) -> Bool {
    lung.mask[row * columns + column] == 1
  }

  @Test("the patient's right lung is at the viewer's left")
  func sides() {
    let map = map([(300, 130, 200, 90), (300, 360, 200, 80)])
    let lungs = masks(map)
    #expect(lungs.map(\.concept) == [.rightLung, .leftLung])
    #expect(holds(lungs[0], 300, 130) && !holds(lungs[1], 300, 130))
    #expect(holds(lungs[1], 300, 360) && !holds(lungs[0], 300, 360))
    // Together they are all of the lungs, and no pixel is in both.
    for (pixel, probability) in map.enumerated() {
      #expect(lungs[0].mask[pixel] + lungs[1].mask[pixel] == (probability >= 0.5 ? 1 : 0))
    }
  }

  @Test("lungs off the picture's middle keep their sides")
  func shifted() {
    let lungs = masks(map([(300, 60, 150, 50), (300, 190, 150, 50)]))
    #expect(holds(lungs[0], 300, 60) && holds(lungs[1], 300, 190))
    #expect(lungs[0].pixels > 20_000 && lungs[1].pixels > 20_000)
  }

  @Test("lungs that touch are parted where they are narrowest")
  func joined() {
    let lungs = masks(map([(300, 130, 200, 90), (300, 360, 200, 90), (300, 245, 20, 60)]))
    #expect(holds(lungs[0], 150, 130) && holds(lungs[1], 150, 360))
    #expect(!holds(lungs[1], 300, 200) && !holds(lungs[0], 300, 290))
    #expect(abs(lungs[0].pixels - lungs[1].pixels) < 3000)
  }

  @Test("one lung in two parts is one lung; a missing lung is an empty mask")
  func parts() {
    let lungs = masks(map([(170, 130, 100, 90), (430, 130, 100, 90)]))
    #expect(holds(lungs[0], 170, 130) && holds(lungs[0], 430, 130))
    #expect(lungs[1].pixels == 0)
    #expect(masks(map([])).map(\.pixels) == [0, 0])
  }

  @Test("an island goes with the side on which it lies")
  func island() {
    let lungs = masks(map([(300, 130, 200, 90), (300, 360, 200, 90), (560, 300, 12, 12)]))
    #expect(holds(lungs[1], 560, 300))
  }
}
