/// What an information object definition (PS3.3) demands of a data set or of each item of a sequence.
indirect enum ObjectRule: Sendable {
  /// Type 1: there, with a value.
  case value(Tag)
  /// Type 2: there, if empty.
  case present(Tag)
  /// Type 1 with one of these as its first value.
  case oneOf(Tag, [String])
  /// Type 1C: there, with a value, unless another attribute is this; then not there.
  case valueUnless(Tag, is: String, Tag)
  /// A sequence with one item or more, each of which fulfils the rules; required.
  case items(Tag, [ObjectRule])
  /// The same where the sequence is there.
  case itemsIfAny(Tag, [ObjectRule])
  /// Never there: it would contradict the rest.
  case never(Tag)

  /// What is wrong with a data set; nil where the rule is kept.
  func problem(in dataSet: DataSet) -> InvalidObject? {
    switch self {
    case .value(let tag):
      return dataSet[tag].map { !$0.isEmpty } == true ? nil : InvalidObject(tag, "required (type 1)")
    case .present(let tag):
      return dataSet.contains(tag) ? nil : InvalidObject(tag, "required, if empty (type 2)")
    case .oneOf(let tag, let terms):
      let value = dataSet.string(tag) ?? dataSet.integer(tag).map { String($0) }
      return terms.contains(value ?? "")
        ? nil : InvalidObject(tag, "must be " + terms.joined(separator: " or "))
    case .valueUnless(let other, let term, let tag):
      let rule: ObjectRule = dataSet.string(other) == term ? .never(tag) : .value(tag)
      return rule.problem(in: dataSet)
    case .items(let tag, let rules):
      if dataSet.items(tag).isEmpty { return InvalidObject(tag, "needs an item") }
      return Self.itemsIfAny(tag, rules).problem(in: dataSet)
    case .itemsIfAny(let tag, let rules):
      for item in dataSet.items(tag) {
        if let problem = rules.lazy.compactMap({ $0.problem(in: item) }).first { return problem }
      }
      return nil
    case .never(let tag): return dataSet.contains(tag) ? InvalidObject(tag, "has no place here") : nil
    }
  }
}

extension ObjectRule {
  static let code: [ObjectRule] = [.value(.codingSchemeDesignator), .value(.codeMeaning)]
  static let reference: [ObjectRule] = [.value(.referencedSOPClassUID), .value(.referencedSOPInstanceUID)]
}
