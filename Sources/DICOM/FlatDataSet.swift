internal import CDCMTK

/// Data sets to and from the flat buffer that crosses the C boundary (layout in `cdcmtk.h`).
enum FlatDataSet {
  /// - Precondition: `bytes` come from the shim.
  static func decode(_ bytes: [UInt8]) -> DataSet {
    var reader = Reader(bytes: bytes, position: 0)
    return reader.dataSet(end: bytes.count)
  }

  static func encode(_ dataSet: DataSet) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4096)
    append(dataSet, to: &bytes)
    return bytes
  }

  private struct Reader {
    let bytes: [UInt8]
    var position: Int

    mutating func dataSet(end: Int) -> DataSet {
      var elements: [DataElement] = []
      elements.reserveCapacity(32)
      while position < end {
        let tag = Tag(number(UInt16.self), number(UInt16.self))
        let vr = VR(code: bytes[position], bytes[position + 1]) ?? .UN
        let kind = Int(bytes[position + 2])
        position += 4
        let length = Int(number(UInt32.self))
        elements.append(element(tag, vr, kind: kind, end: position + length))
      }
      return DataSet(elements)
    }

    private mutating func element(_ tag: Tag, _ vr: VR, kind: Int, end: Int) -> DataElement {
      defer { position = end }
      switch kind {
      case CDCMTK_TEXT:
        return DataElement(tag, vr, .text(text(end: end)))
      case CDCMTK_ENCODED_TEXT:
        let characterSet = text(end: Int(number(UInt32.self)) + position)
        let value = text(end: Int(number(UInt32.self)) + position)
        let encoded = DataElement.Encoded(characterSet: characterSet, bytes: Array(bytes[position..<end]))
        return DataElement(tag, vr, .text(value), encoded: encoded)
      case CDCMTK_INTEGERS:
        var values: [Int] = []
        while position < end { values.append(Int(truncatingIfNeeded: number(UInt64.self))) }
        return DataElement(tag, vr, .integers(values))
      case CDCMTK_DECIMALS:
        var values: [Double] = []
        while position < end { values.append(Double(bitPattern: number(UInt64.self))) }
        return DataElement(tag, vr, .decimals(values))
      case CDCMTK_ITEMS:
        var items: [DataSet] = []
        while position < end {
          let length = Int(number(UInt32.self))
          items.append(dataSet(end: position + length))
        }
        return DataElement(tag, vr, .items(items))
      default:
        return DataElement(tag, vr, .bytes(Array(bytes[position..<end])))
      }
    }

    private mutating func text(end: Int) -> String {
      defer { position = end }
      return String(decoding: bytes[position..<end], as: UTF8.self)
    }

    private mutating func number<Number: FixedWidthInteger & UnsignedInteger>(_: Number.Type) -> Number {
      var value: Number = 0
      for index in 0..<Number.bitWidth / 8 {
        value |= Number(bytes[position + index]) << (8 * index)
      }
      position += Number.bitWidth / 8
      return value
    }
  }

  private static func append(_ dataSet: DataSet, to bytes: inout [UInt8]) {
    for element in dataSet.elements {
      append(element.tag.group, to: &bytes)
      append(element.tag.element, to: &bytes)
      bytes.append(UInt8(element.vr.code >> 8))
      bytes.append(UInt8(truncatingIfNeeded: element.vr.code))
      bytes.append(kind(of: element))
      bytes.append(0)
      let lengthPosition = bytes.count
      append(UInt32(0), to: &bytes)
      append(value: element, to: &bytes)
      patchLength(at: lengthPosition, in: &bytes)
    }
  }

  private static func kind(of element: DataElement) -> UInt8 {
    let kind =
      switch element.value {
      case .text: element.encoded == nil ? CDCMTK_TEXT : CDCMTK_ENCODED_TEXT
      case .integers: CDCMTK_INTEGERS
      case .decimals: CDCMTK_DECIMALS
      case .bytes: CDCMTK_BYTES
      case .items: CDCMTK_ITEMS
      }
    return UInt8(kind)
  }

  private static func append(value element: DataElement, to bytes: inout [UInt8]) {
    switch element.value {
    case .text(let text):
      if let encoded = element.encoded {
        append(UInt32(encoded.characterSet.utf8.count), to: &bytes)
        bytes.append(contentsOf: encoded.characterSet.utf8)
        append(UInt32(text.utf8.count), to: &bytes)
        bytes.append(contentsOf: text.utf8)
        bytes.append(contentsOf: encoded.bytes)
      } else {
        bytes.append(contentsOf: text.utf8)
      }
    case .integers(let values):
      for value in values { append(UInt64(bitPattern: Int64(value)), to: &bytes) }
    case .decimals(let values):
      for value in values { append(value.bitPattern, to: &bytes) }
    case .bytes(let value):
      bytes.append(contentsOf: value)
    case .items(let items):
      for item in items {
        let lengthPosition = bytes.count
        append(UInt32(0), to: &bytes)
        append(item, to: &bytes)
        patchLength(at: lengthPosition, in: &bytes)
      }
    }
  }

  private static func patchLength(at position: Int, in bytes: inout [UInt8]) {
    let length = UInt32(bytes.count - position - 4)
    for index in 0..<4 { bytes[position + index] = UInt8(truncatingIfNeeded: length >> (8 * index)) }
  }

  private static func append<Number: FixedWidthInteger>(_ number: Number, to bytes: inout [UInt8]) {
    for index in 0..<Number.bitWidth / 8 { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * index))) }
  }
}
