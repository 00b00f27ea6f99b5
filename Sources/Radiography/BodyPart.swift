import DICOM

/// Which part of the body a data set says it shows.
enum BodyPart: Sendable, Equatable {
  case chest, unstated
  case other(String)

  /// Body Part Examined (0018,0015) and Anatomic Region Sequence (0008,2218). Either saying "chest" is enough;
  /// absence of both is no statement.
  init(_ dataSet: DataSet) {
    var statements: [(isChest: Bool, name: String)] = []
    if let text = dataSet.string(.bodyPartExamined) { statements.append((Self.isChest(text), text)) }
    for item in dataSet.items(.anatomicRegionSequence) {
      let meaning = item.string(.codeMeaning) ?? item.string(.codeValue) ?? "unnamed region"
      let isCode = item.string(.codeValue).map(Self.chestCodes.contains) ?? false
      statements.append((isCode || Self.isChest(meaning), meaning))
    }
    if statements.contains(where: \.isChest) {
      self = .chest
    } else if let first = statements.first(where: { !Self.saysNothing($0.name) }) {
      self = .other(first.name)
    } else {
      self = .unstated
    }
  }

  /// CID 4 and CID 4031: chest, thorax, thoracic cavity, lung, and regions that include the chest.
  private static let chestCodes: Set<String> = [
    "51185008", "T-D3000", "816094009", "43799004", "39607008", "T-28000", "302551006", "416550000",
    "416775004", "416949008",
  ]

  private static func isChest(_ text: String) -> Bool {
    let upper = text.uppercased()
    // "CHEST WALL" and ribs are exposed for bone, and "THORACIC SPINE" isn't the thorax.
    if ["WALL", "RIB", "SPINE", "STERN", "CLAVIC"].contains(where: upper.contains) { return false }
    return ["CHEST", "THORAX", "TORAX", "LUNG", "PULMO", "MEDIASTIN", "CXR", "POUMON"].contains(
      where: upper.contains)
  }

  /// Values that devices write where nothing was chosen.
  private static func saysNothing(_ text: String) -> Bool {
    let letters = text.uppercased().filter(\.isLetter)
    return ["", "UNKNOWN", "OTHER", "NONE", "UNDEFINED", "NA", "BODY", "DEFAULT", "GENERAL"].contains(letters)
  }
}
