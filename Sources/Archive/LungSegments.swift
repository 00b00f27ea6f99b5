import DICOM

/// Finds the lungs among the segments of a Segmentation object (PS3.3 A.51, C.8.20.2).
enum LungSegments {
  /// Segmented Property Type codes of both lungs, a lung, the left and the right lung; SNOMED CT and its
  /// retired SRT names.
  private static let codes: Set<String> = [
    "74101002", "39607008", "44029006", "3341006",
    "T-28000", "T-28010", "T-28500", "T-28100",
  ]

  /// Whether an item of the Segment Sequence (0062,0002) is a lung or both.
  static func isLung(_ segment: DataSet) -> Bool {
    let type = segment.items(.segmentedPropertyTypeCodeSequence).first.flatMap { CodedConcept($0) }
    return isLung(type: type, label: segment.string(.segmentLabel) ?? "")
  }

  /// Whether a decoded segment is a lung or both.
  static func isLung(_ segment: Segmentation.Segment) -> Bool {
    isLung(type: segment.type, label: segment.label)
  }

  /// Which of the lungs a segment is: by its code, by a modifier of it, or by its label.
  static func type(of segment: Segmentation.Segment) -> CodedConcept {
    if ["44029006", "T-28500"].contains(segment.type.value) { return .leftLung }
    if ["3341006", "T-28100"].contains(segment.type.value) { return .rightLung }
    let words = Set(segment.label.lowercased().split { !$0.isLetter })
    let isLeft = segment.modifiers.contains(.left) || !words.isDisjoint(with: ["left", "l"])
    let isRight = segment.modifiers.contains(.right) || !words.isDisjoint(with: ["right", "r"])
    guard isLeft == isRight else { return isLeft ? .leftLung : .rightLung }
    return segment.type == .lung && !isLeft ? .lung : .bothLungs
  }

  /// The code decides; a label counts only where the code isn't a SNOMED one (such as "Tissue" of a tool
  /// that codes everything alike in a scheme of its own).
  private static func isLung(type: CodedConcept?, label: String) -> Bool {
    guard let type else { return namesLung(label) }
    return codes.contains(type.value) || (!["SCT", "SRT"].contains(type.scheme) && namesLung(label))
  }

  /// Whether a free label names the lungs themselves, not something in or beside them.
  static func namesLung(_ label: String) -> Bool {
    let words = label.lowercased().split { !$0.isLetter }
    let allowed: Set<Substring> = ["lung", "lungs", "left", "right", "both", "l", "r"]
    return words.contains { $0 == "lung" || $0 == "lungs" } && words.allSatisfy(allowed.contains)
  }
}
