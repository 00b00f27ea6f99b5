/// A result that another one takes the place of, as the new one refers to it.
public struct ReplacedObject: Sendable, Hashable, Codable {
  public let sopClassUID: UID
  public let sopInstanceUID: UID
  public let studyInstanceUID: UID
  public let seriesInstanceUID: UID

  public init(sopClassUID: UID, sopInstanceUID: UID, studyInstanceUID: UID, seriesInstanceUID: UID) {
    self.sopClassUID = sopClassUID
    self.sopInstanceUID = sopInstanceUID
    self.studyInstanceUID = studyInstanceUID
    self.seriesInstanceUID = seriesInstanceUID
  }

  /// An item of Referenced Image Sequence (0008,1140) with its purpose (PS3.3 section C.12.4). CID 7201 has no code for
  /// "replaced"; it may be extended, and "99" marks a private scheme (PS3.16 section 8.2).
  var imageReference: DataSet {
    var item = reference.item
    item.set(.purposeOfReferenceCodeSequence, items: [CodedConcept.replacedResult.item])
    return item
  }

  /// For who lists it by its series.
  var reference: ResultReference {
    ResultReference(
      sopClassUID: sopClassUID, sopInstanceUID: sopInstanceUID, seriesInstanceUID: seriesInstanceUID)
  }
}
