/// Whether each element of a data set, nested ones too, is what PS3.5 and PS3.6 allow.
enum ElementCheck {
  static func problem(in dataSet: DataSet) -> InvalidObject? {
    let charset = dataSet.strings(.specificCharacterSet)
    if !charset.isEmpty, !CharacterSet.areDefined(charset) {
      return InvalidObject(.specificCharacterSet, "no defined term")
    }
    for element in dataSet.elements {
      if let detail = problem(of: element) { return InvalidObject(element.tag, detail) }
      guard case .items(let items) = element.value else { continue }
      for item in items {
        if item.isEmpty, element.tag != .sharedFunctionalGroupsSequence {
          return InvalidObject(element.tag, "an item without any element")
        }
        if let problem = problem(in: item) { return problem }
      }
    }
    return nil
  }

  private static func problem(of element: DataElement) -> String? {
    guard !element.tag.isPrivate, let vr = VR.inDictionary(element.tag) else {
      return "not a standard element"
    }
    let isAmbiguous = VR.dependsOnSign(element.tag) || [VR.OB, .OW].contains(vr) || element.tag == .lutData
    guard vr == element.vr || isAmbiguous && [VR.US, .SS, .OB, .OW].contains(element.vr) else {
      return "is \(element.vr.rawValue), not \(vr.rawValue)"
    }
    if !element.isEmpty, !ValueRule.isValid(element) { return "a value that \(vr.rawValue) doesn't allow" }
    return isTooLong(element) ? "longer than its length can say" : nil
  }

  /// Lengths of most representations are written in 16 bits (PS3.5 section 7.1.2).
  private static func isTooLong(_ element: DataElement) -> Bool {
    let size: Int
    switch (element.value, element.vr) {
    case (.text, .UC), (.text, .UR), (.text, .UT): return false
    case (.text(let text), _): size = text.utf8.count
    case (.integers, .SV), (.integers, .UV): return false
    case (.integers(let values), .US), (.integers(let values), .SS): size = 2 * values.count
    case (.integers(let values), _): size = 4 * values.count
    case (.decimals(let values), let vr): size = (vr == .FL ? 4 : 8) * values.count
    default: return false
    }
    return size > 0xFFFE
  }
}
