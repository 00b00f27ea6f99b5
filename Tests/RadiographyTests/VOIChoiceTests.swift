import DICOM
import Radiography
import Testing

/// The pixels of these tests: a ramp of 12 bits.
private let ramp: [Int32] = (0..<4096).map { Int32($0) }

/// All of it, from black to white, and the other way round.
private let whole: [Float] = ramp.map { Float($0) / 4095 }
private let inverse: [Float] = ramp.map { (value: Int32) -> Float in Float(4095 - value) / 4095 }

/// Which of several VOI stages is applied.
@Suite("Choice of the VOI stage")
struct VOIChoiceTests {
  private func read(_ change: (inout DataSet) -> Void, pixels: [Int32] = ramp, bits: Int = 12) throws
    -> Radiograph
  {
    var dataSet = DataSet.radiograph(rows: 1, columns: pixels.count, bits: bits)
    change(&dataSet)
    return try Radiograph(.grey(pixels, rows: 1, columns: pixels.count, bits: bits), of: dataSet)
  }

  private func item(_ entries: [Int], first: Int = 0, bits: Int = 12, count: Int? = nil) -> DataSet {
    var item = DataSet()
    item[.lutDescriptor] = DataElement(.lutDescriptor, .US, .integers([count ?? entries.count, first, bits]))
    item[.lutData] = DataElement(.lutData, .US, .integers(entries))
    return item
  }

  /// Brightness at the middle of the ramp's window 2048 +- 750.
  private func isSecondWindow(_ radiograph: Radiograph) -> Bool {
    radiograph.values[1298] <= 0.001 && abs(radiograph.values[2048] - 0.5) < 0.002
      && radiograph.values[2798] >= 0.999
  }

  static let pairs: [(centers: String, widths: String)] = [
    ("500\\2048", "0\\1500"), ("500\\2048", "-20\\1500"), ("\\2048", "\\1500"), ("nan\\2048", "10\\1500"),
    ("90000\\2048", "10\\1500"), ("2048", "0\\1500"), ("2048\\x", "1500"), ("5000\\500\\2048", "10\\0\\1500"),
    ("500\\2048,0", "abc\\1500,0"),
  ]

  @Test("the first window that shows the picture counts", arguments: pairs)
  func windows(centers: String, widths: String) throws {
    let radiograph = try read {
      $0[.windowCenter] = DataElement(.windowCenter, .DS, .text(centers))
      $0[.windowWidth] = DataElement(.windowWidth, .DS, .text(widths))
    }
    #expect(isSecondWindow(radiograph))
    #expect(radiograph.notes.map(\.code).contains("window_replaced"))
  }

  @Test("centers and widths that can't be told apart are no windows")
  func mismatch() throws {
    let radiograph = try read {
      $0[.windowCenter] = DataElement(.windowCenter, .DS, .text("1000\\2048"))
      $0[.windowWidth] = DataElement(.windowWidth, .DS, .text("1500"))
    }
    #expect(radiograph.values == whole)
    #expect(radiograph.notes.map(\.code).contains("window_ignored"))
  }

  @Test("a decimal comma is a decimal point")
  func comma() throws {
    let radiograph = try read {
      $0[.windowCenter] = DataElement(.windowCenter, .DS, .text("2048,0"))
      $0[.windowWidth] = DataElement(.windowWidth, .DS, .text("1500,0"))
    }
    #expect(isSecondWindow(radiograph))
    #expect(!radiograph.notes.map(\.code).contains("no_window"))
  }

  @Test("a LUT that hides the picture, is flat or cut short gives way to the next, then to the window")
  func tables() throws {
    let flat = item([Int](repeating: 4095, count: 4096))
    let short = item([Int](repeating: 5, count: 10), count: 4096)
    // Of pixels of other bits: everything above 256 is white.
    let beside = item((0..<256).map { $0 * 16 + 15 })
    let mostlyFlat = item((0..<4096).map { $0 < 4000 ? 0 : 4095 })
    let good = item((0..<4096).map { 4095 - $0 })
    for bad in [flat, short, beside, mostlyFlat] {
      let next = try read { $0.set(.voiLUTSequence, items: [bad, good]) }
      #expect(next.values == inverse)
      #expect(next.notes.map(\.code).contains("window_replaced"))
      let window = try read {
        $0.set(.voiLUTSequence, items: [bad])
        $0.set(.windowCenter, 2048.0)
        $0.set(.windowWidth, 1500.0)
      }
      #expect(isSecondWindow(window))
      let alone = try read { $0.set(.voiLUTSequence, items: [bad]) }
      #expect(alone.values == whole)
      #expect(alone.notes.map(\.code).contains("window_ignored"))
    }
  }

