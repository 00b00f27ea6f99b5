import DICOM
import Radiography
import Rendering
import Testing

@Suite("Overlay")
struct OverlayTests {
  static let caption = OverlayCaption(
    pneumoniaProbability: 0.87, finding: "pneumonia", lungFraction: 0.31, lungArea: 41_200,
    modelName: "MultiMix", modelVersion: "1.0.0")

  @Test func anUncertainFindingIsSaidToBeOne() {
    var caption = Self.caption
    #expect(caption.headline == "Pneumonia probability 0.87 - finding: pneumonia")
    caption.isUncertain = true
    #expect(caption.headline == "Pneumonia probability 0.87 - finding: pneumonia (uncertain)")
  }

  /// A square of lung, off center, on a grey field: rows 60..<140, columns 50..<120 of 240 x 300.
  static func square(pixelAspect: Double = 1) -> (radiograph: Radiograph, lung: [Float]) {
    var lung = [Float](repeating: 0, count: 240 * 300)
    for row in 60..<140 { for column in 50..<120 { lung[row * 300 + column] = 1 } }
    let values = [Float](repeating: 0.4, count: 240 * 300)
    return (Radiograph(rows: 240, columns: 300, values: values, pixelAspect: pixelAspect), lung)
  }

  /// How much bluer than red each pixel of a line is: where the outline is.
  private func outline(
    _ picture: RGBPicture, row: Int? = nil, column: Int? = nil, within range: Range<Int>
  ) -> (center: Double, weight: Double) {
    var weight = 0.0
    var sum = 0.0
    for position in range {
      let index = 3 * (row.map { $0 * picture.width + position } ?? (position * picture.width + column!))
      let excess = max(0, Double(picture.pixels[index + 2]) - Double(picture.pixels[index]))
      weight += excess
      sum += excess * (Double(position) + 0.5)
    }
    return (sum / max(weight, 1e-9), weight)
  }

