import DICOM

/// Which part of the body a data set says it shows.
///
/// Body Part Examined (0018,0015) and Anatomic Region Sequence (0008,2218) come first: either saying "chest" is
/// enough. Where both say nothing that is understood, descriptions and protocol names count. A term that nobody knows
/// is no statement.
enum BodyPart: Sendable, Equatable {
  case chest, unstated
  /// In the vocabulary's word for it: the data set's own text may hold a name.
  case other(String)

  init(_ dataSet: DataSet) {
    var statements: [BodyPart] = []
    // It has one value; where it has several each is a statement.
    for text in dataSet.strings(.bodyPartExamined) { statements.append(Self(field: text)) }
    for item in dataSet.items(.anatomicRegionSequence) {
      let isCode = item.string(.codeValue).map(Self.chestCodes.contains) ?? false
      statements.append(isCode ? .chest : Self(field: item.string(.codeMeaning) ?? ""))
    }
    if statements.contains(.chest) {
      self = .chest
    } else if let first = statements.first(where: { $0 != .unstated }) {
      self = first
    } else {
      self =
        Descriptions.texts(of: dataSet).lazy.map { Self($0, vocabulary: Self.anywhere) }
        .first { $0 != .unstated } ?? .unstated
    }
  }

  /// From a text whose only purpose is to name a body part.
  private init(field text: String) {
    let words = Words(text)
    self = Self(words, vocabulary: Self.anywhere)
    if self == .unstated { self = Self(words, vocabulary: Self.inFieldsOnly) }
  }

  private init(_ text: Words, vocabulary: Vocabulary<Region>) {
    let mentions = vocabulary.mentions(in: text)
    func first(_ region: Region) -> String? { mentions.first { $0.meaning == region }?.term }
    // "CHEST RIBS" is exposed for bone, "CHEST ABDOMEN" shows a chest.
    if let bone = first(.thoracicSkeleton) {
      self = .other(bone)
    } else if first(.chest) != nil {
      self = .chest
    } else {
      self = first(.elsewhere).map { .other($0) } ?? .unstated
    }
  }

  /// CID 4 and CID 4031: chest, thorax, thoracic cavity, lung, and regions that include the chest.
  private static let chestCodes: Set<String> = [
    "51185008", "T-D3000", "816094009", "43799004", "39607008", "T-28000", "302551006", "416550000",
    "416775004", "416949008",
  ]
}
