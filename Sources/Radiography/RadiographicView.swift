import DICOM

/// How the beam went through the patient, as far as the data set says.
///
/// View Position (0018,5101) comes first; then View Code Sequence (0054,0220, CID 4010); then Patient
/// Orientation (0020,0020), whose row and column directions run left-right and head-foot in a frontal view.
enum RadiographicView: Sendable, Equatable {
  case frontal, lateral, oblique, decubitus
  /// A view of another kind, named.
  case other(String)
  case unstated

  init(_ dataSet: DataSet) {
    if let position = dataSet.string(.viewPosition) {
      let view = Self(words: position)
      if view != .unstated {
        self = view
        return
      }
    }
    if let item = dataSet.items(.viewCodeSequence).first {
      let view = Self(code: item)
      if view != .unstated {
        self = view
        return
      }
    }
    self = Self(orientation: dataSet.strings(.patientOrientation))
  }

  /// The defined terms of View Position, and what devices write instead.
  private init(words text: String) {
    let upper = text.uppercased()
    let letters = upper.filter(\.isLetter)
    switch letters {
    case "AP", "PA", "FRONTAL", "ANTEROPOSTERIOR", "POSTEROANTERIOR", "APPORTABLE", "APSUPINE", "APERECT":
      self = .frontal
    case "LL", "RL", "LAT", "LATERAL", "LLAT", "RLAT", "LATL", "LATR", "LTLAT", "RTLAT": self = .lateral
    case "RLD", "LLD": self = .decubitus
    case "RLO", "LLO", "RAO", "LAO", "RPO", "LPO", "OBL": self = .oblique
    default:
      // Longer wordings: "LEFT LATERAL DECUBITUS", "lateral-medial", "antero-posterior oblique".
      if upper.contains("DECUB") {
        self = .decubitus
      } else if upper.contains("OBLIQ") {
        self = .oblique
      } else if upper.contains("LATERAL") || upper.split(separator: " ").contains("LAT") {
        self = .lateral
      } else if letters.hasPrefix("ANTEROPOSTERIOR") || letters.hasPrefix("POSTEROANTERIOR")
        || upper.split(whereSeparator: { !$0.isLetter }).contains(where: { $0 == "AP" || $0 == "PA" })
      {
        self = .frontal
      } else {
        // Unknown words ("STANDING", "1") say nothing about the beam.
        self = .unstated
      }
    }
  }

  /// CID 4010, in SNOMED CT and the retired SNOMED RT codes. Where a code's own meaning names another view the
  /// meaning counts: it is what the operator saw.
  private init(code item: DataSet) {
    let meaning = item.string(.codeMeaning).map { Self(words: $0) } ?? .unstated
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
      self = .other(item.string(.codeMeaning) ?? "axial")
    default: self = .unstated
    }
  }

  private init(orientation directions: [String]) {
    let principal = directions.prefix(2).compactMap { $0.uppercased().first }
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
