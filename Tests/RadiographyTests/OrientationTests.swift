import DICOM
import Radiography
import Testing

@Suite("Orientation")
struct OrientationTests {
  static let side = 128
  static let turnings: [Turning] = [false, true].flatMap { transposes in
    [false, true].flatMap { rows in
      [false, true].map { Turning(transposes: transposes, reversesRows: rows, reversesColumns: $0) }
    }
  }

  /// A chest in strokes, its heart to the viewer's right, so that no turning leaves it as it is.
  static let chest: [Int32] = (0..<side * side).map { index in
    let x = (Double(index % side) + 0.5) / Double(side)
    let y = (Double(index / side) + 0.5) / Double(side)
    func inside(_ cx: Double, _ cy: Double, _ rx: Double, _ ry: Double) -> Bool {
      (x - cx) * (x - cx) / (rx * rx) + (y - cy) * (y - cy) / (ry * ry) < 1
    }
    if inside(0.58, 0.62, 0.17, 0.14) { return 3000 }
    let isUnderDiaphragm = y > 0.78 - 0.1 * (1 - abs(abs(x - 0.5) - 0.24) / 0.26)
    if !isUnderDiaphragm, inside(0.27, 0.5, 0.15, 0.38) || inside(0.73, 0.5, 0.15, 0.38) { return 900 }
    if abs(x - 0.5) < 0.1 || isUnderDiaphragm && abs(x - 0.5) < 0.46 { return 3400 }
    if abs(x - 0.5) < 0.46 && y > 0.13 + 0.5 * max(0, abs(x - 0.5) - 0.2) { return 2300 }
    return 150
  }

  private func read(
    _ pixels: [Int32], rows: Int = side, columns: Int = side, orientation: String?,
    photometric: String = "MONOCHROME2"
  ) throws -> Radiograph {
    var dataSet = DataSet.radiograph(rows: rows, columns: columns, photometric: photometric)
    if let orientation { dataSet.set(.patientOrientation, orientation) }
    return try Radiograph(.grey(pixels, rows: rows, columns: columns, photometric: photometric), of: dataSet)
  }

  /// Row and column direction of an upright picture after `turning`.
  private func orientation(after turning: Turning) -> String {
    // The direction in which upright rows and columns run, seen from the turned picture.
    let row = turning.reversesColumns ? "R" : "L"
    let column = turning.reversesRows ? "H" : "F"
    let inverse = turning.inverse
    let (left, down) = (inverse.reversesColumns ? "R" : "L", inverse.reversesRows ? "H" : "F")
    return turning.transposes ? "\(down)\\\(left)" : "\(row)\\\(column)"
  }

  @Test("every turning is undone by its inverse and moves a matrix as it says", arguments: turnings)
  func turning(_ turning: Turning) {
    let matrix = Array(0..<6)  // 2 x 3
    let turned = turning(matrix, rows: 2, columns: 3)
    let size = turning.size(rows: 2, columns: 3)
    #expect(turning.inverse(turned, rows: size.rows, columns: size.columns) == matrix)
    #expect(Set(turned).count == 6)
    let corner =
      turning.transposes
      ? (row: turning.reversesColumns ? 1 : 0, column: turning.reversesRows ? 2 : 0)
      : (row: turning.reversesRows ? 1 : 0, column: turning.reversesColumns ? 2 : 0)
    #expect(turned[0] == corner.row * 3 + corner.column)
  }

  @Test("a picture whose tag tells how it lies is turned upright", arguments: turnings)
  func stated(_ turning: Turning) throws {
    let upright = try read(Self.chest, orientation: "L\\F")
    #expect(upright.turning == .none && !upright.notes.map(\.code).contains("righted"))
    let pixels = turning(Self.chest, rows: Self.side, columns: Self.side)
    for lower in [false, true] {
      let tag = orientation(after: turning)
      let radiograph = try read(pixels, orientation: lower ? tag.lowercased() : tag)
      #expect(radiograph.values == upright.values, "\(tag)")
      #expect(radiograph.turning == turning.inverse)
      #expect(radiograph.notes.map(\.code).contains("righted") == (turning != .none))
      #expect(radiograph.rightedOrientation == (turning == .none ? nil : ["L", "F"]))
    }
  }

