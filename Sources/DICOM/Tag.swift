/// A data element tag: group and element number (PS3.5 section 7.1.1).
public struct Tag: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let group: UInt16
  public let element: UInt16

  public init(_ group: UInt16, _ element: UInt16) {
    self.group = group
    self.element = element
  }

  /// Private elements have an odd group number (PS3.5 section 7.8).
  public var isPrivate: Bool { group & 1 == 1 }

  /// Group and element as one number, group in the high half; tags sort by it.
  public var number: UInt32 { UInt32(group) << 16 | UInt32(element) }

  public static func < (left: Tag, right: Tag) -> Bool { left.number < right.number }

  /// `(0010,0020)`
  public var description: String {
    func hexadecimal(_ value: UInt16) -> String {
      let digits = String(value, radix: 16, uppercase: true)
      return String(repeating: "0", count: 4 - digits.count) + digits
    }
    return "(\(hexadecimal(group)),\(hexadecimal(element)))"
  }
}
