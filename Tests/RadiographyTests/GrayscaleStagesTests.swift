import DICOM
import Radiography
import Testing

/// A presentation state's stages show stored pixels as the radiograph does.
@Suite("Grayscale stages")
struct GrayscaleStagesTests {
  /// PS3.4 section N.2, as a viewer applies a presentation state.
  private func shown(_ stored: Int32, _ stages: GrayscaleStages) -> Double {
    func entry(_ table: GrayscaleStages.Table, _ value: Double) -> Double {
      let index = min(max(Int(value.rounded()) - table.firstMapped, 0), table.entries.count - 1)
      return Double(table.entries[index])
    }
    let value =
      switch stages.modality {
      case .none: Double(stored)
      case .rescale(let slope, let intercept): Double(stored) * slope + intercept
      }
    let brightness =
      switch stages.voi {
      case .linear(let center, let width):
        width == 1
          ? value <= center - 0.5 ? 0 : 1
          : min(max((value - (center - 0.5)) / (width - 1) + 0.5, 0), 1)
      case .sigmoid(let center, let width): 1 / (1 + exp(-4 * (value - center) / width))
      case .lookup(let table): entry(table, value) / 65_535
      }
    return stages.isInverse ? 1 - brightness : brightness
  }

  private func exp(_ x: Double) -> Double {
    // e^x by squaring: Foundation isn't needed for it.
    var result = 1.0
    var term = 1.0
    for index in 1...24 {
      term *= x / 1024 / Double(index)
      result += term
    }
    for _ in 0..<10 { result *= result }
    return result
  }

  static let cases: [@Sendable (inout DataSet) -> Void] = [
    { _ in },
    {
      $0.set(.windowCenter, 300)
      $0.set(.windowWidth, 400)
    },
    {
      $0.set(.rescaleSlope, "0.001")
      $0.set(.rescaleIntercept, "-0.5")
      $0.set(.windowCenter, "-0.1")
      $0.set(.windowWidth, "0.5")
    },
    {
      $0.set(.windowCenter, 500)
      $0.set(.windowWidth, 300)
      $0.set(.voiLUTFunction, "SIGMOID")
    },
    {
      $0.set(.windowCenter, 500)
      $0.set(.windowWidth, 300)
      $0.set(.voiLUTFunction, "LINEAR_EXACT")
    },
    {
      var item = DataSet()
      item.set(.lutDescriptor, [1000, 0, 12])
      item.set(.lutData, (0..<1000).map { $0 * 4 })
      $0.set(.voiLUTSequence, items: [item])
    },
    {
      var item = DataSet()
      item.set(.lutDescriptor, [1000, 0, 16])
      item.set(.lutData, (0..<1000).map { $0 * $0 / 20 })
      item.set(.modalityLUTType, "US")
      $0.set(.modalityLUTSequence, items: [item])
    },
  ]

  @Test(arguments: cases.indices, ["MONOCHROME1", "MONOCHROME2"])
  func showTheSame(index: Int, photometric: String) throws {
    let pixels = (0..<1000).map { Int32($0) }
    var dataSet = DataSet.radiograph(rows: 20, columns: 50, photometric: photometric)
    Self.cases[index](&dataSet)
    let radiograph = try Radiograph(
      .grey(pixels, rows: 20, columns: 50, photometric: photometric), of: dataSet)
    let stages = try #require(radiograph.grayscale)
    let turned = radiograph.turning.inverse(
      radiograph.values, rows: radiograph.rows, columns: radiograph.columns)
    for (stored, value) in zip(pixels, turned) {
      #expect(abs(shown(stored, stages) - Double(value)) < 1e-4, "\(stored)")
    }
  }

  @Test("places turn with their picture")
  func places() {
    let (rows, columns) = (3, 5)
    let numbers = Array(0..<rows * columns)
    for turning in [true, false].flatMap({ a in
      [true, false].flatMap { b in
        [true, false].map { Turning(transposes: a, reversesRows: b, reversesColumns: $0) }
      }
    }) {
      let turned = turning(numbers, rows: rows, columns: columns)
      let size = turning.size(rows: rows, columns: columns)
      for number in numbers {
        let (x, y) = turning(
          x: Double(number % columns) + 0.5, y: Double(number / columns) + 0.5, width: Double(columns),
          height: Double(rows))
        #expect(turned[Int(y) * size.columns + Int(x)] == number)
      }
    }
  }
}
