internal import DICOM

/// What stays of the value of an attribute that may stay: what is meant for machines alone, which is numbers, and words that
/// the standard defines; in the representation that PS3.6 gives the attribute, whatever it came in. Pure.
enum KeptValue {
  /// Nil where nothing stays.
  static func plain(_ element: DataElement) -> DataElement? {
    let tag = element.tag
    guard let vr = VR.inDictionary(tag) else { return nil }
    switch element.value {
    case .integers, .decimals: return element
    case .bytes: return tag == .lutData ? element : nil
    case .items: return nil
    case .text(let text):
      guard [.AS, .CS, .DS, .IS, .LO, .UI].contains(vr) else { return nil }
      if Confidentiality.names.contains(tag), element.vr != .LO { return nil }
      // Stated anew, without bytes of another character set.
      let restated = DataElement(tag, vr, .text(text))
      guard let values = values(of: restated), !values.isEmpty || restated.isEmpty else { return nil }
      return DataElement(tag, vr, .text(values.joined(separator: "\\")))
    }
  }

  private static func values(of element: DataElement) -> [String]? {
    let tag = element.tag
    switch element.vr {
    case .DS, .IS: return element.decimals.isEmpty && !element.isEmpty ? nil : element.texts
    case .AS: return element.texts.allSatisfy(isAge) ? element.texts : nil
    // Classes, no instances.
    case .UI: return element.texts.allSatisfy { UID($0)?.sopClassName != nil } ? element.texts : nil
    default: break
    }
    if Confidentiality.names.contains(tag) { return element.texts }
    if units.contains(tag) { return element.texts.map { term($0) ?? "US" } }
    if tag == .patientOrientation { return element.texts.allSatisfy(isDirection) ? element.texts : nil }
    // A word at the end that isn't defined is left off, one in the midst is emptied.
    var words = element.texts.map { term($0) ?? "" }
    while words.last == "" { words.removeLast() }
    return words
  }

  private static func isAge(_ text: String) -> Bool {
    text.utf8.count == 4 && text.utf8.dropLast().allSatisfy { 0x30...0x39 ~= $0 }
      && "DWMY".contains(text.suffix(1))
  }

  /// Of the body, up to three together.
  private static func isDirection(_ text: String) -> Bool {
    1...3 ~= text.utf8.count && text.allSatisfy { "ALRPHF".contains($0) }
  }

  /// As the standard writes it, however the device did.
  private static func term(_ text: String) -> String? { terms[CodeString(text)] }

  /// What values mean; required beside a rescale or a table, where US is unspecified (PS3.3 section C.11.1.1.2).
  private static let units: Set<Tag> = [.rescaleType, .modalityLUTType]

  private static let terms: [CodeString: String] = {
    let words = [
      "ORIGINAL", "DERIVED", "PRIMARY", "SECONDARY", "CR", "DX", "RG", "OT", "DV", "DI", "DF", "WSD", "SD",
      "SI", "DRW", "SYN", "FOR PRESENTATION", "FOR PROCESSING", "CHEST", "THORAX", "LUNG", "RIB", "AP", "PA",
      "LL", "RL", "RLD", "LLD", "RLO", "LLO", "L", "R", "B", "U", "YES", "NO", "CARM", "COLUMN", "NONE",
      "RIGID", "DIRECT", "SCINTILLATOR", "STORAGE", "FILM", "FIXED", "FOCUSED", "PARALLEL", "CROSSED",
      "RECIPROCATING", "RECTANGLE", "ROUND", "HEXAGONAL", "MONOCHROME1", "MONOCHROME2", "GEOMETRY",
      "FIDUCIAL", "LIN", "LOG", "SQRT", "DISP", "00", "01", "ISO_10918_1", "ISO_14495_1", "ISO_15444_1",
      "ISO_15444_15", "LINEAR", "LINEAR_EXACT", "SIGMOID", "IDENTITY", "INVERSE", "LIN OD", "RECTANGULAR",
      "CIRCULAR", "POLYGONAL", "HU", "US", "OD", "M", "F", "O",
    ]
    return Dictionary(uniqueKeysWithValues: words.map { (CodeString($0), $0) })
  }()
}