  @Test("a marker or a collimator's edge doesn't save a window that hides the rest")
  func fewPixelsInside() throws {
    // 1 % between 0 and 100, the rest between 3000 and 4000.
    let pixels: [Int32] = (0..<2000).map { (index: Int) -> Int32 in
      index < 20 ? Int32(5 * index) : Int32(3000 + index / 2)
    }
    let radiograph = try read(
      {
        $0.set(.windowCenter, 50.0)
        $0.set(.windowWidth, 100.0)
      }, pixels: pixels)
    #expect(radiograph.notes.map(\.code).contains("window_ignored"))
    #expect(radiograph.values[1500] < radiograph.values[1900])
  }

  @Test("a threshold and a squeeze are what somebody asked for")
  func believed() throws {
    for (center, width) in [(2048.0, 1.0), (15000.0, 60000.0), (300.0, 1200.0)] {
      let radiograph = try read {
        $0.set(.windowCenter, center)
        $0.set(.windowWidth, width)
      }
      let codes = radiograph.notes.map(\.code)
      #expect(!codes.contains("window_ignored") && !codes.contains("window_replaced"), "\(center) \(width)")
    }
  }

  @Test("a sigmoid in any spelling", arguments: ["SIGMOID", "sigmoid", "Sigmoid ", "SIGMOID_"])
  func sigmoid(spelling: String) throws {
    let radiograph = try read {
      $0.set(.windowCenter, 2048.0)
      $0.set(.windowWidth, 1500.0)
      $0[.voiLUTFunction] = DataElement(.voiLUTFunction, .CS, .text(spelling))
    }
    #expect(abs(radiograph.values[2798] - 0.8808) < 0.001)
  }

  @Test("a LUT Descriptor's bits aren't believed against the entries", arguments: [8, 12, 16, 0, 99])
  func bits(stated: Int) throws {
    let radiograph = try read { $0.set(.voiLUTSequence, items: [item((0..<4096).map { $0 }, bits: stated)]) }
    #expect(radiograph.values[0] == 0 && radiograph.values[4095] == 1)
    #expect(abs(radiograph.values[2048] - 0.5) < 0.001)
  }

  @Test("eight-bit entries packed two to a US word")
  func packedWords() throws {
    let words = [0 | 51 << 8, 102 | 255 << 8]
    let radiograph = try read(
      { $0.set(.voiLUTSequence, items: [item(words, first: 10, bits: 8, count: 4)]) },
      pixels: [0, 10, 11, 12, 13, 99])
    #expect(radiograph.values == [0, 0, 0.2, 0.4, 1, 1])
  }

  @Test("the first mapped value is read as the sign under which the LUT covers the pixels")
  func firstMapped() throws {
    // Unsigned pixels, a rescale below zero; -2048 written as US 63488.
    let negative = try read {
      $0.set(.rescaleSlope, 1.0)
      $0.set(.rescaleIntercept, -2048.0)
      $0.set(.voiLUTSequence, items: [item((0..<4096).map { $0 }, first: 63488)])
    }
    #expect(abs(negative.values[2048] - 0.5) < 0.001)
    // 16-bit pixels above 32767 and the same pattern: 40000, though a reader gave a negative number.
    let pixels: [Int32] = (0..<1000).map { (index: Int) -> Int32 in Int32(40000 + index) }
    let positive = try read(
      {
        $0.set(.voiLUTSequence, items: [item((0..<1000).map { $0 * 4 }, first: 40000 - 65536)])
      }, pixels: pixels, bits: 16)
    #expect(positive.values[0] == 0 && positive.values[999] > 0.97)
  }

  @Test("a Modality LUT that can't be used gives way to the rescale, with a note")
  func modality() throws {
    for bad in [item([7, 7, 7, 7]), item([1, 2], count: 500)] {
      let radiograph = try read {
        $0.set(.modalityLUTSequence, items: [bad])
        $0.set(.rescaleSlope, 2.0)
        $0.set(.rescaleIntercept, 0.0)
        $0.set(.windowCenter, 4096.0)
        $0.set(.windowWidth, 3000.0)
      }
      #expect(isSecondWindow(radiograph))
      #expect(radiograph.notes.map(\.code).contains("modality_transform_ignored"))
    }
    let text = try read { $0[.rescaleSlope] = DataElement(.rescaleSlope, .DS, .text("none")) }
    #expect(text.notes.map(\.code).contains("modality_transform_ignored"))
  }

  @Test("polarity terms in any spelling")
  func polarity() throws {
    for (tag, text) in [
      (DICOM.Tag.presentationLUTShape, "Inverse"), (.presentationLUTShape, " inverse"),
      (.photometricInterpretation, "monochrome1"),
      (.photometricInterpretation, "MONOCHROME 1"),
    ] {
      let radiograph = try read { $0[tag] = DataElement(tag, .CS, .text(text)) }
      #expect(radiograph.values.first == 1 && radiograph.values.last == 0, "\(text)")
    }
  }
}
