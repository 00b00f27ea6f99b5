/// What a result object takes over from its source: the Patient, Patient Study and General Study modules (PS3.3
/// sections C.7.1.1, C.7.2.2, C.7.2.1), Specific Character Set and the body part; never acquisition, dose or
/// detector attributes. What is invalid is left out, type 2 attributes that are missing or invalid come empty.
struct SourceAttributes {
  let sopClassUID: String
  let sopInstanceUID: UID
  let seriesInstanceUID: String?
  private let source: DataSet

  init(of source: DataSet) throws(InvalidObject) {
    guard let sopClass = source.uid(.sopClassUID) else {
      throw InvalidObject(.sopClassUID, "the source has no SOP Class UID")
    }
    guard let sopInstance = source.uid(.sopInstanceUID) else {
      throw InvalidObject(.sopInstanceUID, "the source has no valid SOP Instance UID")
    }
    sopClassUID = sopClass.string
    sopInstanceUID = sopInstance
    seriesInstanceUID = source.uid(.seriesInstanceUID)?.string
    self.source = source
  }

  /// Puts the attributes into a result.
  func copy(into result: inout DataSet) {
    if let characterSet { result[.specificCharacterSet] = characterSet }
    for tag in Self.type2 { result.setEmpty(tag) }
    for tag in Self.type2 + Self.type3 {
      if let element = source[tag], ValueRule.isValid(element) { result[tag] = element }
    }
    for (tag, isValid) in Self.sequences {
      let items = source.items(tag)
      if !items.isEmpty, items.allSatisfy(isValid), items.allSatisfy(Self.isPlain) {
        result[tag] = source[tag]
      }
    }
    // The one that says whose images these are stays even where it breaks a rule.
    if let patientID = source[.patientID], !patientID.isEmpty { result[.patientID] = patientID }
    result.set(.studyInstanceUID, studyInstanceUID)
    keepEnumerated(in: &result)
    copyBodyPart(into: &result)
  }

  /// Offset of the source's dates and times from UTC in seconds, where it states one (0008,0201).
  var secondsFromUTC: Int? {
    guard let text = source.string(.timezoneOffsetFromUTC), text.utf8.count == 5, let sign = text.first,
      sign == "+" || sign == "-", let hours = Int(text.dropFirst().prefix(2)),
      let minutes = Int(text.suffix(2)),
      hours <= 14, minutes < 60
    else { return nil }
    return (sign == "-" ? -1 : 1) * (hours * 3600 + minutes * 60)
  }

  /// The source's Patient Orientation where it is valid; empty otherwise (type 2C).
  var patientOrientation: DataElement {
    let letters = Set("ALRPHF")
    let values = source.strings(.patientOrientation)
    let isValid = values.count == 2 && values.allSatisfy { !$0.isEmpty && $0.allSatisfy(letters.contains) }
    return DataElement(.patientOrientation, .CS, .text(isValid ? values.joined(separator: "\\") : ""))
  }

  /// L or R where the source says so.
  var laterality: String? {
    (source.string(.imageLaterality) ?? source.string(.laterality)).flatMap {
      ["L", "R"].contains($0) ? $0 : nil
    }
  }

  private static let type2: [Tag] = [
    .patientName, .patientID, .patientBirthDate, .patientSex, .studyDate, .studyTime, .referringPhysicianName,
    .studyID, .accessionNumber,
  ]

  private static let type3: [Tag] = [
    .patientBirthTime, .issuerOfPatientID, .ethnicGroup, .patientComments, .patientIdentityRemoved,
    .deidentificationMethod, .studyDescription, .physiciansOfRecord, .admittingDiagnosesDescription,
    .patientAge,
    .patientSize, .patientWeight, .occupation, .additionalPatientHistory, .medicalAlerts, .allergies,
    .smokingStatus, .pregnancyStatus, .timezoneOffsetFromUTC,
  ]

  private static let sequences: [(Tag, @Sendable (DataSet) -> Bool)] = [
    (.procedureCodeSequence, isCode),
    (.referencedStudySequence, isReference),
    (.issuerOfAccessionNumberSequence, isIssuer),
  ]

  private static let isCode: @Sendable (DataSet) -> Bool = { item in
    guard let code = CodedConcept(item) else { return false }
    return !code.scheme.isEmpty && !code.meaning.isEmpty
      && ValueRule.isValid(code.value, .SH)
  }

  private static let isReference: @Sendable (DataSet) -> Bool = { item in
    item.uid(.referencedSOPClassUID) != nil && item.uid(.referencedSOPInstanceUID) != nil
  }

  private static let isIssuer: @Sendable (DataSet) -> Bool = { item in
    let isNamed = item.string(.localNamespaceEntityID) != nil
    let isUniversal = item.string(.universalEntityID) != nil && item.string(.universalEntityIDType) != nil
    return isNamed || isUniversal
  }

  /// Valid elements without further nesting, private ones or a character set of their own.
  private static func isPlain(_ item: DataSet) -> Bool {
    item.elements.allSatisfy { element in
      !element.tag.isPrivate && element.vr != .SQ && element.tag != .specificCharacterSet
        && (element.isEmpty || ValueRule.isValid(element))
    }
  }

  /// Specific Character Set where its terms are defined (PS3.3 section C.12.1.1.2); UTF-8 otherwise, into which the
  /// text is then converted.
  private var characterSet: DataElement? {
    guard let element = source[.specificCharacterSet], !element.isEmpty else { return nil }
    if CharacterSet.areDefined(element.texts) { return element }
    return DataElement(.specificCharacterSet, .CS, .text("ISO_IR 192"))
  }

  /// A result belongs to its source's study even where the UID breaks a rule, as long as it can be stored at all.
  private var studyInstanceUID: String {
    let text = source.string(.studyInstanceUID) ?? ""
    let isStorable =
      !text.isEmpty && text.utf8.count <= 64
      && text.utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".")
      }
    return isStorable ? text : UID.derived(from: [sopInstanceUID.string, "study"]).string
  }

  private func keepEnumerated(in result: inout DataSet) {
    if let sex = result.string(.patientSex), !["M", "F", "O"].contains(sex) { result.setEmpty(.patientSex) }
    if let smoking = result.string(.smokingStatus), !["YES", "NO", "UNKNOWN"].contains(smoking) {
      result.remove(.smokingStatus)
    }
    if let pregnancy = result.integer(.pregnancyStatus), !(1...4).contains(pregnancy) {
      result.remove(.pregnancyStatus)
    }
    if secondsFromUTC == nil { result.remove(.timezoneOffsetFromUTC) }
    switch result.string(.patientIdentityRemoved) {
    case "YES" where result.string(.deidentificationMethod) == nil:
      // Type 1C: required where the identity has been removed.
      result.set(.deidentificationMethod, "Stated by the source without a method")
    case "YES", "NO", nil: break
    default: result.remove(.patientIdentityRemoved)
    }
  }

  private func copyBodyPart(into result: inout DataSet) {
    if let bodyPart = source[.bodyPartExamined], ValueRule.isValid(bodyPart) {
      result[.bodyPartExamined] = bodyPart
    }
  }
}
