/// What names an object that another one refers to.
public struct ResultReference: Sendable, Equatable {
  public let sopClassUID: UID
  public let sopInstanceUID: UID
  public let seriesInstanceUID: UID

  public init(sopClassUID: UID, sopInstanceUID: UID, seriesInstanceUID: UID) {
    self.sopClassUID = sopClassUID
    self.sopInstanceUID = sopInstanceUID
    self.seriesInstanceUID = seriesInstanceUID
  }

  /// As an item of a sequence of references.
  var item: DataSet { Self.item(sopClassUID: sopClassUID.string, sopInstanceUID: sopInstanceUID.string) }

  static func item(sopClassUID: String, sopInstanceUID: String) -> DataSet {
    var reference = DataSet()
    reference.set(.referencedSOPClassUID, sopClassUID)
    reference.set(.referencedSOPInstanceUID, sopInstanceUID)
    return reference
  }
}
