/// An identifying value of the source, as a valid result may carry it: what identifies isn't dropped because it is
/// too long or in another shape than PS3.5 section 6.2 has it.
enum ValueRepair {
  /// The element to write, nil where nothing of it can be kept, and what was done; no note where it is valid as it is.
  static func carry(_ stated: DataElement) -> (element: DataElement?, kind: HeaderNote.Kind?) {
    // A date that was written as LO is still to be a date.
    let vr = VR.inDictionary(stated.tag) ?? stated.vr
    let isText = vr.storage == .text && stated.vr.storage == .text
    let element = isText ? DataElement(stated.tag, vr, stated.value, encoded: stated.encoded) : stated
    let isSingle = element.texts.count <= 1
    if isSingle, isValid(element) { return withoutZeros(element) }
    guard case .text = element.value, let text = element.texts.first(where: { !$0.isEmpty }) else {
      return (nil, element.isEmpty ? nil : .leftOut)
    }
    if !isSingle, identifiers.contains(element.tag) { return joined(element) }
    let (value, kind) = repaired(text, vr: vr, tag: element.tag)
    guard let value, !value.isEmpty else { return (nil, .leftOut) }
    return (DataElement(element.tag, vr, .text(value)), isSingle ? kind : .shortened)
  }

  /// An element that doesn't identify, in the representation that PS3.6 gives it; nil where its value isn't valid in it.
  static func valid(_ stated: DataElement) -> DataElement? {
    let vr = VR.inDictionary(stated.tag) ?? stated.vr
    guard vr == stated.vr || vr.storage == .text && stated.vr.storage == .text else { return nil }
    let element = DataElement(stated.tag, vr, stated.value, encoded: stated.encoded)
    return ValueRule.isValid(element) ? withoutZeros(element).element : nil
  }

  /// Zero bytes are read as padding wherever a value begins or ends, but text may hold none. Behind it they go without a
  /// word, as any padding does.
  private static func withoutZeros(_ element: DataElement) -> (element: DataElement?, kind: HeaderNote.Kind?)
  {
    guard case .text(let text) = element.value, text.utf8.contains(0) else { return (element, nil) }
    let values = element.texts
    let isBehind = !text.utf8.drop { $0 != 0 }.contains { $0 != 0 && $0 != UInt8(ascii: " ") }
    let plain = DataElement(element.tag, element.vr, .text(values.joined(separator: "\\")))
    return (plain, isBehind ? nil : .normalised)
  }

  /// What may have no second value and of which the first may be another patient's or study's: a separator within it
  /// becomes a blank. Cut, it might be that very first value, so it isn't.
  private static let identifiers: Set<Tag> = [.patientID, .issuerOfPatientID, .studyID]

  private static func joined(_ element: DataElement) -> (DataElement?, HeaderNote.Kind?) {
    let value = plain(element.texts.joined(separator: " "))
    let whole = DataElement(element.tag, element.vr, .text(value))
    // Text that isn't ASCII must fit as UTF-8 too, in which it may be written.
    guard ValueRule.isValid(whole), prefix(value, limit: element.vr == .SH ? 16 : 64) == value else {
      return (nil, .leftOut)
    }
    return (whole, .normalised)
  }

  private static func isValid(_ element: DataElement) -> Bool {
    guard ValueRule.isValid(element) else { return false }
    return element.tag != .patientSex || ["M", "F", "O"].contains(element.texts.first ?? "")
  }

  private static func repaired(_ text: String, vr: VR, tag: Tag) -> (String?, HeaderNote.Kind) {
    if tag == .patientSex { return (sex(text), .normalised) }
    switch vr {
    case .DA: return (DateShape.date(text), .normalised)
    case .TM: return (DateShape.time(text), .normalised)
    case .PN: return name(plain(text))
    case .SH: return line(plain(text), limit: 16)
    default: return line(plain(text), limit: 64)
    }
  }

  /// Without control characters and what separates values.
  private static func plain(_ text: String) -> String {
    let scalars = text.unicodeScalars.map { scalar -> Character in
      let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) || scalar == "\\"
      return isControl ? " " : Character(scalar)
    }
    return String(scalars).split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
  }

  private static func line(_ text: String, limit: Int) -> (String?, HeaderNote.Kind) {
    let short = prefix(text, limit: limit)
    return (short, short == text ? .normalised : .shortened)
  }

  /// Databases count bytes: text that isn't ASCII must fit in UTF-8 too, in which it may be written.
  private static func prefix(_ text: String, limit: Int) -> String {
    var short = cut(text, limit: limit) { $0.utf8.count }
    while short.last == " " { short.removeLast() }
    return String(short)
  }

  /// Whole characters, no more of them than sum up to the limit.
  private static func cut(_ text: String, limit: Int, size: (Character) -> Int) -> Substring {
    var sum = 0
    return text.prefix { character in
      sum += size(character)
      return sum <= limit
    }
  }

  /// At most three groups of 64 characters and five components; further components join the last.
  private static func name(_ text: String) -> (String?, HeaderNote.Kind) {
    var kind = HeaderNote.Kind.normalised
    let groups = text.split(separator: "=", omittingEmptySubsequences: false).prefix(3).map { group in
      let parts = group.split(separator: "^", omittingEmptySubsequences: false)
      let last = parts.dropFirst(4).filter { !$0.isEmpty }.joined(separator: " ")
      let joined = (parts.prefix(4).map(String.init) + (last.isEmpty ? [] : [last])).joined(separator: "^")
      var short = cut(joined, limit: 64) { $0.unicodeScalars.count }
      if short.count < joined.count { kind = .shortened }
      while let end = short.last, end == " " || end == "^" { short.removeLast() }
      return String(short)
    }
    return (groups.joined(separator: "="), kind)
  }

  private static func sex(_ text: String) -> String? {
    switch CodeString(text) {
    case "M", "MALE", "MAN", "MASCULINO", "MASCULIN", "MASCHIO", "MANNLICH", "MAENNLICH", "MÄNNLICH": "M"
    case "F", "W", "FEMALE", "WOMAN", "FEMININO", "FEMENINO", "FEMININ", "FEMMINA", "WEIBLICH": "F"
    case "O", "OTHER", "DIVERS": "O"
    default: nil
    }
  }
}
