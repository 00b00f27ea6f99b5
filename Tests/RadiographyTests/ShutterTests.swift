import DICOM
import Radiography
import Testing

@Suite("Display shutter")
struct ShutterTests {
  /// 20 x 30, brighter to the right, and bright where the shutter covers.
  private func radiograph(_ change: (inout DataSet) -> Void) throws -> Radiograph {
    let pixels = (0..<20 * 30).map { Int32($0 % 30 * 10) }
    var dataSet = DataSet.radiograph(rows: 20, columns: 30)
    change(&dataSet)
    return try Radiograph(.grey(pixels, rows: 20, columns: 30), of: dataSet)
  }

  private func rectangle(left: Int, right: Int, top: Int, bottom: Int) -> (inout DataSet) -> Void {
    { dataSet in
      dataSet.set(.shutterShape, "RECTANGULAR")
      dataSet.set(.shutterLeftVerticalEdge, left)
      dataSet.set(.shutterRightVerticalEdge, right)
      dataSet.set(.shutterUpperHorizontalEdge, top)
      dataSet.set(.shutterLowerHorizontalEdge, bottom)
    }
  }

  @Test("what it covers is black, outside of the box and out of the statistics")
  func rectangular() throws {
    let radiograph = try radiograph(rectangle(left: 6, right: 15, top: 3, bottom: 18))
    #expect(radiograph.contentBox == PixelBox(row: 2, column: 5, rows: 16, columns: 10))
    #expect(radiograph.padding?.count(where: { !$0 }) == 160)
    // The full range is that of the ten columns which are seen.
    #expect(radiograph.values[2 * 30 + 5] == 0 && radiograph.values[2 * 30 + 14] == 1)
    #expect(radiograph.values[29] == 0)
  }

  @Test("circles and polygons leave what lies within, their border too")
  func otherShapes() throws {
    let round = try radiograph {
      $0.set(.shutterShape, "CIRCULAR")
      $0.set(.centerOfCircularShutter, [10, 15])
      $0.set(.radiusOfCircularShutter, 5)
    }
    #expect(round.contentBox == PixelBox(row: 4, column: 9, rows: 11, columns: 11))
    #expect(round.padding?.count(where: { !$0 }) == 81)
    let pointed = try radiograph {
      $0.set(.shutterShape, "POLYGONAL")
      $0.set(.verticesOfThePolygonalShutter, [5, 10, 5, 20, 15, 20, 15, 10])
    }
    #expect(pointed.contentBox == PixelBox(row: 4, column: 9, rows: 11, columns: 11))
    #expect(pointed.padding?.count(where: { !$0 }) == 121)
    let both = try radiograph {
      rectangle(left: 1, right: 15, top: 1, bottom: 20)(&$0)
      $0.set(.shutterShape, ["RECTANGULAR", "CIRCULAR"])
      $0.set(.centerOfCircularShutter, [10, 15])
      $0.set(.radiusOfCircularShutter, 5)
    }
    #expect(both.contentBox == PixelBox(row: 4, column: 9, rows: 11, columns: 6))
  }

  @Test("one that covers everything isn't believed; one that makes no sense is none")
  func nonsense() throws {
    let beyond = try radiograph(rectangle(left: 100, right: 200, top: 100, bottom: 200))
    #expect(beyond.padding == nil && beyond.notes.contains(.shutterIgnored))
    for change in [
      rectangle(left: 20, right: 10, top: 3, bottom: 18), { $0.set(.shutterShape, "BITMAP") },
      { $0.set(.shutterShape, "CIRCULAR") },
    ] {
      let plain = try radiograph(change)
      #expect(plain.padding == nil && !plain.notes.contains(.shutterIgnored))
    }
    let whole = try radiograph(rectangle(left: 1, right: 30, top: 1, bottom: 20))
    #expect(whole.padding == nil)
  }
}
