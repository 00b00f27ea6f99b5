/// A code string (VR CS) as something to compare. Only letters and digits count: devices write "Sigmoid",
/// "for processing", "LINEAR-EXACT" and "MONOCHROME 2" where the standard defines SIGMOID, FOR PROCESSING,
/// LINEAR_EXACT and MONOCHROME2 (PS3.5 section 6.2). This is the one way in which defined terms are compared.
public struct CodeString: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
  /// Capital letters and digits.
  public let description: String

  public init(_ text: String) { description = text.uppercased().filter { $0.isLetter || $0.isNumber } }

  public init(stringLiteral text: String) { self.init(text) }

  /// Whether the term begins with the letters and digits of another.
  public func hasPrefix(_ other: CodeString) -> Bool { description.hasPrefix(other.description) }
}

extension DataSet {
  /// The first value of an element as a term to compare; nil when absent or empty.
  public func code(_ tag: Tag) -> CodeString? {
    guard let text = string(tag) else { return nil }
    let code = CodeString(text)
    return code.description.isEmpty ? nil : code
  }
}