  @Test(
    "a picture that stands on its head or lies on its side beyond doubt is righted without a tag, or against it"
  )
  func contradicted() throws {
    let upright = try read(Self.chest, orientation: nil)
    #expect(upright.turning == .none)
    #expect(!upright.notes.map(\.code).contains("orientation_contradicts_tag"))
    let turned = [
      Turning(reversesRows: true, reversesColumns: true), Turning(transposes: true, reversesColumns: true),
      Turning(transposes: true, reversesRows: true),
    ]
    for turning in turned {
      let pixels = turning(Self.chest, rows: Self.side, columns: Self.side)
      for tag in [nil, "L\\F"] {
        for photometric in ["MONOCHROME1", "MONOCHROME2"] {
          // Whether bone is white doesn't matter, and is put right as well.
          let radiograph = try read(pixels, orientation: tag, photometric: photometric)
          #expect(radiograph.turning == turning.inverse)
          #expect(zip(radiograph.values, upright.values).allSatisfy { abs($0 - $1) < 1e-5 })
          #expect(radiograph.notes.map(\.code).contains("orientation_contradicts_tag"))
          #expect(radiograph.rightedOrientation == [])
        }
      }
    }
    // A tag that asks to turn what stands upright.
    for tag in ["R\\H", "F\\R", "H\\L", "L\\H"] {
      let radiograph = try read(Self.chest, orientation: tag)
      #expect(radiograph.turning == .none, "\(tag)")
      #expect(radiograph.notes.map(\.code).contains("orientation_contradicts_tag"))
    }
  }

  @Test("a tag with its values in the wrong order is understood where the picture agrees")
  func swapped() throws {
    let onHead = Turning(reversesRows: true)
    let pixels = onHead(Self.chest, rows: Self.side, columns: Self.side)
    let radiograph = try read(pixels, orientation: "H\\L")
    #expect(radiograph.turning == onHead)
    #expect(radiograph.rightedOrientation == ["L", "F"])
  }

  @Test("what a tag says that is no orientation of a frontal view changes nothing")
  func nonsense() throws {
    for tag in ["UP\\DOWN", "L", "L\\R", "F\\F", "left\\foot", "L/F", "A\\F"] {
      let radiograph = try read(Self.chest, orientation: tag)
      #expect(radiograph.turning == .none, "\(tag)")
    }
    let words = try read(
      Turning(reversesRows: true, reversesColumns: true)(Self.chest, rows: Self.side, columns: Self.side),
      orientation: "RIGHT\\HEAD")
    #expect(words.notes.map(\.code).contains("righted"))
  }

  @Test("padding, content box, spacing and aspect turn with the picture")
  func geometry() throws {
    // 2 x 3, the left column padding.
    var dataSet = DataSet.radiograph(rows: 2, columns: 3)
    dataSet.set(.patientOrientation, ["F", "R"])
    dataSet.set(.pixelPaddingValue, 0)
    dataSet.set(.imagerPixelSpacing, [0.2, 0.1])
    let radiograph = try Radiograph(.grey([0, 100, 200, 0, 300, 400], rows: 2, columns: 3), of: dataSet)
    #expect(radiograph.rows == 3 && radiograph.columns == 2)
    #expect(radiograph.contentBox == PixelBox(row: 1, column: 0, rows: 2, columns: 2))
    #expect(radiograph.padding == [true, true, false, false, false, false])
    #expect(radiograph.pixelAspect == 0.5)
    #expect(radiograph.pixelSpacing?.row == 0.1 && radiograph.pixelSpacing?.column == 0.2)
    let stored = radiograph.turning.inverse(radiograph.values, rows: 3, columns: 2)
    #expect(stored[1] < stored[2] && stored[2] < stored[4] && stored[4] < stored[5])
  }

  @Test("no picture of noise, stripes or a gradient is turned")
  func notAChest() throws {
    let noise = (0..<Self.side * Self.side).map { Int32(($0 &* 2_654_435_761) >> 7 & 4095) }
    let stripes = (0..<Self.side * Self.side).map { Int32($0 / Self.side / 16 % 2) * 4000 }
    let gradient = (0..<Self.side * Self.side).map { Int32($0 / Self.side) * 30 }
    for pixels in [noise, stripes, gradient] {
      #expect(try read(pixels, orientation: nil).turning == .none)
    }
  }
}
