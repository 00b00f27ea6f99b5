/// One attribute of a data set: tag, value representation and value (PS3.5 section 7.1).
public struct DataElement: Sendable, Equatable, CustomStringConvertible {
  public let tag: Tag
  public let vr: VR
  public let value: Value
  /// Text as it stood in the file where it isn't plain ASCII, and the Specific Character Set it is in. A copy of
  /// the element written under the same character set keeps these very bytes.
  let encoded: Encoded?

  public enum Value: Sendable, Equatable {
    /// UTF-8, values separated by backslashes where the representation allows several.
    case text(String)
    /// US, SS, UL, SL, UV, SV; AT as group << 16 | element.
    case integers([Int])
    /// FL, FD.
    case decimals([Double])
    /// OB, OW, OF, OD, OL, OV, UN; words little-endian.
    case bytes([UInt8])
    /// SQ.
    case items([DataSet])
  }

  struct Encoded: Sendable, Equatable {
    let characterSet: String
    let bytes: [UInt8]
  }

  /// - Precondition: `value` is of the kind that `vr` stores.
  public init(_ tag: Tag, _ vr: VR, _ value: Value) {
    self.init(tag, vr, value, encoded: nil)
  }

  init(_ tag: Tag, _ vr: VR, _ value: Value, encoded: Encoded?) {
    precondition(value.storage == vr.storage, "\(tag): \(vr.rawValue) can't hold this kind of value")
    self.tag = tag
    self.vr = vr
    self.value = value
    self.encoded = encoded
  }

  /// Equality is of what the element says, not of how the file encoded it.
  public static func == (left: DataElement, right: DataElement) -> Bool {
    left.tag == right.tag && left.vr == right.vr && left.value == right.value
  }

  /// No value (a type 2 attribute that is unknown), or a sequence without items.
  public var isEmpty: Bool {
    switch value {
    case .text(let text): text.utf8.allSatisfy { $0 == UInt8(ascii: " ") || $0 == 0 }
    case .integers(let values): values.isEmpty
    case .decimals(let values): values.isEmpty
    case .bytes(let bytes): bytes.isEmpty
    case .items(let items): items.isEmpty
    }
  }

  /// The values of a text element, padding removed, empty ones kept; empty array for any other kind.
  public var texts: [String] {
    guard case .text(let text) = value, !text.isEmpty else { return [] }
    guard vr.isMultiValued else { return [trimmed(text[...])] }
    return text.split(separator: "\\", omittingEmptySubsequences: false).map(trimmed)
  }

  /// Binary integers, or integer strings (IS); OW as unsigned 16-bit words. Empty where a value is none.
  public var integers: [Int] {
    switch value {
    case .integers(let values): return values
    case .text:
      let values = texts.map {
        Int($0.hasPrefix("+") ? String($0.dropFirst()) : $0) ?? integerOf(decimal: $0)
      }
      return values.contains(nil) ? [] : values.compactMap { $0 }
    case .bytes(let bytes) where vr == .OW:
      return stride(from: 0, to: bytes.count - 1, by: 2).map { Int(bytes[$0]) | Int(bytes[$0 + 1]) << 8 }
    default: return []
    }
  }

  /// Binary numbers, or decimal and integer strings (DS, IS). Empty where a value is none.
  public var decimals: [Double] {
    switch value {
    case .decimals(let values): return values
    case .integers(let values): return values.map(Double.init)
    case .text:
      let values = texts.map { Double(decimalString: $0) }
      return values.contains(nil) ? [] : values.compactMap { $0 }
    default: return []
    }
  }

  /// Tag and representation, never the value (it may identify a person).
  public var description: String { "\(tag) \(vr.rawValue)" }

  private func integerOf(decimal text: String) -> Int? {
    // Some devices write "2048.0" into an IS; anything with a fraction is not an integer.
    guard let number = Double(text) else { return nil }
    return Int(exactly: number)
  }

  private func trimmed(_ text: Substring) -> String {
    func isPadding(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == 0 }
    var text = text.utf8
    while let last = text.last, isPadding(last) { text.removeLast() }
    if !vr.keepsLeadingSpaces {
      while let first = text.first, isPadding(first) { text.removeFirst() }
    }
    return String(Substring(text))
  }
}

extension DataElement.Value {
  var storage: VR.Storage {
    switch self {
    case .text: .text
    case .integers: .integers
    case .decimals: .decimals
    case .bytes: .bytes
    case .items: .items
    }
  }
}
