/// Data sets in explicit VR little endian with explicit lengths (PS3.5 section 7.1 and annex A.2): what crosses the
/// C boundary in both directions, and the network; there also in implicit VR.
enum ExplicitLittleEndian {
  /// - Parameters:
  ///   - bytes: From the shim, which has seen to their structure; what ends too early is left out.
  ///   - withoutRepresentations: They come from an implicit file: where the dictionary leaves the choice between
  ///     US and SS, Pixel Representation decides.
  static func decode(_ bytes: [UInt8], withoutRepresentations: Bool = false) -> DataSet {
    var reader = Reader(bytes: bytes, position: 0, choosesSign: false)
    var dataSet = reader.dataSet(end: bytes.count, text: TextCodec(characterSet: ""))
    if withoutRepresentations, dataSet.integer(.pixelRepresentation) == 1 {
      reader = Reader(bytes: bytes, position: 0, choosesSign: true)
      dataSet = reader.dataSet(end: bytes.count, text: TextCodec(characterSet: ""))
    }
    return dataSet
  }

  /// Text goes into the data set's Specific Character Set where that can hold it; otherwise the whole data set
  /// becomes UTF-8 (ISO_IR 192).
  static func encode(_ dataSet: DataSet, isImplicit: Bool = false) -> [UInt8] {
    var writer = Writer(isUTF8: false, isImplicit: isImplicit)
    writer.append(dataSet, text: TextCodec(characterSet: ""))
    if writer.canEncode { return writer.bytes }
    var copy = dataSet
    copy[.specificCharacterSet] = DataElement(.specificCharacterSet, .CS, .text("ISO_IR 192"))
    writer = Writer(isUTF8: true, isImplicit: isImplicit)
    writer.append(copy, text: TextCodec(characterSet: "ISO_IR 192"))
    return writer.bytes
  }

  /// Representations whose length takes four bytes, after two that are reserved.
  private static func hasLongLength(_ vr: VR) -> Bool {
    switch vr {
    case .OB, .OD, .OF, .OL, .OV, .OW, .SQ, .SV, .UC, .UN, .UR, .UT, .UV: true
    default: false
    }
  }

  private struct Reader {
    let bytes: [UInt8]
    var position: Int
    let choosesSign: Bool

    mutating func dataSet(end: Int, text outer: TextCodec) -> DataSet {
      var elements: [DataElement] = []
      elements.reserveCapacity(32)
      var text = outer
      while position + 8 <= end {
        let tag = Tag(number(UInt16.self), number(UInt16.self))
        let vr = VR(code: bytes[position], bytes[position + 1]) ?? .UN
        position += 2
        var length = Int(number(UInt16.self))
        if ExplicitLittleEndian.hasLongLength(vr) {
          guard position + 4 <= end else { break }
          length = Int(number(UInt32.self))
        }
        guard length <= end - position else { break }
        let element = element(tag, vr, end: position + length, text: text)
        if tag == .specificCharacterSet, case .text(let name) = element.value, !name.isEmpty {
          text = TextCodec(characterSet: name)
        }
        elements.append(element)
      }
      position = end
      return DataSet(elements)
    }

    private mutating func element(_ tag: Tag, _ stated: VR, end: Int, text: TextCodec) -> DataElement {
      defer { position = end }
      var vr = stated
      if choosesSign, vr == .US, VR.dependsOnSign(tag) { vr = .SS }
      switch vr {
      case .US: return DataElement(tag, vr, .integers(numbers(UInt16.self, end)))
      case .SS:
        return DataElement(
          tag, vr, .integers(numbers(UInt16.self, end).map { Int(Int16(truncatingIfNeeded: $0)) }))
      case .UL: return DataElement(tag, vr, .integers(numbers(UInt32.self, end)))
      case .SL:
        return DataElement(
          tag, vr, .integers(numbers(UInt32.self, end).map { Int(Int32(truncatingIfNeeded: $0)) }))
      case .UV, .SV: return DataElement(tag, vr, .integers(numbers(UInt64.self, end)))
      case .AT:
        let words = numbers(UInt16.self, end)
        let tags = stride(from: 0, to: words.count - 1, by: 2).map { words[$0] << 16 | words[$0 + 1] }
        return DataElement(tag, vr, .integers(tags))
      case .FL:
        let values = numbers(UInt32.self, end).map { Double(Float(bitPattern: UInt32($0))) }
        return DataElement(tag, vr, .decimals(values))
      case .FD:
        let values = numbers(UInt64.self, end).map { Double(bitPattern: UInt64(bitPattern: Int64($0))) }
        return DataElement(tag, vr, .decimals(values))
      case .SQ: return DataElement(tag, vr, .items(items(end: end, text: text)))
      case .OB, .OD, .OF, .OL, .OV, .OW, .UN:
        return DataElement(tag, vr, .bytes(Array(bytes[position..<end])))
      default: return text.element(tag, vr, bytes[position..<end])
      }
    }