  @Test("the outline of a known square lies on its edges", arguments: [1.0, 2.0, 0.5])
  func outlineGeometry(aspect: Double) throws {
    let (radiograph, lung) = Self.square(pixelAspect: aspect)
    let frames = try Overlay(
      radiograph, lungProbability: lung, saliency: [Float](repeating: 0, count: lung.count),
      caption: Self.caption
    ).frames()
    let across = aspect < 1 ? 1 / aspect : 1
    let down = aspect > 1 ? aspect : 1
    let picture = frames[0]
    #expect(picture.width == Int(300 * across))
    #expect(picture.height > Int(240 * down))
    let middleRow = Int(100 * down)
    let middleColumn = Int(85 * across)
    func scaled(_ range: Range<Int>, _ scale: Double) -> Range<Int> {
      Int(Double(range.lowerBound) * scale)..<Int(Double(range.upperBound) * scale)
    }
    let left = outline(picture, row: middleRow, within: scaled(40..<60, across))
    let right = outline(picture, row: middleRow, within: scaled(110..<130, across))
    let top = outline(picture, column: middleColumn, within: scaled(50..<70, down))
    let bottom = outline(picture, column: middleColumn, within: scaled(130..<150, down))
    #expect(abs(left.center - 50 * across) < 0.6)
    #expect(abs(right.center - 120 * across) < 0.6)
    #expect(abs(top.center - 60 * down) < 0.6)
    #expect(abs(bottom.center - 140 * down) < 0.6)
    for edge in [left, right, top, bottom] { #expect(edge.weight > 150) }
    // Nothing is drawn elsewhere on these lines: no flipped or second copy.
    #expect(outline(picture, row: middleRow, within: scaled(140..<300, across)).weight == 0)
    #expect(outline(picture, column: middleColumn, within: scaled(160..<240, down)).weight == 0)
  }

  @Test("anatomy away from the outline is untouched, and the caption lies below it")
  func anatomyUntouched() throws {
    let values = (0..<240 * 300).map { index -> Float in Float((index * 7919) % 256) / 255 }
    let radiograph = Radiograph(rows: 240, columns: 300, values: values)
    let none = [Float](repeating: 0, count: values.count)
    let frames = try Overlay(
      radiograph, lungProbability: none, saliency: none, caption: Self.caption
    ).frames()
    #expect(frames.count == 2)
    #expect(frames[0].width == frames[1].width && frames[0].height == frames[1].height)
    for picture in frames {
      let shown = picture.pixels.prefix(3 * 240 * 300)
      let expected = values.flatMap { value -> [UInt8] in
        [UInt8](repeating: UInt8(value * 255 + 0.5), count: 3)
      }
      #expect(shown.elementsEqual(expected))
      let band = picture.pixels.suffix(from: 3 * 240 * 300)
      #expect(band.contains { $0 > 200 }, "the band carries text")
    }
  }

  @Test("saliency is coloured where it is, and leaves the rest grey")
  func heatGeometry() throws {
    let (radiograph, _) = Self.square()
    // A blob at row 180, column 70.
    let saliency = (0..<240 * 300).map { index -> Float in
      let row = Float(index / 300 - 180)
      let column = Float(index % 300 - 70)
      return row * row + column * column < 225 ? 1 : 0
    }
    let none = [Float](repeating: 0, count: saliency.count)
    let picture = try Overlay(
      radiograph, lungProbability: none, saliency: saliency, caption: Self.caption
    ).frames()[1]
    var weight = 0.0
    var rowSum = 0.0
    var columnSum = 0.0
    for row in 0..<240 {
      for column in 0..<300 {
        let index = 3 * (row * 300 + column)
        let excess = max(0, Double(picture.pixels[index]) - Double(picture.pixels[index + 2]))
        weight += excess
        rowSum += excess * Double(row)
        columnSum += excess * Double(column)
        let distance = Double((row - 180) * (row - 180) + (column - 70) * (column - 70)).squareRoot()
        if distance > 40 { #expect(picture.pixels[index..<index + 3].allSatisfy { $0 == 102 }) }
      }
    }
    #expect(weight > 10_000)
    #expect(abs(rowSum / weight - 180) < 1 && abs(columnSum / weight - 70) < 1)
  }

  @Test("anatomy is readable under the hottest spot")
  func transparency() throws {
    // Stripes of two greys under saliency that is strongest everywhere in the middle.
    let values = (0..<240 * 300).map { index -> Float in index % 300 / 4 % 2 == 0 ? 0.3 : 0.7 }
    let saliency = (0..<240 * 300).map { index -> Float in
      abs(index / 300 - 120) < 40 && abs(index % 300 - 150) < 40 ? 1 : 0
    }
    let picture = try Overlay(
      Radiograph(rows: 240, columns: 300, values: values),
      lungProbability: [Float](repeating: 0, count: values.count), saliency: saliency,
      caption: Self.caption
    ).frames()[1]
    let dark = 3 * (120 * 300 + 145)
    let bright = 3 * (120 * 300 + 149)
    let difference = Int(picture.pixels[bright + 1]) - Int(picture.pixels[dark + 1])
    #expect(difference > 30, "of 102 without the heat map")
    #expect(Int(picture.pixels[dark]) - Int(picture.pixels[dark + 2]) > 60, "and the colour is strong")
  }

  @Test("text fits into the band at every size", arguments: [200, 224, 512, 1024, 4000])
  func textFits(width: Int) throws {
    let height = max(50, width / 8)
    let values = [Float](repeating: 0, count: width * height)
    let radiograph = Radiograph(
      rows: height, columns: width, values: values, notes: [.polarityContradictsTag(tag: "MONOCHROME1")])
    let pictures =
      try Overlay(radiograph, lungProbability: values, saliency: values, caption: Self.caption).frames()
      + [Overlay(radiograph, lungProbability: values, saliency: values, caption: Self.caption).sideBySide()]
    for picture in pictures {
      let ground = picture.pixels.suffix(3)
      // The outermost columns and the last rows of the band hold nothing: no letter is cut off.
      for row in height..<picture.height {
        for column in [0, 1, picture.width - 2, picture.width - 1] {
          let index = 3 * (row * picture.width + column)
          #expect(picture.pixels[index..<index + 3].elementsEqual(ground))
        }
      }
      let lastRows = picture.pixels.suffix(3 * picture.width * 2)
      let groundBytes = Array(ground)
      #expect(lastRows.enumerated().allSatisfy { offset, byte in byte == groundBytes[offset % 3] })
      // The warning's amber is there.
      let pixels = picture.pixels
      #expect(stride(from: 0, to: pixels.count, by: 3).contains { pixels[$0] > 200 && pixels[$0 + 2] < 90 })
    }
  }

  @Test("the side-by-side picture holds both panels")
  func sideBySide() throws {
    let (radiograph, lung) = Self.square()
    let picture = try Overlay(radiograph, lungProbability: lung, saliency: lung, caption: Self.caption)
      .sideBySide()
    let frames = try Overlay(radiograph, lungProbability: lung, saliency: lung, caption: Self.caption)
      .frames()
    #expect(picture.width > 600)
    let shift = picture.width - 300
    for row in stride(from: 0, to: 240, by: 7) {
      for (frame, start) in [(frames[0], 0), (frames[1], shift)] {
        let panel = picture.pixels[
          3 * (row * picture.width + start)..<3 * (row * picture.width + start + 300)]
        #expect(panel.elementsEqual(frame.pixels[3 * row * 300..<3 * (row + 1) * 300]))
      }
    }
  }

  @Test("a map of another size is refused by name")
  func wrongSize() {
    let (radiograph, lung) = Self.square()
    #expect(throws: OverlayError.mapSize(name: "saliency", expected: 72_000, found: 3)) {
      try Overlay(radiograph, lungProbability: lung, saliency: [1, 2, 3], caption: Self.caption).sideBySide()
    }
  }
}
