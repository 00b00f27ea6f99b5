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
}
