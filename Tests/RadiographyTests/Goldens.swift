import DICOM
import Foundation

/// `Goldens/goldens.json`, made by `Goldens/make_goldens.py`.
struct Goldens: Decodable {
  struct Display: Decodable {
    let name: String
    let bits: Int
    let isSigned: Bool
    let attributes: [String: Attribute]
    let stored: [Int32]
    /// Brightness 0...1 of each stored value, before any inversion.
    let expected: Floats

    struct Table: Decodable {
      let descriptor: [Int]
      let data: [Int]
    }
    enum Attribute: Decodable {
      case number(Double)
      case text(String)
      case tables([Table])

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Double.self) {
          self = .number(number)
        } else if let text = try? container.decode(String.self) {
          self = .text(text)
        } else {
          self = .tables(try container.decode([Table].self))
        }
      }
    }

    /// The data set that the values belong to.
    var dataSet: DataSet {
      var result = DataSet.radiograph(rows: 1, columns: stored.count, bits: bits, isSigned: isSigned)
      for (keyword, attribute) in attributes {
        switch (keyword, attribute) {
        case ("WindowCenter", .number(let number)): result.set(.windowCenter, number)
        case ("WindowWidth", .number(let number)): result.set(.windowWidth, number)
        case ("RescaleSlope", .number(let number)): result.set(.rescaleSlope, number)
        case ("RescaleIntercept", .number(let number)): result.set(.rescaleIntercept, number)
        case ("VOILUTFunction", .text(let text)): result.set(.voiLUTFunction, text)
        case ("VOILUTSequence", .tables(let tables)): result.set(.voiLUTSequence, items: tables.map(\.item))
        case ("ModalityLUTSequence", .tables(let tables)):
          result.set(.modalityLUTSequence, items: tables.map(\.item))
        default: preconditionFailure("unexpected \(keyword)")
        }
      }
      return result
    }
  }

  struct Input: Decodable {
    let name: String
    let rows: Int
    let columns: Int
    let box: [Int]
    let size: Int
    let values: Floats
    let padding: [Int]?
    let expected: Floats
    let back: Floats
    let mask: Data
    let coverage: Floats
  }

  struct Quantile: Decodable {
    let values: Floats
    let fractions: [Double]
    let expected: Floats
  }

  /// Little-endian 32-bit floats in base 64.
  struct Floats: Decodable {
    let values: [Float]

    init(from decoder: any Decoder) throws {
      let bytes = [UInt8](try decoder.singleValueContainer().decode(Data.self))
      values = stride(from: 0, to: bytes.count, by: 4).map { start in
        Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) })
      }
    }
  }

  let display: [Display]
  let input: [Input]
  let quantiles: [Quantile]

  static let shared: Goldens = {
    let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Goldens/goldens.json")
    do {
      return try JSONDecoder().decode(Goldens.self, from: Data(contentsOf: url))
    } catch {
      preconditionFailure("\(url.path): \(error)")
    }
  }()
}

extension Goldens.Display.Table {
  fileprivate var item: DataSet {
    var item = DataSet()
    let isSigned = descriptor.contains { $0 < 0 }
    item[.lutDescriptor] = DataElement(.lutDescriptor, isSigned ? .SS : .US, .integers(descriptor))
    item[.lutData] = DataElement(.lutData, .US, .integers(data))
    return item
  }
}

extension DataSet {
  /// A computed radiograph's data set with the attributes that every test needs.
  static func radiograph(
    rows: Int, columns: Int, bits: Int = 12, isSigned: Bool = false, photometric: String = "MONOCHROME2"
  ) -> DataSet {
    var result = DataSet()
    result.set(.sopClassUID, UID.computedRadiographyImageStorage)
    result.set(.modality, "CR")
    result.set(.samplesPerPixel, 1)
    result.set(.photometricInterpretation, photometric)
    result.set(.rows, rows)
    result.set(.columns, columns)
    result.set(.bitsAllocated, 16)
    result.set(.bitsStored, bits)
    result.set(.highBit, bits - 1)
    result.set(.pixelRepresentation, isSigned ? 1 : 0)
    return result
  }
}

extension Frame {
  /// A grey frame of stored values.
  static func grey(
    _ pixels: [Int32], rows: Int, columns: Int, bits: Int = 12, isSigned: Bool = false,
    photometric: String = "MONOCHROME2"
  ) -> Frame {
    Frame(
      rows: rows, columns: columns, samplesPerPixel: 1, bitsAllocated: 16, bitsStored: bits,
      isSigned: isSigned,
      photometricInterpretation: photometric, pixels: pixels)
  }
}
