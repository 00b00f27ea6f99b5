/// Dates and times in the shapes that other systems write, as DICOM has them (DA, TM; PS3.5 section 6.2).
public enum DateShape {
  /// `YYYYMMDD` where a text is a date beyond doubt: that very shape, "2024-01-15", "2024.1.15", "2024/01/15",
  /// "15.01.2024", "15-JAN-2024", a time behind any of them, or eight digits that 14 begin with. Nil otherwise:
  /// "01/02/2024" may be either of two days.
  public static func date(_ text: String) -> String? {
    let trimmed = text.split(whereSeparator: { " T\0".contains($0) }).first.map(String.init) ?? ""
    let parts = trimmed.split(whereSeparator: { !$0.isLetter && !$0.isNumber })
    if parts.count == 1 {
      guard [8, 12, 14].contains(trimmed.utf8.count), trimmed.utf8.allSatisfy(isDigit) else { return nil }
      return checked(String(trimmed.prefix(8)))
    }
    guard parts.count == 3 else { return nil }
    if parts[0].count == 4, let month = number(parts[1]), let day = number(parts[2]) {
      return checked(String(parts[0]) + padded(month) + padded(day))
    }
    guard parts[2].count == 4, let day = number(parts[0]) else { return nil }
    if let month = month(named: parts[1]) { return checked(parts[2] + padded(month) + padded(day)) }
    guard let month = number(parts[1]) else { return nil }
    // Dots are written where the day comes first; other marks leave it open unless one number can't be a month.
    if trimmed.contains(".") || day > 12 { return checked(parts[2] + padded(month) + padded(day)) }
    return month > 12 || month == day ? checked(parts[2] + padded(day) + padded(month)) : nil
  }

  /// `HHMMSS` or `HHMM`, with at most six digits of fraction, of "12:00:00", "9:05", "12.30.45" and the like.
  public static func time(_ text: String) -> String? {
    let parts = text.split(whereSeparator: { ": .\0".contains($0) })
    guard let first = parts.first, parts.allSatisfy({ $0.utf8.allSatisfy(isDigit) }) else { return nil }
    if first.count >= 4 {
      let clock = first.count % 2 == 0 ? String(first.prefix(6)) : ""
      let fraction = first.count == 6 && parts.count == 2 ? "." + parts[1].prefix(6) : ""
      return [clock + fraction].first { ValueRule.isValid($0, .TM) && !$0.isEmpty }
    }
    guard (2...4).contains(parts.count) else { return nil }
    let numbers = parts.prefix(3).compactMap { number($0) }
    guard numbers.count == min(3, parts.count) else { return nil }
    let clock = numbers.map(padded).joined()
    let fraction = parts.count == 4 ? "." + parts[3].prefix(6) : ""
    return ValueRule.isValid(clock + fraction, .TM) ? clock + fraction : nil
  }

  private static func checked(_ date: String) -> String? { ValueRule.isValid(date, .DA) ? date : nil }

  private static func number(_ text: Substring) -> Int? {
    text.utf8.count <= 2 && text.utf8.allSatisfy(isDigit) ? Int(text) : nil
  }

  private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  private static func month(named text: Substring) -> Int? {
    let months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
    return months.firstIndex(of: String(text.uppercased().prefix(3))).map { $0 + 1 }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
