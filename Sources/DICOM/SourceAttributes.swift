/// What a result object takes over from its source: the Patient, Patient Study and General Study modules (PS3.3
/// sections C.7.1.1, C.7.2.2, C.7.2.1), Specific Character Set and the body part; never acquisition, dose or
/// detector attributes. What identifies is brought into a valid shape where it has none (`ValueRepair`), with a note;
/// anything else that is invalid is left out, and type 2 attributes that are missing come empty.
///
/// UIDs that break a rule are replaced by what they mean (`UID.init(meantBy:)`): a result that no validator passes is
/// refused by the very archives that would have to match it, and one in the study of the same object identifier is
/// still found by the patient, the accession number and the report, which has the UIDs as they were.
struct SourceAttributes {
  let sopClassUID: String
  let sopInstanceUID: UID
  let seriesInstanceUID: String?
  /// Which identifying values had to be changed, and how.
  let notes: [HeaderNote]
  private let carried: [DataElement]
  private let source: DataSet

  init(of source: DataSet) throws(InvalidObject) {
    guard let sopClass = source.uid(.sopClassUID) else {
      throw InvalidObject(.sopClassUID, "the source has no SOP Class UID")
    }
    guard let sopInstance = Self.uid(.sopInstanceUID, of: source) else {
      throw InvalidObject(.sopInstanceUID, "the source has no SOP Instance UID")
    }
    sopClassUID = sopClass.string
    sopInstanceUID = sopInstance
    seriesInstanceUID = Self.uid(.seriesInstanceUID, of: source)?.string
    self.source = source
    (carried, notes) = Self.carry(source)
  }

  /// What is taken over of whose and of which study the source is, and what had to be changed for that.
  static func carry(_ source: DataSet) -> (elements: [DataElement], notes: [HeaderNote]) {
    var notes: [HeaderNote] = []
    var carried: [DataElement] = []
    for tag in type2 + type3 {
      guard let element = source[tag], !element.isEmpty else { continue }
      guard HeaderNote.names[tag] != nil else {
        if let valid = ValueRepair.valid(element) { carried.append(valid) }
        continue
      }
      let (kept, kind) = ValueRepair.carry(element)
      if let kept { carried.append(kept) }
      if let kind { notes.append(HeaderNote(kind, tag)) }
    }
    for tag in [Tag.studyInstanceUID, .seriesInstanceUID, .sopInstanceUID] {
      guard let text = source.whole(tag) else {
        // Results are in a study, and where the source is in none they get one.
        if tag == .studyInstanceUID { notes.append(HeaderNote(.replaced, tag)) }
        continue
      }
      guard UID(text) == nil else { continue }
      notes.append(HeaderNote(UID(withoutLeadingZeros: text) == nil ? .replaced : .normalised, tag))
    }
    return (carried, notes)
  }

  /// The UID that results have for one of the source's; several values are no UID. Nil where there is none.
  static func uid(_ tag: Tag, of source: DataSet) -> UID? {
    source.whole(tag).flatMap { UID(meantBy: $0) }
  }

  /// A result belongs to its source's study; a source without one gets one of its own. Nil where it names no image either.
  static func study(of source: DataSet) -> UID? {
    uid(.studyInstanceUID, of: source)
      ?? uid(.sopInstanceUID, of: source).map { UID.derived(from: [$0.string, "study"]) }
  }

  /// Puts the attributes into a result.
  func copy(into result: inout DataSet) {
    if let characterSet { result[.specificCharacterSet] = characterSet }
    for tag in Self.type2 { result.setEmpty(tag) }
    for element in carried { result[element.tag] = element }
    for (tag, isValid) in Self.sequences {
      let items = source.items(tag)
      if !items.isEmpty, items.allSatisfy(isValid), items.allSatisfy(Self.isPlain) {
        result[tag] = source[tag]
      }
    }
    if let study = Self.study(of: source) { result.set(.studyInstanceUID, study) }
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

  /// What the image was asked for with.
  var requests: [Request] { source.items(.requestAttributesSequence).compactMap { Request($0) } }

  /// L or R where the source says so.
  var laterality: String? {
    switch source.code(.imageLaterality) ?? source.code(.laterality) {
    case "L", "LEFT": "L"
    case "R", "RIGHT": "R"
    default: nil
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

  static let isCode: @Sendable (DataSet) -> Bool = { item in
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
  static func isPlain(_ item: DataSet) -> Bool {
    item.elements.allSatisfy { element in
      !element.tag.isPrivate && element.vr != .SQ && element.tag != .specificCharacterSet
        && (element.isEmpty || ValueRepair.valid(element) == element)
    }
  }

  /// Specific Character Set where its terms are defined (PS3.3 section C.12.1.1.2); UTF-8 otherwise, into which the
  /// text is then converted.
  private var characterSet: DataElement? {
    guard let element = source[.specificCharacterSet], !element.isEmpty else { return nil }
    if CharacterSet.areDefined(element.texts) { return element }
    return DataElement(.specificCharacterSet, .CS, .text("ISO_IR 192"))
  }

  private func keepEnumerated(in result: inout DataSet) {
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
    if let bodyPart = source[.bodyPartExamined].flatMap({ ValueRepair.valid($0) }) {
      result[.bodyPartExamined] = bodyPart
    }
  }
}
