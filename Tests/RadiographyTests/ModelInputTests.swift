import Radiography
import Testing

@Suite("Model input")
struct ModelInputTests {
  @Test("agrees with Pillow, numpy and torch", arguments: Goldens.shared.input.indices)
  func agrees(index: Int) {
    let golden = Goldens.shared.input[index]
    var padding: [Bool]?
    if let marked = golden.padding {
      var mask = [Bool](repeating: false, count: golden.rows * golden.columns)
      for position in marked { mask[position] = true }
      padding = mask
    }
    let radiograph = Radiograph(
      rows: golden.rows, columns: golden.columns, values: golden.values.values, padding: padding)
    let box = PixelBox(
      row: golden.box[0], column: golden.box[1], rows: golden.box[2], columns: golden.box[3])
    #expect(radiograph.contentBox == box)

    let input = ModelInput(radiograph, size: golden.size)
    #expect(greatestDifference(input.values, golden.expected.values) < 1e-5)
    #expect(greatestDifference(input.mapBack(golden.expected.values), golden.back.values) < 1e-5)
    let coverage = ModelInput.mask([UInt8](golden.mask), columns: golden.columns, box: box, size: golden.size)
    #expect(greatestDifference(coverage, golden.coverage.values) < 1e-5)
  }

  @Test("quantiles agree with numpy", arguments: Goldens.shared.quantiles.indices)
  func quantiles(index: Int) {
    let golden = Goldens.shared.quantiles[index]
    let found = Quantiles.of(golden.values.values, excluding: nil, at: golden.fractions)
    #expect(greatestDifference(found, golden.expected.values) < 1e-6)

    // Marked values don't count, whatever they are.
    let mixed = golden.values.values.flatMap { [$0, Float(0)] }
    let marks = golden.values.values.flatMap { _ in [false, true] }
    #expect(Quantiles.of(mixed, excluding: marks, at: golden.fractions) == found)
  }

  @Test("brightness scale and offset of the source don't matter")
  func intensityInvariance() {
    let values = Goldens.shared.input[0].values.values
    let rows = Goldens.shared.input[0].rows
    let columns = Goldens.shared.input[0].columns
    let plain = ModelInput(Radiograph(rows: rows, columns: columns, values: values), size: 32)
    let dim = ModelInput(
      Radiograph(rows: rows, columns: columns, values: values.map { 0.3 * $0 + 0.2 }), size: 32)
    #expect(greatestDifference(plain.values, dim.values) < 1e-4)
    #expect(plain.values.allSatisfy { (0...1).contains($0) })
  }

  @Test("a flat image becomes black, not NaN")
  func flat() {
    let input = ModelInput(
      Radiograph(rows: 10, columns: 10, values: [Float](repeating: 0.5, count: 100)), size: 8)
    #expect(input.values == [Float](repeating: 0, count: 64))
  }

  @Test("a map comes back to where it was: neither flipped nor shifted")
  func mapBackGeometry() {
    // A content box off center in a 90 x 60 source; the map's bright quarter is its upper left.
    var padding = [Bool](repeating: true, count: 90 * 60)
    for row in 20..<84 { for column in 8..<40 { padding[row * 60 + column] = false } }
    let radiograph = Radiograph(
      rows: 90, columns: 60, values: [Float](repeating: 0, count: 90 * 60), padding: padding)
    let input = ModelInput(radiograph, size: 16)
    var map = [Float](repeating: 0, count: 256)
    for row in 0..<8 { for column in 0..<8 { map[row * 16 + column] = 1 } }
    let back = input.mapBack(map)
    // The edge lies in the middle of the box: 20 + 32 rows down, 8 + 16 columns to the right.
    for row in 0..<90 {
      for column in 0..<60 {
        let value = back[row * 60 + column]
        let inside = (20..<84).contains(row) && (8..<40).contains(column)
        if !inside { #expect(value == 0) }
        if inside, row < 49, column < 22 { #expect(value == 1) }
        if inside, row >= 55 || column >= 26 { #expect(value == 0) }
      }
    }
    // Half way between: exactly one half along the edge's middle.
    #expect(abs((back[30 * 60 + 23] + back[30 * 60 + 24]) / 2 - 0.5) < 1e-6)
  }

  private func greatestDifference(_ one: [Float], _ other: [Float]) -> Float {
    guard one.count == other.count else { return .infinity }
    return zip(one, other).map { abs($0 - $1) }.max() ?? .infinity
  }
}
