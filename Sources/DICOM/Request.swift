/// A request that the source fulfils, by an item of its Request Attributes Sequence (PS3.3 table 10-9): results of the
/// image belong to it too. What is invalid is left out; one that doesn't name procedure and step is none.
struct Request {
  private let item: DataSet

  init?(_ stated: DataSet) {
    var item = DataSet()
    for tag in Self.texts {
      // None of them may have a second value, and the first may be another request's.
      if let element = stated[tag].flatMap({ ValueRepair.valid($0) }), element.texts.count == 1 {
        item[tag] = element
      }
    }
    for tag in Self.codes {
      let codes = stated.items(tag)
      if !codes.isEmpty, codes.allSatisfy({ SourceAttributes.isCode($0) && SourceAttributes.isPlain($0) }) {
        item.set(tag, items: codes)
      }
    }
    guard item.string(.requestedProcedureID) != nil, item.string(.scheduledProcedureStepID) != nil else {
      return nil
    }
    self.item = item
  }

  private static let texts: [Tag] = [
    .accessionNumber, .studyInstanceUID, .requestedProcedureID, .requestedProcedureDescription,
    .scheduledProcedureStepID, .scheduledProcedureStepDescription,
  ]
  private static let codes: [Tag] = [.requestedProcedureCodeSequence, .scheduledProtocolCodeSequence]

  /// As an item of Request Attributes Sequence (0040,0275), which series of images have.
  var attributes: DataSet { item }

  /// As an item of Referenced Request Sequence (0040,A370), which reports have (PS3.3 section C.17.2).
  /// - Parameters:
  ///   - study: of the report.
  ///   - accessionNumber: of the report, for a request that has none of its own.
  func reference(study: String, accessionNumber: String) -> DataSet {
    var result = DataSet()
    result.set(.studyInstanceUID, item.string(.studyInstanceUID) ?? study)
    result.setEmpty(.referencedStudySequence)
    result.set(.accessionNumber, accessionNumber)
    for tag in [Tag.placerOrderNumber, .fillerOrderNumber, .requestedProcedureDescription] {
      result.setEmpty(tag)
    }
    result.setEmpty(.requestedProcedureCodeSequence)
    for tag in [
      Tag.accessionNumber, .requestedProcedureID, .requestedProcedureDescription,
      .requestedProcedureCodeSequence,
    ] {
      if let element = item[tag] { result[tag] = element }
    }
    return result
  }
}
