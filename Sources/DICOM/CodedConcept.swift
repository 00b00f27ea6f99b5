/// A coded concept (PS3.3 section 8): value, coding scheme and meaning.
public struct CodedConcept: Sendable, Hashable {
  public let value: String
  public let scheme: String
  public let meaning: String

  public init(_ value: String, _ scheme: String, _ meaning: String) {
    self.value = value
    self.scheme = scheme
    self.meaning = meaning
  }

  /// From an item of a code sequence; nil where value or scheme is missing. Version and context are not kept.
  public init?(_ item: DataSet) {
    guard let value = item.string(.codeValue) ?? item.string(.longCodeValue) ?? item.string(.urnCodeValue)
    else { return nil }
    self.value = value
    scheme = item.string(.codingSchemeDesignator) ?? ""
    meaning = item.string(.codeMeaning) ?? ""
  }

  /// As an item of a code sequence (PS3.3 section 8.8, basic coded entry).
  public var item: DataSet {
    var item = DataSet()
    // Code Value is an SH: longer codes have an attribute of their own.
    item.set(value.utf8.count <= 16 ? .codeValue : .longCodeValue, value)
    item.set(.codingSchemeDesignator, scheme)
    item.set(.codeMeaning, meaning)
    return item
  }

  /// Codes are the same where value and scheme are; the meaning is only for people.
  public static func == (left: CodedConcept, right: CodedConcept) -> Bool {
    left.value == right.value && left.scheme == right.scheme
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(value)
    hasher.combine(scheme)
  }

  public static let processingEquipment = CodedConcept("109102", "DCM", "Processing Equipment")
  public static let sourceImageForImageProcessing = CodedConcept(
    "121322", "DCM", "Source image for image processing operation")
  /// An earlier result that isn't to be used any more.
  public static let replacedResult = CodedConcept("REPLACED", "99MMDICOM", "Result replaced by this one")
  public static let segmentation = CodedConcept("113076", "DCM", "Segmentation")
  public static let artificialIntelligence = CodedConcept("123110", "DCM", "Artificial Intelligence")

  public static let anatomicalStructure = CodedConcept("91723000", "SCT", "Anatomical Structure")
  public static let lung = CodedConcept("39607008", "SCT", "Lung")
  public static let bothLungs = CodedConcept("74101002", "SCT", "Both lungs")
  public static let leftLung = CodedConcept("44029006", "SCT", "Left lung")
  public static let rightLung = CodedConcept("3341006", "SCT", "Right lung")
  public static let left = CodedConcept("7771000", "SCT", "Left")
  public static let right = CodedConcept("24028007", "SCT", "Right")
  public static let chest = CodedConcept("51185008", "SCT", "Chest")
}