    private mutating func items(end: Int, text: TextCodec) -> [DataSet] {
      var items: [DataSet] = []
      while position + 8 <= end {
        position += 4
        let length = Int(number(UInt32.self))
        guard length <= end - position else { break }
        items.append(dataSet(end: position + length, text: text))
      }
      return items
    }

    private mutating func numbers<Number: FixedWidthInteger & UnsignedInteger>(
      _ type: Number.Type, _ end: Int
    ) -> [Int] {
      let size = Number.bitWidth / 8
      var values: [Int] = []
      values.reserveCapacity((end - position) / size)
      while position + size <= end { values.append(Int(truncatingIfNeeded: number(type))) }
      return values
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

  private struct Writer {
    var bytes: [UInt8] = []
    /// False once text didn't fit into its character set.
    var canEncode = true
    let isUTF8, isImplicit: Bool

    init(isUTF8: Bool, isImplicit: Bool) {
      self.isUTF8 = isUTF8
      self.isImplicit = isImplicit
      bytes.reserveCapacity(4096)
    }

    mutating func append(_ dataSet: DataSet, text outer: TextCodec) {
      var text = outer
      if !isUTF8, case .text(let name)? = dataSet[.specificCharacterSet]?.value, !name.isEmpty {
        text = TextCodec(characterSet: name)
      }
      for element in dataSet.elements where !(isUTF8 && isReplaced(element)) {
        append(element, text: text)
      }
    }

    /// The character set of an item that the whole data set's has replaced.
    private func isReplaced(_ element: DataElement) -> Bool {
      element.tag == .specificCharacterSet && element.value != .text("ISO_IR 192")
    }

    private mutating func append(_ element: DataElement, text: TextCodec) {
      append(element.tag.group)
      append(element.tag.element)
      if isImplicit { return appendImplicit(element, text: text) }
      let start = bytes.count
      bytes += [0, 0, 0, 0, 0, 0, 0, 0]
      append(value: element, text: text)
      if (bytes.count - start) % 2 == 1 { bytes.append(element.vr.padding) }
      let length = bytes.count - start - 8
      // A text too long for its representation's length can only be of an unknown one.
      let isLong = ExplicitLittleEndian.hasLongLength(element.vr)
      let vr = !isLong && length > 0xFFFE ? VR.UN : element.vr
      bytes[start] = UInt8(truncatingIfNeeded: vr.code >> 8)
      bytes[start + 1] = UInt8(truncatingIfNeeded: vr.code)
      if isLong || vr == .UN {
        for index in 0..<4 { bytes[start + 4 + index] = UInt8(truncatingIfNeeded: length >> (8 * index)) }
      } else {
        bytes.removeSubrange(start + 4..<start + 8)
        for index in 0..<2 { bytes[start + 2 + index] = UInt8(truncatingIfNeeded: length >> (8 * index)) }
      }
    }

    /// Without a representation: only the length stands before the value (PS3.5 section 7.1.3).
    private mutating func appendImplicit(_ element: DataElement, text: TextCodec) {
      let start = bytes.count
      append(UInt32(0))
      append(value: element, text: text)
      if (bytes.count - start) % 2 == 1 { bytes.append(element.vr.padding) }
      let length = bytes.count - start - 4
      for index in 0..<4 { bytes[start + index] = UInt8(truncatingIfNeeded: length >> (8 * index)) }
    }

    private mutating func append(value element: DataElement, text: TextCodec) {
      switch element.value {
      case .text:
        guard let encoded = text.encode(element) else {
          canEncode = false
          return
        }
        bytes += encoded
      case .integers(let values):
        for value in values { append(integer: value, element.vr) }
      case .decimals(let values):
        for value in values {
          if element.vr == .FL { append(Float(value).bitPattern) } else { append(value.bitPattern) }
        }
      case .bytes(let value): bytes += value
      case .items(let items):
        for item in items {
          append(UInt16(0xFFFE))
          append(UInt16(0xE000))
          let start = bytes.count
          append(UInt32(0))
          append(item, text: text)
          let length = bytes.count - start - 4
          for index in 0..<4 { bytes[start + index] = UInt8(truncatingIfNeeded: length >> (8 * index)) }
        }
      }
    }

    private mutating func append(integer value: Int, _ vr: VR) {
      switch vr {
      case .US, .SS: append(UInt16(truncatingIfNeeded: value))
      case .UL, .SL: append(UInt32(truncatingIfNeeded: value))
      case .AT:
        append(UInt16(truncatingIfNeeded: value >> 16))
        append(UInt16(truncatingIfNeeded: value))
      default: append(UInt64(truncatingIfNeeded: value))
      }
    }

    private mutating func append<Number: FixedWidthInteger>(_ number: Number) {
      for index in 0..<Number.bitWidth / 8 { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * index))) }
    }
  }
}
