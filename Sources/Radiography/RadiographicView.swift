import DICOM

/// How the beam went through the patient, as far as the data set says.
///
/// View Position (0018,5101) comes first; then View Code Sequence (0054,0220, CID 4010); then Patient
/// Orientation (0020,0020) where it is that of a side or axial view; then descriptions and protocol names, the more
/// specific first. That Patient Orientation is that of a frontal view counts last: it is a device's default.
enum RadiographicView: Sendable, Equatable {
  case frontal, lateral, oblique, decubitus
  /// A view of another kind, named.
  case other(String)
  case unstated

  init(_ dataSet: DataSet) {
    self = Self.said(by: dataSet) ?? Self(orientation: StatedOrientation.principalDirections(dataSet))
  }

  /// What anything but a device's default says; nil where nothing does.
  static func said(by dataSet: DataSet) -> RadiographicView? {
    let stated =
      [dataSet.whole(.viewPosition).map { Self(field: $0) }]
      + dataSet.items(.viewCodeSequence).map { Self(code: $0) }
    if let view = stated.compactMap({ $0 }).first(where: { $0 != .unstated }) { return view }
    let orientation = Self(orientation: StatedOrientation.principalDirections(dataSet))
    if orientation != .unstated, orientation != .frontal { return orientation }
    return Descriptions.texts(of: dataSet).lazy.map { Self($0) }.first { $0 != .unstated }
  }

  /// From a text whose only purpose is to name a view: the defined terms of View Position, and what devices write instead.
  private init(field text: String) {
    let words = Words(text)
    self = Self(words, vocabulary: Self.terms.mentions(in: words).isEmpty ? Self.inFieldsOnly : Self.terms)
  }

  /// Unknown words ("STANDING", "1") say nothing about the beam, and neither does a text that names a frontal and a
  /// lateral view: "CHEST (PA AND LAT)" is a study of two.
  private init(_ text: Words, vocabulary: Vocabulary<Mention> = Self.terms) {
    let mentions = vocabulary.mentions(in: text)
    let views = Set(mentions.map(\.meaning))
    let isSecond = mentions.contains { mention in
      mention.meaning == .lateral && mention.position > 0
        && Self.joiners.contains(text.words[mention.position - 1])
    }
    if views.contains(.several) || views.isSuperset(of: [.frontal, .lateral]) || isSecond {
      self = .unstated
    } else if views.contains(.decubitus) {
      self = .decubitus
    } else if views.contains(.oblique) {
      self = .oblique
    } else if views.contains(.lateral) {
      self = .lateral
    } else if views.contains(.axial) {
      self = .other("axial")
    } else {
      self = views.contains(.frontal) ? .frontal : .unstated
    }
  }

  /// CID 4010, in SNOMED CT and the retired SNOMED RT codes. Where a code's own meaning names another view the
  /// meaning counts: it is what the operator saw.
  private init(code item: DataSet) {
    let meaning = item.string(.codeMeaning).map { Self(field: $0) } ?? .unstated
    if meaning != .unstated {
      self = meaning
      return
    }
    switch item.string(.codeValue) ?? "" {
    case "399348003", "R-10206", "272479007", "R-10214", "399033003", "R-102CD": self = .frontal
    case "399067008", "399198007", "R-10232", "399173006", "R-10236", "399352003", "399260004":
      self = .lateral
    case "399182000", "399236003", "399184004", "399135007", "399356000", "399006002", "399038007",
      "399312000", "399059000", "260427002", "399160007":
      self = .oblique
    case "399061009", "399004004", "399162004", "399196006", "399110001":
      self = .other("axial")
    default: self = .unstated
    }
  }

  private init(orientation principal: [Character]) {
    guard principal.count == 2 else {
      self = .unstated
      return
    }
    switch principal.filter({ $0 == "A" || $0 == "P" }).count {
    case 0: self = principal.contains { "LR".contains($0) } ? .frontal : .unstated
    // Anterior-posterior against head-foot is a lateral view, against left-right an axial one.
    default: self = principal.contains { "HF".contains($0) } ? .lateral : .other("axial")
    }
  }
}
