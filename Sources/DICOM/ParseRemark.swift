/// Something about a file's structure that the standard doesn't allow and that didn't stop it from being read.
public struct ParseRemark: Sendable, Hashable, CustomStringConvertible {
  public enum Kind: String, Sendable {
    /// An element that can't be read; the data set is without it.
    case leftOut = "left_out"
    /// A sequence or the pixel data ends without its delimiter.
    case missingDelimiter = "missing_delimiter"
    /// A delimiter of nothing.
    case surplusDelimiter = "surplus_delimiter"
    /// An unknown element (UN) of undefined length holds explicit elements.
    case explicitInUnknown = "explicit_in_unknown"
    /// Bytes behind the last element that are none.
    case bytesAfterEnd = "bytes_after_end"
    /// Compressed pixels under the label of a transfer syntax without compression, or the other way round.
    case wrongTransferSyntax = "wrong_transfer_syntax"
  }

  public let kind: Kind
  /// The element it is about; nil for the file as a whole.
  public let tag: Tag?

  public init(_ kind: Kind, _ tag: Tag?) {
    self.kind = kind
    self.tag = tag
  }

  /// From a line of the shim: a code, a blank, a tag or a number.
  init?(line: Substring) {
    let words = line.split(separator: " ", maxSplits: 1)
    guard let first = words.first, let kind = Kind(rawValue: String(first)) else { return nil }
    self.init(kind, words.count > 1 ? Tag(described: words[1]) : nil)
  }

  /// What is read may look otherwise than was meant: an element of the picture's is missing (image pixel, modality
  /// LUT, VOI LUT, presentation), or the pixels were found under another transfer syntax than stated.
  public var affectsPicture: Bool {
    switch kind {
    case .leftOut: tag.map { $0.group == 0x0028 || $0.group == 0x2050 } ?? false
    case .wrongTransferSyntax: true
    case .missingDelimiter, .surplusDelimiter, .explicitInUnknown, .bytesAfterEnd: false
    }
  }

  /// For people and reports; never a value of the file.
  public var description: String { kind.rawValue + (tag.map { " \($0)" } ?? "") }
}

extension Tag {
  /// From `(0010,0020)`, digits of either case.
  init?(described text: Substring) {
    let numbers = text.dropFirst().dropLast().split(separator: ",").map { UInt16($0, radix: 16) }
    guard text.first == "(", text.last == ")", numbers.count == 2, let group = numbers[0],
      let element = numbers[1]
    else { return nil }
    self.init(group, element)
  }
}
