/// An item of a structured report's content tree (PS3.3 section C.17.3).
struct ContentItem {
  enum Relationship: String {
    case contains = "CONTAINS"
    case hasObservationContext = "HAS OBS CONTEXT"
    case hasConceptModifier = "HAS CONCEPT MOD"
    case hasAcquisitionContext = "HAS ACQ CONTEXT"
  }

  enum Value {
    /// With the identifier of the template (PS3.16) that it follows, if it begins one.
    case container(template: String?)
    case code(CodedConcept)
    case text(String)
    case uid(UID)
    /// `YYYYMMDD`
    case date(String)
    case number(Double, unit: CodedConcept)
    /// A whole object, or one frame of it.
    case image(DataSet, frame: Int?)
  }

  let relationship: Relationship
  /// What it is about; only images in a library go without.
  let concept: CodedConcept?
  let value: Value
  let children: [ContentItem]

  init(
    _ relationship: Relationship, _ concept: CodedConcept?, _ value: Value, children: [ContentItem] = []
  ) {
    self.relationship = relationship
    self.concept = concept
    self.value = value
    self.children = children
  }

  /// As an item of a Content Sequence.
  var item: DataSet {
    var item = DataSet()
    item.set(.relationshipType, relationship.rawValue)
    write(into: &item)
    return item
  }

  /// Everything but the relationship, which the root of a tree doesn't have.
  func write(into item: inout DataSet) {
    if let concept { item.set(.conceptNameCodeSequence, items: [concept.item]) }
    item.set(.valueType, value.type)
    switch value {
    case .container(let template):
      item.set(.continuityOfContent, "SEPARATE")
      if let template {
        var origin = DataSet()
        origin.set(.mappingResource, "DCMR")
        origin.set(.templateIdentifier, template)
        item.set(.contentTemplateSequence, items: [origin])
      }
    case .code(let code): item.set(.conceptCodeSequence, items: [code.item])
    case .text(let text): item.set(.textValue, text)
    case .uid(let uid): item.set(.uid, uid)
    case .date(let date): item.set(.date, date)
    case .number(let number, let unit):
      var measured = DataSet()
      measured.set(.numericValue, number)
      measured.set(.measurementUnitsCodeSequence, items: [unit.item])
      item.set(.measuredValueSequence, items: [measured])
    case .image(let reference, let frame):
      var reference = reference
      // A frame or a segment, never both: validators refuse it.
      if let frame { reference.set(.referencedFrameNumber, frame) }
      item.set(.referencedSOPSequence, items: [reference])
    }
    if !children.isEmpty { item.set(.contentSequence, items: children.map(\.item)) }
  }
}

extension ContentItem.Value {
  /// Defined term of Value Type (0040,A040).
  fileprivate var type: String {
    switch self {
    case .container: "CONTAINER"
    case .code: "CODE"
    case .text: "TEXT"
    case .uid: "UIDREF"
    case .date: "DATE"
    case .number: "NUM"
    case .image: "IMAGE"
    }
  }
}
