import Radiography
import Testing

@Suite struct SquareViewTests {
  /// A ramp between its own percentiles, wherever it is cut from: what lies outside has no say.
  @Test func aPartIsStretchedByItsOwnValues() {
    let side = 64
    let square = (0..<side * side).map { index -> Float in
      let (row, column) = (index / side, index % side)
      return (16..<48).contains(row) && (8..<40).contains(column) ? 0.3 + 0.005 * Float(column - 8) : 1
    }
    let part = SquareView.values(
      of: square, side: side, box: PixelBox(row: 16, column: 8, rows: 32, columns: 32), size: 32)
    #expect(part.min() == 0 && part.max() == 1)
    for column in 1..<31 {
      #expect(abs(part[5 * 32 + column] - Float(column) / 31) < 1e-4)
    }
  }

  @Test func theWholeSquareIsThePicture() {
    let side = 32
    let square = (0..<side * side).map { Float($0 % 97) / 96 }
    let all = SquareView.values(of: square, side: side, box: PixelBox(rows: side, columns: side), size: side)
    #expect(zip(all, square).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test func aFlatPartIsBlack() {
    let part = SquareView.values(
      of: [Float](repeating: 0.5, count: 64), side: 8, box: PixelBox(row: 1, column: 1, rows: 3, columns: 5),
      size: 4)
    #expect(part == [Float](repeating: 0, count: 16))
  }

  @Test func detailIsTwiceAsFine() { #expect(SquareView.detail(of: 256) == 512) }
}
