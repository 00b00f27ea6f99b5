internal import DICOM
internal import Files

/// The Basic Application Level Confidentiality Profile (PS3.15 section E.2), with less kept than it would let stay: what
/// isn't known to identify nobody is taken out, whether the profile's table names it or not. Pure.
struct Confidentiality: Sendable {
  /// What is done with an attribute, by the letters of PS3.15 table E.1-1.
  enum Action: Sendable, Equatable {
    /// D: another value stands for it.
    case dummy
    /// Z: it comes empty.
    case empty
    /// X: it is taken out. So is everything that has no other action.
    case remove
    /// K: it stays.
    case keep
    /// C: its items are cleaned by the same rules.
    case clean
    /// U: another UID stands for it, the same everywhere.
    case replaceUID
  }

  /// Under one key the same patient, study and image get the same names.
  private let key: KeyedDigest
  /// Sex, age, size and weight stay (option 113108).
  private let keepsCharacteristics: Bool

  init(key: KeyedDigest, keepsCharacteristics: Bool) {
    self.key = key
    self.keepsCharacteristics = keepsCharacteristics
  }

  // MARK: Names

  /// The UID that stands for one: nobody without the key can tell which it was.
  func uid(_ uid: String) -> UID {
    UID.derived(from: ["confidential", key.code(of: uid, for: "export uid")])
  }

  /// What a patient is called. One who isn't named goes by their study.
  func patient(_ identifier: String, study: String) -> String {
    let code =
      identifier.isEmpty
      ? key.code(of: study, for: "export study") : key.code(of: identifier, for: "export patient")
    return "P" + code.prefix(16).uppercased()
  }

  // MARK: Data sets

  /// A data set of nobody in particular, its pixels not looked at.
  func applied(to source: DataSet) -> DataSet {
    var result = cleaned(source)
    let patient = self.patient(
      source.string(.patientID) ?? "", study: source.string(.studyInstanceUID) ?? "")
    result.set(.specificCharacterSet, "ISO_IR 192")
    result.set(.patientID, patient)
    result.set(.patientName, patient)
    // Of Type 2 in every image, and kept where they say something.
    let type2 = Self.required + [.seriesNumber, .instanceNumber, .patientOrientation]
    for tag in type2 where !result.contains(tag) { result.setEmpty(tag) }
    // A study or series without a name of its own is named after the image.
    let instance = source.string(.sopInstanceUID) ?? ""
    for tag in [Tag.studyInstanceUID, .seriesInstanceUID] where result.uid(tag) == nil {
      result.set(tag, uid("\(tag) of \(instance)"))
    }
    setAnatomy(of: source, in: &result)
    result.set(.imageComments, "Copy without names, research use only, not for diagnosis")
    state(in: &result)
    return result
  }

  /// Says that names are gone, and by which rules.
  func state(in dataSet: inout DataSet) {
    var codes = [CodedConcept("113100", "DCM", "Basic Application Confidentiality Profile")]
    if keepsCharacteristics {
      codes.append(CodedConcept("113108", "DCM", "Retain Patient Characteristics Option"))
    }
    dataSet.set(.patientIdentityRemoved, "YES")
    dataSet.set(.deidentificationMethod, "mmdicom archive export")
    dataSet.set(.deidentificationMethodCodeSequence, items: codes.map(\.item))
    dataSet.set(.longitudinalTemporalInformationModified, "REMOVED")
  }

  private func cleaned(_ source: DataSet) -> DataSet {
    var result = DataSet()
    for element in source.elements {
      switch action(for: element) {
      case .keep: result[element.tag] = KeptValue.plain(element)
      case .empty: result.setEmpty(element.tag)
      case .dummy: result.set(element.tag, "REMOVED")
      case .clean:
        guard case .items(let items) = element.value else { continue }
        result.set(element.tag, items: items.map(cleaned))
      case .replaceUID:
        if let text = element.texts.first, !text.isEmpty { result.set(element.tag, uid(text)) }
      case .remove: continue
      }
    }
    return result
  }

  private func action(for element: DataElement) -> Action {
    let tag = element.tag
    guard !tag.isPrivate else { return .remove }
    return (keepsCharacteristics ? Self.characteristics[tag] : nil) ?? Self.actions[tag] ?? .remove
  }
}
