import DICOM
import Radiography
import Testing

@Suite("Polarity")
struct PolarityTests {
  /// A chest in four strokes: dark air and lungs, bright mediastinum and abdomen. Stored values, 12 bits.
  static let chest: [Int32] = (0..<128 * 128).map { index in
    let x = Double(index % 128) / 128
    let y = Double(index / 128) / 128
    func inside(_ cx: Double, _ cy: Double, _ rx: Double, _ ry: Double) -> Bool {
      (x - cx) * (x - cx) / (rx * rx) + (y - cy) * (y - cy) / (ry * ry) < 1
    }
    if inside(0.28, 0.45, 0.13, 0.28) || inside(0.72, 0.45, 0.13, 0.28) { return 900 }
    if abs(x - 0.5) < 0.12 || y > 0.75 { return 3400 }
    return inside(0.5, 0.6, 0.47, 0.55) ? 2400 : 150
  }

  private func read(_ pixels: [Int32], photometric: String) throws -> Radiograph {
    try Radiograph(
      .grey(pixels, rows: 128, columns: 128, photometric: photometric),
      of: .radiograph(rows: 128, columns: 128, photometric: photometric))
  }

  @Test("a tag that tells the truth is believed")
  func truth() throws {
    let plain = try read(Self.chest, photometric: "MONOCHROME2")
    let inverted = try read(Self.chest.map { 4095 - $0 }, photometric: "MONOCHROME1")
    for radiograph in [plain, inverted] {
      #expect(!radiograph.notes.map(\.code).contains("polarity_contradicts_tag"))
    }
    #expect(zip(plain.values, inverted.values).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test("a tag that lies is corrected and named", arguments: ["MONOCHROME1", "MONOCHROME2"])
  func lie(tag: String) throws {
    let pixels = tag == "MONOCHROME1" ? Self.chest : Self.chest.map { 4095 - $0 }
    let radiograph = try read(pixels, photometric: tag)
    #expect(radiograph.notes.contains(.polarityContradictsTag(tag: tag)))
    let truth = try read(Self.chest, photometric: "MONOCHROME2")
    #expect(zip(radiograph.values, truth.values).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test("a picture that its window has made black and white is no witness against its tag")
  func clipped() throws {
    // Grain, so that a narrow window makes one of different values.
    let pixels = Self.chest.enumerated().map { index, value in value + Int32(index % 7) }
    var dataSet = DataSet.radiograph(rows: 128, columns: 128, photometric: "MONOCHROME1")
    dataSet.set(.windowCenter, 2000.0)
    dataSet.set(.windowWidth, 100.0)
    let frame = Frame.grey(pixels, rows: 128, columns: 128, photometric: "MONOCHROME1")
    #expect(!(try Radiograph(frame, of: dataSet).notes.map(\.code).contains("polarity_contradicts_tag")))
  }

  @Test("pictures that are no chest are left alone")
  func notAChest() throws {
    let gradient = (0..<128 * 128).map { Int32($0 % 128) * 30 }
    let noise = (0..<128 * 128).map { Int32(($0 &* 2_654_435_761) >> 7 & 4095) }
    // A white frame, as of a badly cropped film: one contrast says inverted, the others don't.
    let framed = Self.chest.enumerated().map { index, value in
      let edge = min(index % 128, 127 - index % 128, index / 128, 127 - index / 128)
      return edge < 8 ? 4095 : value
    }
    for pixels in [gradient, noise, framed] {
      for photometric in ["MONOCHROME1", "MONOCHROME2"] where pixels != framed || photometric == "MONOCHROME2"
      {
        let codes = try read(pixels, photometric: photometric).notes.map(\.code)
        #expect(!codes.contains("polarity_contradicts_tag"))
      }
    }
  }
}
