/// Text between a Specific Character Set (PS3.3 section C.12.1.1.2) and UTF-8.
struct TextCodec {
  /// The attribute's values, joined by backslashes.
  let characterSet: String
  private let terms: [String]

  init(characterSet: String) {
    self.characterSet = characterSet
    terms = characterSet.split(separator: "\\", omittingEmptySubsequences: false).map(CharacterSet.corrected)
  }

  /// A text element as it stands in a file. Bytes that contradict the character set are taken for UTF-8 where they
  /// are, for ISO 8859-1 otherwise: a name that can be read is better than none.
  func element(_ tag: Tag, _ vr: VR, _ padded: ArraySlice<UInt8>) -> DataElement {
    let bytes = padded.prefix(through: padded.lastIndex { $0 != 0x20 && $0 != 0 } ?? padded.startIndex - 1)
    if TextCodec.isPlain(bytes) {
      return DataElement(tag, vr, .text(String(decoding: bytes, as: UTF8.self)))
    }
    let decoded = vr.textDelimiters.flatMap { decode(Array(bytes), delimiters: $0) }
    let text =
      decoded ?? String(validating: bytes, as: UTF8.self)
      ?? String(decoding: bytes.map { UInt16($0) }, as: UTF16.self)
    let encoded =
      vr.textDelimiters == nil
      ? nil : DataElement.Encoded(characterSet: characterSet, bytes: Array(bytes))
    return DataElement(tag, vr, .text(text), encoded: encoded)
  }

  /// The bytes of a text element; nil where this character set can't hold it, or has code extensions. A copy of one
  /// that was in the same character set keeps its very bytes.
  func encode(_ element: DataElement) -> [UInt8]? {
    guard case .text(let text) = element.value else { return [] }
    if let encoded = element.encoded, encoded.characterSet == characterSet { return encoded.bytes }
    let utf8 = Array(text.utf8)
    guard element.vr.textDelimiters != nil, !TextCodec.isPlain(utf8[...]) else { return utf8 }
    guard let encoding = CharacterSet.writtenEncoding(terms) else { return nil }
    return Iconv(from: "UTF-8", to: encoding)?.convert(utf8)
  }

  /// Neither a byte above 127 nor an escape: the same in every character set of DICOM.
  private static func isPlain(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.allSatisfy { $0 < 0x80 && $0 != 0x1B }
  }

  private func decode(_ bytes: [UInt8], delimiters: [UInt8]) -> String? {
    let utf8 =
      if let encoding = CharacterSet.wholeEncoding(terms) {
        Iconv(from: encoding, to: "UTF-8")?.convert(bytes)
      } else {
        decodeExtended(bytes, delimiters: delimiters)
      }
    return utf8.map { String(decoding: $0, as: UTF8.self) }
  }

  /// Follows escape sequences (PS3.5 section 6.1.2.5); `delimiters` end their reach. Nil where a byte has no meaning.
  private func decodeExtended(_ bytes: [UInt8], delimiters: [UInt8]) -> [UInt8]? {
    var converters: [String: Iconv] = [:]
    let initial = CharacterSet.initialG1(terms)
    var (g0, g1) = (CodedSet.ascii, initial)
    var utf8: [UInt8] = []
    var rest = bytes[...]
    while let byte = rest.first {
      if byte == 0x1B {
        rest.removeFirst()
        guard let set = CodedSet.all.first(where: { rest.starts(with: $0.escape.utf8) }) else { return nil }
        if set.isG1 { g1 = set } else { g0 = set }
        rest.removeFirst(set.escape.utf8.count)
        continue
      }
      // Controls and the space stand for themselves in every set.
      guard let set = byte >= 0x80 ? g1 : byte > 0x20 ? g0 : .ascii else { return nil }
      guard let encoding = set.encoding else {
        utf8.append(byte)
        rest.removeFirst()
        let isLineEnd = byte >= 0x09 && byte <= 0x0D && byte != 0x0B
        if isLineEnd || delimiters.contains(byte) { (g0, g1) = (.ascii, initial) }
        continue
      }
      guard rest.count >= set.width else { return nil }
      let character = set.prefix + rest.prefix(set.width).map { $0 | 0x80 }
      if converters[encoding] == nil { converters[encoding] = Iconv(from: encoding, to: "UTF-8") }
      guard let converted = converters[encoding]?.convert(character) else { return nil }
      utf8 += converted
      rest.removeFirst(set.width)
    }
    return utf8
  }
}

extension VR {
  /// What ends an escape sequence's reach in values of this representation; nil where Specific Character Set doesn't
  /// apply to it.
  var textDelimiters: [UInt8]? {
    switch self {
    case .PN: Array("\\^=".utf8)
    case .LO, .SH, .UC: Array("\\".utf8)
    case .LT, .ST, .UT: []
    default: nil
    }
  }

  /// Makes the length of a value even.
  var padding: UInt8 { storage == .text && self != .UI ? 0x20 : 0 }
}
