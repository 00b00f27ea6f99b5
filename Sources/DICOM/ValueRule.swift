/// What a value of each representation may look like (PS3.5 section 6.2). A result object must be valid whatever its
/// source is: what breaks these rules isn't copied as it is. What identifies is repaired (`ValueRepair`).
enum ValueRule {
  /// All values of an element are valid, and there is one.
  static func isValid(_ element: DataElement) -> Bool {
    guard !element.isEmpty else { return false }
    guard case .text = element.value else { return true }
    guard element.texts.allSatisfy({ isValid($0, element.vr) }) else { return false }
    // The limits count characters, but validators and databases count bytes.
    guard let encoded = element.encoded, let limit = limit(of: element.vr) else { return true }
    return encoded.bytes.count <= limit * element.texts.count + element.texts.count - 1
  }

  /// One value.
  static func isValid(_ value: String, _ vr: VR) -> Bool {
    if value.isEmpty { return true }
    switch vr {
    case .CS: return isCodeString(value)
    case .DA: return isDate(value)
    case .TM: return isTime(value)
    case .AS: return isAge(value)
    case .DS:
      return value.utf8.count <= 16 && Double(value)?.isFinite == true && value.utf8.allSatisfy(isNumeric)
    case .IS: return value.utf8.count <= 12 && Int32(value) != nil
    case .PN: return isPersonName(value)
    case .SH, .LO: return isLine(value, limit: limit(of: vr) ?? 64)
    case .ST, .LT, .UC, .UT: return isText(value, limit: limit(of: vr) ?? .max)
    case .UI: return UID(value) != nil
    default: return true
    }
  }

  private static func limit(of vr: VR) -> Int? {
    switch vr {
    case .SH: 16
    case .LO: 64
    case .ST: 1024
    case .LT: 10240
    default: nil
    }
  }

  private static func isCodeString(_ value: String) -> Bool {
    value.utf8.count <= 16
      && value.utf8.allSatisfy { byte in
        isDigit(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: " ")
          || byte == UInt8(ascii: "_")
      }
  }

  /// `YYYYMMDD`
  private static func isDate(_ value: String) -> Bool {
    guard value.utf8.count == 8, value.utf8.allSatisfy(isDigit), let year = Int(value.prefix(4)),
      let month = Int(value.dropFirst(4).prefix(2)), let day = Int(value.suffix(2))
    else { return false }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    // Of other millennia validators want to know nothing.
    return (1000...2999).contains(year) && (1...12).contains(month) && (1...lengths[month - 1]).contains(day)
  }

  /// `HH[MM[SS[.F]]]`
  private static func isTime(_ value: String) -> Bool {
    let parts = value.split(separator: ".", omittingEmptySubsequences: false)
    guard let clock = parts.first, parts.count <= 2, [2, 4, 6].contains(clock.utf8.count),
      clock.utf8.allSatisfy(isDigit)
    else { return false }
    let fields = stride(from: 0, to: clock.utf8.count, by: 2).compactMap {
      Int(clock.dropFirst($0).prefix(2))
    }
    guard fields[0] < 24, fields.count < 2 || fields[1] < 60, fields.count < 3 || fields[2] <= 60 else {
      return false
    }
    guard parts.count == 2 else { return true }
    return fields.count == 3 && (1...6).contains(parts[1].utf8.count) && parts[1].utf8.allSatisfy(isDigit)
  }

  /// `nnnD`, `nnnW`, `nnnM`, `nnnY`
  private static func isAge(_ value: String) -> Bool {
    guard value.utf8.count == 4, let unit = value.last else { return false }
    return "DWMY".contains(unit) && value.utf8.dropLast().allSatisfy(isDigit)
  }

  /// At most three groups (alphabetic, ideographic, phonetic) of at most five components and 64 characters.
  private static func isPersonName(_ value: String) -> Bool {
    let groups = value.split(separator: "=", omittingEmptySubsequences: false)
    return groups.count <= 3
      && groups.allSatisfy { group in
        isLine(String(group), limit: 64) && group.count { $0 == "^" } <= 4
      }
  }

  private static func isLine(_ value: String, limit: Int) -> Bool {
    value.unicodeScalars.count <= limit && !value.unicodeScalars.contains(where: isControl)
  }

  private static func isText(_ value: String, limit: Int) -> Bool {
    let allowed: Set<Unicode.Scalar> = ["\n", "\r", "\t", "\u{0C}"]
    return value.unicodeScalars.count <= limit
      && !value.unicodeScalars.contains { isControl($0) && !allowed.contains($0) }
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func isNumeric(_ byte: UInt8) -> Bool { isDigit(byte) || "+-.eE".utf8.contains(byte) }
}
