/// Defined terms of Specific Character Set (PS3.3 section C.12.1.1.2).
enum CharacterSet {
  /// - Parameter values: Of the attribute, the first possibly empty.
  static func areDefined(_ values: [String]) -> Bool {
    if values.count == 1 { return withoutExtensions.contains(values[0]) }
    guard let first = values.first, first.isEmpty || withExtensions.contains(first) else { return false }
    return values.dropFirst().allSatisfy(withExtensions.contains)
  }

  private static let parts = [
    "100", "101", "109", "110", "144", "127", "126", "138", "148", "203", "13", "166",
  ]

  private static let withoutExtensions = Set(
    parts.map { "ISO_IR \($0)" } + ["ISO_IR 192", "GB18030", "GBK"])

  private static let withExtensions = Set(
    (parts + ["6", "87", "159", "149", "58"]).map { "ISO 2022 IR \($0)" })

  /// Undoes common misspellings of a defined term: "ISO-IR 100", "ISO_IR_100", "utf-8", "ISO 8859-1".
  static func corrected(_ value: Substring) -> String {
    let term = value.uppercased().filter { $0 != "\0" }.split(separator: " ").joined(separator: " ")
    if ["UTF-8", "UTF8", "ISO IR 192"].contains(term) { return "ISO_IR 192" }
    guard term.hasPrefix("ISO") else { return term }
    let number = String(term.reversed().prefix { $0.isNumber }.reversed())
    if ["ISO 2022", "ISO-2022", "ISO_2022"].contains(where: term.hasPrefix) {
      return "ISO 2022 IR \(number)"
    }
    if term.contains("8859") { return number == "1" ? "ISO_IR 100" : term }
    return term.contains("IR") ? "ISO_IR \(number)" : term
  }

  /// The C library's name of an encoding without code extensions; nil where the terms say otherwise.
  static func wholeEncoding(_ terms: [String]) -> String? {
    switch terms {
    case ["ISO_IR 192"]: "UTF-8"
    case ["GB18030"]: "GB18030"
    case ["GBK"], ["GB2312"]: "GBK"
    default: nil
    }
  }

  /// The same for what text is written in: a single-byte set as well.
  static func writtenEncoding(_ terms: [String]) -> String? {
    if let whole = wholeEncoding(terms) { return whole }
    guard terms.count == 1, terms[0].hasPrefix("ISO_IR ") else { return nil }
    let set = CodedSet.all.first { terms[0] == "ISO_IR \($0.term)" && $0.isG1 && $0.width == 1 }
    return set?.prefix.isEmpty == true ? set?.encoding : nil
  }

  /// What G1 holds before any escape: the first set named that goes there. Korean text often comes without escapes.
  static func initialG1(_ terms: [String]) -> CodedSet? {
    for term in terms {
      let number = String(term.reversed().prefix { $0.isNumber }.reversed())
      if let set = CodedSet.all.first(where: { $0.isG1 && $0.term == number }) { return set }
    }
    return nil
  }
}
